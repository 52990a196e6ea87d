"""What guardians see: a signed link on a phone, or all their children on one page after signing in."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cluster_portal import hooks
from cluster_portal.buttons import outcome, outcome_in, sent, tried
from cluster_portal.links import read_link
from members import actions
from members.consent import (
    LINK_AGE,
    State,
    deciders_of,
    first_name_and_initial,
    guarded_now,
    may_decide,
    name_for,
    states_of,
)
from members.forms.consent import BirthDateForm, GuardianForm
from members.models import ConsentDecision, ConsentText, ErasureRequest, Group, Guardianship, Person, Purpose
from members.rules import guards_the_child
from members.words import TAKEN_BACK

OPENED = "consent_opened"
BY_GUARDIAN = (Guardianship.How.GUARDIAN,)
Channel, Decision = ConsentDecision.Channel, ConsentDecision.Decision
SAID = {
    Decision.GRANTED: gettext_lazy("Your consent is written down. You can take it back here at any time."),
    Decision.REFUSED: gettext_lazy("Your refusal is written down. You can change your mind here at any time."),
    Decision.WITHDRAWN: gettext_lazy("Your consent is taken back, from this moment on."),
}


@login_not_required
def consent(request: HttpRequest, token: str) -> HttpResponse:
    """The signed link of a guardian, or of somebody who decides beside them: shows on GET, decides on POST."""
    about, child, reader = _behind(token)
    if about is None or not (child.is_active and reader.is_active):
        return render(request, "members/consent_bad.html", status=404)
    if request.user.is_authenticated and request.user.pk != reader.pk:
        if page := _where_paper_is_written_down(request, child, reader):
            return redirect(page)
        problem = _("This link is for somebody else. Sign out first if it is yours.")
        return render(request, "members/consent_bad.html", {"problem": problem}, status=409)
    if about.public_id not in request.session.get(OPENED, []):
        return ask_birth_date(request, about, child, is_own=about == child)
    if about != child and not deciders_of(child).guardians:
        problem = _("What you have granted counts no more. You need not do anything.")
        return render(request, "members/consent_bad.html", {"problem": problem}, status=404)
    return answer(request, child, reader, Channel.LINK, token)


def opened_by(request: HttpRequest, token: str) -> tuple[Person, Person]:
    """The child and the reader of a link that was opened here with the birth date; Http404 for any other."""
    about, child, reader = _behind(token)
    if about is None or not (child.is_active and reader.is_active):
        raise Http404
    if request.user.is_authenticated and request.user.pk != reader.pk:
        raise Http404
    is_open = about.public_id in request.session.get(OPENED, [])
    if not is_open or not (reader == child or guards_the_child(reader, child)):
        raise Http404
    return child, reader


def children(request: HttpRequest) -> HttpResponse:
    """All my children on one page, and what is asked about each."""
    mine = [*guarded_now(request.user), request.user]
    states = states_of([child.pk for child in mine])
    for child in mine:
        child.asked = [
            (Purpose(purpose).label, state)
            for (pk, purpose), state in states.items()
            if pk == child.pk and state != State.NOT_NEEDED
        ]
    actions.note_views([child.pk for child in mine if child.pk != request.user.pk], request.user, "children")
    parts = _parts(hooks.GuardianPage(request.user, mine[:-1], is_list=True))
    for child in mine:
        child.parts = parts.get(child.pk, [])
    erasures = ErasureRequest.objects.shown_to(request.user, mine[:-1])
    for it in erasures:
        it.called = name_for(request.user, it.person, mine)
    shown = {"children": mine[:-1], "own": mine[-1] if mine[-1].asked else None, "erasures": erasures}
    return render(request, "members/guardian_children.html", shown)


def child(request: HttpRequest, public_id: str) -> HttpResponse:
    """One of my children, or myself: the documents, and what I said."""
    mine = [it.pk for it in (*guarded_now(request.user), request.user)]
    it = get_object_or_404(Person.objects.active().filter(pk__in=mine), public_id=public_id)
    return answer(request, it, request.user, Channel.SIGNED_IN)


@require_POST
def name_another(request: HttpRequest, public_id: str) -> HttpResponse:
    """A guardian names another one of the same child."""
    children = Person.objects.filter(pk__in=[it.pk for it in guarded_now(request.user)])
    it, form = get_object_or_404(children, public_id=public_id), GuardianForm(request.POST, ways=BY_GUARDIAN)
    if not form.is_valid():
        messages.warning(request, _("The guardian was not written down. Enter both names and a real address."))
    elif tried(request, actions.name_guardian, it, **form.cleaned_data):
        messages.success(request, _("The guardian is written down."))
    return redirect("members:child", public_id)


def _parts(page: hooks.GuardianPage) -> dict[int, list[hooks.ChildPart]]:
    """What the other apps say about the children of a page: key of the child → sections."""
    parts: dict[int, list[hooks.ChildPart]] = {}
    for more in hooks.child_parts:
        for part in more(page):
            parts.setdefault(part.child, []).append(part)
    return parts


def answer(request: HttpRequest, child: Person, reader: Person, channel: str, token: str = "") -> HttpResponse:
    """One document after the other, each granted or refused; then what was said, to be taken back."""
    if request.method == "POST":
        _write_down(request, child, reader, channel)
        return redirect(request.path)
    actions.note_view(child, reader, "consent")
    said = _last_words_of(reader, child)
    rows = _rows(request, child, said)
    chosen = request.GET.get("purpose")
    open_rows = [row for row in rows if row["text"] and (row["purpose"] == chosen if chosen else row["open"])]
    may = may_decide(reader, child)
    shown = {
        "child": child,
        "name": first_name_and_initial(child),
        "rows": rows,
        "may": may,
        "is_own": child.pk == reader.pk,
        "together": may and deciders_of(child).guardians and deciders_of(child).themself,
        "document": open_rows[0] if open_rows and may else None,
        "number": sum(not row["open"] for row in rows) + 1,
        "linked": channel == Channel.LINK,
        "parts": _parts(hooks.GuardianPage(reader, [child], token)).get(child.pk, []),
        "guardian_form": None if channel == Channel.LINK or child == reader else GuardianForm(ways=BY_GUARDIAN),
    }
    return render(request, "members/consent.html", shown)


def _rows(request: HttpRequest, child: Person, said: dict[str, ConsentDecision]) -> list[dict]:
    """What is asked about a child: purpose, document, state, and what the reader said last."""
    texts, today = ConsentText.objects.for_reader(request.LANGUAGE_CODE), request.cluster.today()
    rows = []
    for (_pk, purpose), state in states_of([child.pk]).items():
        mine = said.get(purpose)
        over = bool(mine and mine.expires_on and mine.expires_on <= today and mine.decision == Decision.GRANTED)
        if state != State.NOT_NEEDED:
            rows.append(
                {
                    "purpose": purpose,
                    "label": Purpose(purpose).label,
                    "text": texts.get(purpose),
                    "state": state,
                    "taken_back": TAKEN_BACK[Purpose(purpose)],
                    "mine": mine,
                    "open": mine is None or over,
                    "granted": bool(mine and mine.decision == Decision.GRANTED and not over),
                }
            )
    return rows


def _last_words_of(reader: Person, child: Person) -> dict[str, ConsentDecision]:
    rows = ConsentDecision.objects.about([child.pk]).filter(said_by=reader.pk)
    return {it.purpose: it for it in rows}


def _write_down(request: HttpRequest, child: Person, reader: Person, channel: str) -> None:
    """One pressed button: grant or refuse the document that was shown, or take back what one granted."""
    decision, purpose = request.POST.get("decision", ""), request.POST.get("purpose", "")
    if decision not in Decision or purpose not in Purpose:
        raise Http404
    if decision == Decision.WITHDRAWN:
        last = ConsentDecision.objects.about([child.pk]).filter(purpose=purpose).select_related("text").last()
        text = last and last.text
    else:
        text = ConsentText.objects.filter(public_id=request.POST.get("text", ""), purpose=purpose).first()
    if text is None:
        raise Http404
    if outcome(request, actions.decide, child, purpose, decision, by=reader, channel=channel, text=text):
        messages.success(request, str(SAID[decision]))


def _behind(token: str) -> tuple[Guardianship | Person | None, Person | None, Person | None]:
    """What a token stands for, whom it is about and who reads it; nothing when it is expired or forged."""
    if public_id := read_link("members.consent", token, LINK_AGE):
        it = Guardianship.objects.now().filter(public_id=public_id).select_related("child", "guardian").first()
        return (it, it.child, it.guardian) if it else (None, None, None)
    person = Person.objects.filter(public_id=read_link("members.own_consent", token, LINK_AGE)).first()
    return person, person, person


def _where_paper_is_written_down(request: HttpRequest, child: Person, reader: Person) -> str | None:
    """Where a slip leads whoever keeps a class of the child: to the form, with the texts and the reader of the slip."""
    groups = Group.objects.current().visible_to(request.user)
    group = groups.filter(memberships__in=child.group_memberships.now()).order_by("pk").first()
    if group is None or not request.GET.get("paper"):
        return None
    chosen = urlencode({"paper": request.GET["paper"], "signed_by": reader.public_id})
    return reverse("members:child_consent", args=[group.public_id, child.public_id]) + f"?{chosen}"


def ask_birth_date(
    request: HttpRequest, about: Any, child: Person, is_own: bool, page: str = "consent"
) -> HttpResponse:
    """Before anything is shown: the birth date, which whoever finds a slip on the tram does not know."""
    form = BirthDateForm(request.POST or None)
    if sent(request, form):
        checked = outcome_in(form, None, actions.check_birth_date, about, child, form.cleaned_data["birth_date"])
        if checked.result:
            request.session[OPENED] = [*request.session.get(OPENED, [])[-19:], about.public_id]
            return redirect(request.path)
        if checked:
            form.add_error("birth_date", _("This is not the birth date that the school has entered. Try again."))
    shown = {"form": form, "name": first_name_and_initial(child), "is_own": is_own, "child": child}
    return render(request, f"members/{page}_birth_date.html", shown)
