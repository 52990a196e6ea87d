"""What everybody reads of competitions: which there are, and one with its phases, rubric and rules."""

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import now

from competitions.chain import chain_of
from competitions.entering import Entering, entering, why_not_now
from competitions.models import Competition, Entry
from competitions.structured import competition_as_data
from competitions.winners import winners_of
from competitions.words import countdown_of, phases_of, standing_of
from members.audience import audience_in_words

PER_PAGE = 24


@login_not_required
def competitions(request: HttpRequest) -> HttpResponse:
    """All competitions: those that take entries first, then those to come, then the rest."""
    at = now()
    rows = Competition.objects.public().by_phase(at).select_related("host").prefetch_related("regions")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    for it in page:
        it.standing, it.countdown, it.audience = standing_of(it, at), countdown_of(it, at), audience_in_words(it)
    return render(request, "competitions/competitions.html", {"page": page})


@login_not_required
def competition(request: HttpRequest, slug: str) -> HttpResponse:
    """One competition: where it stands, who may enter and how, by what it is judged, what came of it."""
    it = get_object_or_404(Competition.objects.visible_to(request.user).with_parts(), slug=slug)
    at = now()
    shown = {"it": it, "standing": standing_of(it, at), "phases": phases_of(it, at), "countdown": countdown_of(it, at)}
    shown |= {"audience": audience_in_words(it), "winners": winners_of(it), **_what_i_have(request, it)}
    is_over = it.state == Competition.State.CANCELLED or at >= it.closes_at
    shown["closed"] = why_not_now(it, at) if is_over else ""
    if is_over and not shown.get("mine"):
        shown["chain"] = []  # nobody asks any more whether they can enter
    shown["described"] = competition_as_data(it, request.cluster)
    return render(request, "competitions/competition.html", shown)


def _what_i_have(request: HttpRequest, it: Competition) -> dict:
    """My entries, whether I may begin another one, and the chain that says why."""
    person = request.user if request.user.is_authenticated else None
    if person is None:
        return {"chain": chain_of(it, None, None, [])}
    mine = list(Entry.objects.written_by(person).filter(competition=it).order_by("pk"))
    answer: Entering = entering(it, person, request.received_at)
    return {
        "mine": mine,
        "may_enter": answer.may,
        "chain": chain_of(it, person, answer, mine),
        "keeps": person.has_perm("competitions.change_competition", it),
    }
