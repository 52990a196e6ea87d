"""Finding mentors: suggestions for one request with the reasons, and the best way to ask for a whole intake."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, tried
from cluster_portal.models import LongWork
from cluster_portal.moves import open_moves
from cluster_portal.public_id import is_public_id
from members.access import coordinators_only
from members.models import Direction, Person
from mentorship import actions
from mentorship.arranging import Arranged, Line, arranged, is_large, kept_in, result_of, work_of
from mentorship.candidates import mentors_to_ask, needs_of, offers_of, says
from mentorship.desk_mentors import trail_begin
from mentorship.forms_matching import LEAVE_OUT, left_out_in, pinned_in
from mentorship.matching import Need, Offer, best_first, walls
from mentorship.matching_words import against_in_words, why_in_words
from mentorship.models import Mentor, MentorRequest, Pairing
from mentorship.rules import is_asked_to_mentor
from mentorship.words import request_as_facts

PER_PAGE, FIRST = 20, 5
MOST_CHANGES = 500  # so many requests can be changed by hand at once: a form has 1,000 fields at most


@coordinators_only
def match(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who could help with one request, the best first, with the reasons; on POST one of them is asked."""
    it = _request_of(request, public_id)
    if request.method == "POST":
        chosen = request.POST.get("mentor", "")
        mentor = get_object_or_404(Mentor.objects.admitted(), public_id=chosen if is_public_id(chosen) else "")
        if tried(request, actions.propose_mentor, it, mentor=mentor, seen=request.GET.get("seen", "")):
            messages.success(request, _("%(name)s is asked by mail.") % {"name": mentor.person.full_name})
        return redirect("mentorship:desk_match", public_id)
    is_open = it.state == MentorRequest.State.OPEN
    shown = {
        "it": it,
        "facts": request_as_facts(it),
        "is_open": is_open,
        "before": _asked_before(it, request.user),
        "ask_url": f"{request.path}?seen={says(it)}",
        "trail": [trail_begin(), (it.get_absolute_url(), Truncator(it.title).chars(40))],
    }
    if is_open:
        shown |= _candidates(it, request.GET.get("page"))
    return render(request, "mentorship/desk_match.html", shown)


def _request_of(request: HttpRequest, public_id: str) -> MentorRequest:
    rows = MentorRequest.objects.kept_by(request.user).with_parts()
    return get_object_or_404(rows, public_id=public_id)


def _asked_before(it: MentorRequest, reader: Person) -> list[Pairing]:
    """Who was asked, and how it went; whoever is asked now can be asked no more."""
    rows = list(it.pairings.select_related("mentor__person", "request__affiliation__institution").order_by("-pk"))
    for one in rows:
        one.moves = open_moves(one, "withdraw")  # type: ignore[attr-defined]
        is_about_reader = one.state == Pairing.State.REFUSED and is_asked_to_mentor(reader, one)
        one.why = "" if is_about_reader else one.because  # type: ignore[attr-defined]
    return rows


def _candidates(it: MentorRequest, page: Any) -> dict[str, Any]:
    mentors = {one.public_id: one for one in mentors_to_ask()}
    need, offers, themes = needs_of([it])[0], offers_of(mentors.values()), _themes()
    best = best_first(need, offers)
    ahead = {one.key for one in best}
    others = sorted((one for one in offers if one.key not in ahead), key=lambda one: _hardness(need, one))
    rest = Paginator(others, PER_PAGE).get_page(page)
    rest.object_list = [
        (mentors[one.key], " ".join(against_in_words(need, one)), actions.can_be_asked(need, one)) for one in rest
    ]
    suggested = [(mentors[one.key], why_in_words(need, one, themes)) for one in best]
    return {"suggested": suggested[:FIRST], "more": suggested[FIRST : FIRST + PER_PAGE], "others": rest}


def _hardness(need: Need, offer: Offer) -> tuple[bool, int, str]:
    """Whoever can be asked by hand first, then those who are kept from it by least."""
    return not actions.can_be_asked(need, offer), len(walls(need, offer)), offer.key


def _themes() -> dict[str, str]:
    return dict(Direction.objects.values_list("slug", "name"))


