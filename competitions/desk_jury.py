"""The desk of the jury: who is asked and how far they are, who reads what, who must not and why."""

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cluster_portal.buttons import act, outcome_in, sent, tried
from cluster_portal.moves import open_moves
from cluster_portal.public_id import is_public_id
from competitions import actions
from competitions.conflicts import conflicts_between, given_in_conflict
from competitions.desk_entries import competition_to_decide, trail_of
from competitions.forms_jury import InviteJurorForm
from competitions.models import Competition, Entry, Juror, Review
from members.access import coordinators_only

PER_PAGE = 50
COUNTED = Count("reviews", Q(reviews__state__in=["assigned", "completed"]))
GIVEN = Count("reviews", Q(reviews__state="completed"))


@coordinators_only
def jury(request: HttpRequest, slug: str) -> HttpResponse:
    """The jury: progress of each juror, what each must not read, which entries lack jurors."""
    it = competition_to_decide(request, slug)
    jurors = list(it.jurors.exclude(state=Juror.State.DECLINED).with_loads().order_by("state", "person__sort_name"))
    entries = it.entries.admitted().annotate(read_by=COUNTED, given_by=GIVEN).order_by("read_by", "pk")
    blocked = _blocked([one for one in jurors if one.state == Juror.State.ACTIVE], list(entries))
    for one in jurors:
        one.moves, one.blocked = open_moves(one, "end"), blocked.get(one.pk)
    page = Paginator(entries.select_related("nomination"), PER_PAGE).get_page(request.GET.get("page"))
    shown = {
        "it": it,
        "jurors": jurors,
        "declined": it.jurors.filter(state=Juror.State.DECLINED).select_related("person"),
        "page": page,
        "lacking": entries.filter(read_by__lt=F("competition__jurors_per_entry")).count(),
        "flagged": given_in_conflict(it),
        "trail": trail_of(it),
    }
    return render(request, "competitions/desk_jury.html", shown)


def _blocked(jurors: list[Juror], entries: list[Entry]) -> dict[int, dict[str, Any]]:
    """For each juror who must not read something, how many entries that are, and for which reasons."""
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for (juror, _entry), why in conflicts_between(jurors, entries).items():
        found[juror].append(why)
    return {
        juror: {"count": len(rows), "why": list(dict.fromkeys(said for why in rows for said in why))}
        for juror, rows in found.items()
    }


