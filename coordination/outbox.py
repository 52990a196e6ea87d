"""The outbox at the desk: what became of each mail, and what one can do about it."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from cluster_portal import hooks, mailtext, outbox
from cluster_portal.buttons import act
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import available_moves
from cluster_portal.search import LONGEST_QUERY, found
from cluster_portal.tones import tone_of
from members.access import coordinators_only
from members.models import Person

PER_PAGE = 50
SEARCHING = {"type": "search", "autocomplete": "off"}
HISTORY = {
    "queue": _("Written"),
    "hold": _("Held"),
    "release": _("Released"),
    "claim": _("Taken by the worker"),
    "send": _("Handed to the mail server"),
    "put_back": _("Put back, to be tried again"),
    "give_up": _("Given up"),
    "cancel": _("Cancelled"),
    "retry": _("To be tried again"),
}
KEPT = _("Kept, not sent")  # what a demonstration does instead of sending
# The codes among the reasons that delivery.py notes; a number at the end is what the mail server said.
REASONS = {
    "no_server": _("the mail server did not answer"),
    "refused": _("the mail server refused the address"),
    "sender": _("the mail server refused us as the sender"),
    "content": _("the mail server refused the text"),
    "address_not_possible": _("the mail server cannot write to such an address"),
    "connection_lost": _("the connection to the mail server broke"),
    "not_made": _("the mail could not be put together"),
}


def _states() -> list[tuple[str, Any]]:
    return [("", _("All")), *((it.value, _word(it)) for it in OutboxMail.State)]


def _word(state: str) -> Any:
    """What a state is called: a demonstration sends nothing, and says so."""
    return KEPT if settings.DEMO and state == OutboxMail.State.SENT else OutboxMail.State(state).label


def _say_state(it: OutboxMail) -> None:
    """A mail that a demonstration has kept is not done: it gets no mark of success."""
    it.word = _word(it.state)
    it.tone = "neutral" if it.word is KEPT else tone_of(it.state)


class MailFilter(forms.Form):
    """Narrows the list to one person, to one state."""

    q = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        required=False,
        max_length=LONGEST_QUERY,
        widget=forms.TextInput(SEARCHING),
    )
    state = forms.ChoiceField(label=_("State"), required=False, choices=_states, widget=forms.Select)


@coordinators_only
def mails(request: HttpRequest) -> HttpResponse:
    """What needs somebody, then the mails, the one written last first."""
    form = MailFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = _wanted(OutboxMail.objects.visible_to(request.user).for_list(), **wanted)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    for it in page:
        _say_state(it)
    shown = {"page": page, "form": form, "can_retry": wanted.get("state") == OutboxMail.State.FAILED}
    if not any(wanted.values()):
        shown["needs"] = [*failing_mail(request.user), *held_mail(request.user)]
        shown["is_calm"] = not shown["needs"]
    return render(request, "coordination/outbox_list.html", shown)


@coordinators_only
def mail(request: HttpRequest, public_id: str) -> HttpResponse:
    """One mail: its state and why, what happened to it, its text without secrets."""
    it = _mail_of(request, public_id)
    _say_state(it)
    kind = hooks.mail_kinds.get(it.template)
    closed = kind is None or (kind.account and not settings.DEMO)
    text = "" if closed else _readable(it, kind)
    context = {
        "mail": it,
        "is_closed": closed,
        "blocks": mailtext.blocks(text) if text else [],
        "history": _history(it),
        "moves": available_moves(request.user, it),
    }
    return render(request, "coordination/outbox_detail.html", context)


@coordinators_only
@require_POST
def act_on_mail(request: HttpRequest, public_id: str) -> HttpResponse:
    """Hold, release, or try again."""
    act(request, _mail_of(request, public_id), outbox.ACTIONS)
    return redirect("coordination:mail", public_id)


def failing_mail(person: Person) -> Iterator[hooks.DeskRow]:
    """The desk's line about mail that we gave up on."""
    failed = OutboxMail.objects.visible_to(person).failed().aggregate(count=Count("pk"), since=Min("state_since"))
    if failed["count"]:
        yield hooks.DeskRow(
            text=ngettext("mail could not be delivered", "mails could not be delivered", failed["count"]),
            url=f"{reverse('coordination:outbox')}?state=failed",
            button=_("See why"),
            **failed,
        )


def held_mail(person: Person) -> Iterator[hooks.DeskRow]:
    """The outbox's line about mail that leaves only when somebody releases it."""
    held = OutboxMail.objects.visible_to(person).held().aggregate(count=Count("pk"), since=Min("state_since"))
    if held["count"]:
        yield hooks.DeskRow(
            text=ngettext("mail is held until you release it", "mails are held until you release them", held["count"]),
            url=f"{reverse('coordination:outbox')}?state=draft",
            button=_("See which"),
            **held,
        )


def _wanted(rows: QuerySet, q: str = "", state: str = "") -> QuerySet:
    if state:
        rows = rows.filter(state=state)
    return rows.filter(to__in=found(Person.objects.order_by(), q).order_by().values("pk")) if q else rows


def _mail_of(request: HttpRequest, public_id: str) -> OutboxMail:
    return get_object_or_404(OutboxMail.objects.visible_to(request.user).for_list(), public_id=public_id)


def _readable(it: OutboxMail, kind: hooks.MailKind) -> str:
    """The text with its secrets masked; in a demonstration with them, because there is no other way to read them."""
    if not settings.DEMO or not mailtext.secrets_in(it.body_text) or not kind.still_due(it):
        return mailtext.masked(it.body_text)
    return mailtext.resolved(it.body_text, kind.secrets(it))


def _history(it: OutboxMail) -> list[dict]:
    lines = AuditEntry.objects.filter(model=it._meta.label_lower, object_id=it.public_id).order_by("pk")
    actors = {line.actor for line in lines if line.actor}
    names = {person.public_id: person.full_name for person in Person.objects.filter(public_id__in=actors)}
    return [{"at": line.at, "text": _told(line), "by": names.get(line.actor, "")} for line in lines]


def _told(line: AuditEntry) -> str:
    verb = line.verb.rpartition(".")[2]
    word = str(KEPT if settings.DEMO and verb == "send" else HISTORY.get(verb, line.verb))
    return f"{word}: {_reason(line.reason)}" if line.reason else word


def _reason(said: str) -> str:
    """A reason in the reader's language: sentences are marked where they are noted, unknown ones stay as they are."""
    name, _between, number = said.rpartition("_")
    code, shown = (name, f" ({number})") if number.isdigit() else (said, "")
    return f"{REASONS[code]}{shown}" if code in REASONS else gettext(said)