@coordinators_only
@require_POST
def act_on_proposal(request: HttpRequest, public_id: str) -> HttpResponse:
    """Ask a mentor no more."""
    rows = Pairing.objects.kept_by(request.user).with_people()
    it = get_object_or_404(rows, public_id=public_id)
    act(request, it, {"withdraw": actions.withdraw_proposal})
    return redirect("mentorship:desk_match", it.request.public_id)


@coordinators_only
def intake(request: HttpRequest) -> HttpResponse:
    """Who would be asked for every open request; changed by hand, looked at again, then asked just so."""
    pinned, left = pinned_in(request.POST), left_out_in(request.POST)
    work = work_of(request.user)
    if is_large(request.user) or (work is not None and work.is_under_way):
        return _large_intake(request, work, pinned, left)
    if request.POST.get("do") == "ask":
        asked = request.POST.get("digest", "")
        if done := tried(request, actions.propose_all, digest=asked, pinned=pinned, left=left):
            said = ngettext(
                "A mentor is asked for %(n)d request.", "Mentors are asked for %(n)d requests.", done.result
            )
            messages.success(request, said % {"n": done.result})
            return redirect("mentorship:desk_requests")
    it = arranged(actions.intake_for(request.user, pinned, left))
    dropped = len(pinned.keys() & it.found.requests.keys() - it.found.pinned.keys())
    return _intake_page(request, it, dropped, work)


def _large_intake(request: HttpRequest, work: LongWork | None, pinned: dict[str, str], left: list[str]) -> HttpResponse:
    """What takes longer than a page may: the workers look and ask, and this page says how far they are."""
    if request.method == "POST":
        wanted = {"asks": request.POST.get("do") == "ask", "digest": request.POST.get("digest", "")}
        tried(request, actions.begin_arranging, pinned=pinned, left=left, **wanted)
        return redirect("mentorship:desk_intake")
    if work is not None and (it := kept_in(work, request.user)):
        return _intake_page(request, it, work.options["dropped"], work)
    shown = {"work": work, "result": result_of(work), "trail": [trail_begin()]}
    return render(request, "mentorship/desk_intake_large.html", shown)


def _intake_page(request: HttpRequest, it: Arranged, dropped: int, work: LongWork | None) -> HttpResponse:
    shown = {"found": it.found, "digest": it.digest, "rows": list(_rows_of(it)), "dropped": dropped}
    shown |= {"trail": [trail_begin()], "leave_out": LEAVE_OUT, "result": result_of(work)}
    return render(request, "mentorship/desk_intake.html", shown)


def _rows_of(arranged: Arranged) -> Iterable[dict[str, Any]]:
    """A line for each request: who would be asked and why, or why nobody; and whom one could choose instead."""
    themes, found = _themes(), arranged.found
    for number, (key, it) in enumerate(found.requests.items()):
        need, line, chosen = found.needs[key], arranged.lines[key], found.pairs.get(key)
        options = dict.fromkeys([*line.near, *([chosen] if chosen else [])])
        yield {
            "it": it,
            "mentor": found.mentors.get(chosen or ""),
            "why": why_in_words(need, found.offers[chosen], themes) if chosen else _why_nobody(line, key in found.left),
            "can_change": number < MOST_CHANGES,
            "options": [found.mentors[one] for one in options if one in found.mentors],
            "pinned": found.pinned.get(key, ""),
            "is_left": key in found.left,
        }


def _why_nobody(line: Line, is_left: bool) -> str:
    """Why a request goes without a mentor, and what helps."""
    if is_left:
        return _("Left out for now.")
    if line.fit:
        said = ngettext(
            "%(n)d mentor would fit, and helps with a request that has waited longer. Find another mentor.",
            "%(n)d mentors would fit, and help with requests that have waited longer. Find another mentor.",
            line.fit,
        )
        return said % {"n": line.fit}
    if line.full:
        said = ngettext(
            "%(n)d mentor would fit and has no place free. Ask for one more, or find another mentor.",
            "%(n)d mentors would fit and have no place free. Ask for one more, or find another mentor.",
            line.full,
        )
        return said % {"n": line.full}
    return _("No mentor fits. Its page says what stands against each.")