@coordinators_only
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask somebody into the jury."""
    it = competition_to_decide(request, slug)
    form = InviteJurorForm(request.POST or None)
    if sent(request, form) and outcome_in(
        form, "email", actions.invite_juror, it, by=request.user, **form.cleaned_data
    ):
        messages.success(request, _("A mail asks them whether they judge."))
        return redirect("competitions:desk_jury", slug)
    shown = {"it": it, "form": form, "trail": _trail(it)}
    return render(request, "competitions/desk_invite_juror.html", shown)


@coordinators_only
def assign(request: HttpRequest, slug: str) -> HttpResponse:
    """Who would read what, and why; on POST it is assigned just so."""
    it = competition_to_decide(request, slug)
    if request.method == "POST":
        if done := tried(request, actions.assign_jury, it, digest=request.POST.get("digest", "")):
            messages.success(request, _assigned(done.result))
            return redirect("competitions:desk_jury", slug)
        return redirect("competitions:desk_assign_jury", slug)
    proposal = actions.proposal_for(it)
    rows: dict[str, list[tuple[Juror, str]]] = defaultdict(list)
    for one in proposal.plan.choices:
        rows[one.entry].append((proposal.jurors[one.juror], actions.why_in_words(one)))
    shown = {
        "it": it,
        "proposal": proposal,
        "rows": [(proposal.entries[key], chosen) for key, chosen in rows.items()],
        "shortages": [(proposal.entries[one.entry], shortage_in_words(one)) for one in proposal.plan.shortages],
        "missing": proposal.plan.missing,
        "trail": _trail(it),
    }
    return render(request, "competitions/desk_assign_jury.html", shown)


def _assigned(n: int) -> str:
    return ngettext(
        "%(n)d reading is assigned. The jurors are told.", "%(n)d readings are assigned. The jurors are told.", n
    ) % {"n": n}


def shortage_in_words(it: Any) -> str:
    """Why an entry lacks jurors."""
    said = ngettext("Lacks %(n)d juror.", "Lacks %(n)d jurors.", it.missing) % {"n": it.missing}
    if not it.possible:
        why = _("Every juror has a conflict of interest. Invite somebody else.")
    elif it.full:
        why = ngettext(
            "%(n)d juror could read it and has no room left. Ask for more, or invite somebody.",
            "%(n)d jurors could read it and have no room left. Ask for more, or invite somebody.",
            it.full,
        ) % {"n": it.full}
    else:
        why = ngettext(
            "Only %(n)d juror has no conflict of interest.",
            "Only %(n)d jurors have no conflict of interest.",
            it.possible,
        ) % {"n": it.possible}
    return f"{said} {why}"


@coordinators_only
def entry(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """One entry: who reads it and who could, with what stands against each; assign by hand on POST."""
    it = competition_to_decide(request, slug)
    found = get_object_or_404(it.entries.admitted(), public_id=public_id)
    found.competition = it
    if request.method == "POST":
        asked = request.POST.get("juror", "")
        juror = get_object_or_404(it.jurors.active(), public_id=asked if is_public_id(asked) else "")
        if tried(request, actions.assign_by_hand, found, juror=juror):
            messages.success(request, _("Assigned. A mail says so."))
        return redirect("competitions:desk_jury_entry", slug, public_id)
    reviews = list(found.reviews.select_related("juror__person", "juror__competition__host").order_by("pk"))
    for one in reviews:
        one.moves = open_moves(one, "withdraw")
    shown = {"it": it, "entry": found, "reviews": reviews, "others": _others(it, found, reviews), "trail": _trail(it)}
    return render(request, "competitions/desk_jury_entry.html", shown)


def _others(competition: Competition, found: Entry, reviews: list[Review]) -> list[tuple[Juror, str, bool]]:
    """Jurors who do not read an entry: what stands against each, and whether one can assign it to them."""
    reading = {one.juror_id for one in reviews if one.state != Review.State.WITHDRAWN}
    jurors = list(competition.jurors.active().exclude(pk__in=reading).with_loads().order_by("assigned_count", "pk"))
    conflicts = conflicts_between(jurors, [found])
    rows = []
    for one in jurors:
        why = ", ".join(map(str, conflicts.get((one.pk, found.pk), [])))
        load = _("Reads %(load)d of %(capacity)d.") % {"load": one.assigned_count, "capacity": one.capacity}
        rows.append((one, f"{load} {why}".strip(), not why and one.assigned_count < one.capacity))
    return rows


@coordinators_only
@require_POST
def act_on_review(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Take an entry back from a juror."""
    it = competition_to_decide(request, slug)
    rows = Review.objects.filter(juror__competition=it).select_related("juror__competition__host", "entry")
    review = get_object_or_404(rows, public_id=public_id)
    act(request, review, {"withdraw": actions.withdraw_review})
    return redirect("competitions:desk_jury_entry", slug, review.entry.public_id)


@coordinators_only
@require_POST
def act_on_juror(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Remind a juror, or take them out."""
    it = competition_to_decide(request, slug)
    juror = get_object_or_404(it.jurors.select_related("person", "competition__host"), public_id=public_id)
    if request.POST.get("move") == "remind":
        if tried(request, actions.remind_juror, juror):
            messages.success(request, _("A mail reminds %(name)s.") % {"name": juror.person.full_name})
    else:
        act(request, juror, {"end": actions.end_juror})
    return redirect("competitions:desk_jury", slug)


def _trail(competition: Competition) -> list[tuple[str, str]]:
    return [*trail_of(competition), (reverse("competitions:desk_jury", args=[competition.slug]), _("Jury"))]
