"""The authors of an entry: who is asked, who has confirmed, who leads, and whether each lets the library publish it."""

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, outcome_in, sent, tried
from cluster_portal.moves import available_moves, may_move
from competitions import actions
from competitions.forms_authors import AuthorForm
from competitions.models import Authorship, Entry
from competitions.views_entries import entry_of

State = Authorship.State


def authors(request: HttpRequest, public_id: str) -> HttpResponse:
    """The authors of an entry; whoever leads it asks others here, takes them out, hands over."""
    it = entry_of(request, public_id, changing=True)
    leads = may_move(request.user, it, "submit")
    may_ask = leads and it.state in actions.STILL_WRITTEN and it.competition.takes_entries_at(request.received_at)
    form = AuthorForm(request.POST or None) if may_ask else None
    if form and sent(request, form):
        asked = {"by": request.user, "at": request.received_at, **form.cleaned_data}
        if outcome_in(form, "email", actions.invite_author, it, **asked):
            messages.success(request, _("A mail asks them to confirm that they are an author."))
            return redirect("competitions:authors", public_id)
    rows = [(one, _buttons(request, one)) for one in it.authorships.all()]
    shown = {"it": it, "rows": rows, "form": form, "leads": leads}
    return render(request, "competitions/authors.html", shown)


def _buttons(request: HttpRequest, one: Authorship) -> dict[str, str]:
    moves = available_moves(request.user, one)
    if one.person_id == request.user.pk and "end" in moves:
        moves["end"] = _("Leave the authors")
    return moves


def _authorship_of(request: HttpRequest, public_id: str) -> Authorship:
    """An authorship of an entry that the reader may see as one of its authors, or of those asked."""
    seen = Authorship.objects.standing().filter(entry__in=Entry.objects.written_by(request.user))
    return get_object_or_404(seen.select_related("entry__competition", "person"), public_id=public_id)


@require_POST
def act_on_authorship(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say that one is an author, or not; leave; take another out."""
    it = _authorship_of(request, public_id)
    moves = actions.ACTIONS["authorship"]
    act(request, it, moves | {"end": partial(moves["end"], at=request.received_at)})
    if it.person_id == request.user.pk:
        gone = it.state in {State.DECLINED, State.ENDED}
        return redirect("coordination:me") if gone else redirect(it.entry)
    return redirect("competitions:authors", it.entry.public_id)


@require_POST
def hand_over(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let another author lead the entry."""
    it = _authorship_of(request, public_id)
    if not may_move(request.user, it.entry, "submit"):
        raise Http404
    if tried(request, actions.hand_over_lead, it):
        messages.success(request, _("%(name)s leads the entry now.") % {"name": it.person.short_name})
    return redirect("competitions:authors", it.entry.public_id)


@require_POST
def publishing(request: HttpRequest, public_id: str) -> HttpResponse:
    """My word on the library: it may publish this plan with my name, or not."""
    entry = entry_of(request, public_id, changing=True)
    it = get_object_or_404(entry.authorships.confirmed(), person=request.user)
    yes = request.POST.get("library") == "yes"
    if tried(request, actions.decide_publishing, it, yes=yes):
        said = _("Noted: the library may publish it when all authors agree. You can take that back here at any time.")
        messages.success(request, said if yes else _("Noted: the library does not publish it."))
    return redirect(entry)
