"""A review: saved while it is written, given, changed again, handed back because of a conflict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.moves import Refused, make_move
from competitions.actions.assigning import withdraw_review
from competitions.actions.entries import lock_competition
from competitions.conflicts import conflicts_between
from competitions.models import Competition, Criterion, DeclaredConflict, Entry, Juror, Review, Score
from members.models import Person

COMMENTS = ("for_author", "for_jury")


@dataclass(frozen=True)
class Saving:
    """What came of saving: the revision now, and what another window says where it differs (then nothing is saved)."""

    revision: int
    theirs: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def save_review(
    review: Review, by: Person, revision: int, scores: Mapping[Criterion, int | None], **comments: str
) -> Saving:
    """Save what a juror says so far. If another window has saved since `revision`, nothing is changed."""
    it = _locked(review)
    stored = {criterion.public_id: value for criterion, value in _scores_of(it).items()}
    wanted = {criterion.public_id: value for criterion, value in scores.items()} | comments
    before = {name: stored.get(name, getattr(it, name, None)) for name in wanted}
    changed = [name for name in wanted if wanted[name] != before[name]]
    if not changed or revision != it.revision:
        return Saving(it.revision, {name: before[name] for name in changed})
    for criterion, value in scores.items():
        if value is None:
            it.scores.filter(criterion=criterion).delete()
        else:
            _refuse_beyond(criterion, value)
            Score.objects.update_or_create(review=it, criterion=criterion, defaults={"value": value})
    for name in COMMENTS:
        setattr(it, name, comments.get(name, getattr(it, name)))
    it.revision, it.saved_at = it.revision + 1, now()
    it.save(update_fields=[*COMMENTS, "revision", "saved_at"])
    return Saving(it.revision)


@transaction.atomic
def complete_review(review: Review, by: Person) -> None:
    """Give a review: every criterion has its score. From then on one may see what the others gave."""
    lock_competition(review.juror.competition)  # so that none is given while the results are counted
    it = _locked(review)
    scored = {criterion.pk for criterion in _scores_of(it)}
    if missing := [one.title for one in it.entry.competition.criteria.all() if one.pk not in scored]:
        raise Refused(_("Scores are missing: %(criteria)s. Give them, then give the review.") % {
            "criteria": ", ".join(missing)
        })  # fmt: skip
    if conflicts_between([it.juror], [it.entry], unchecked=False):  # a refusal would tell whose entry it is
        raise Refused(_("There is a conflict of interest, so you cannot judge this entry. Hand it back."))
    make_move(review, "complete", by=by)


@transaction.atomic
def reopen_review(review: Review, by: Person) -> None:
    """Change a review that was given, as long as one has not seen what the others gave."""
    lock_competition(review.juror.competition)
    it = _locked(review, Review.State.COMPLETED)
    _refuse_after_looking(it)
    make_move(review, "reopen", by=by)


@transaction.atomic
def recuse(review: Review, by: Person, reason: str) -> None:
    """Hand an entry back because one should not judge it; it never comes again."""
    lock_competition(review.juror.competition)
    it = _locked(review, Review.State.ASSIGNED, Review.State.COMPLETED)
    _refuse_after_looking(it)
    DeclaredConflict.objects.get_or_create(juror=review.juror, entry=review.entry, person=None, institution=None)
    record("competitions.juror.declare_conflict", review.juror, by=by)
    withdraw_review(review, by, reason)


@transaction.atomic
def see_others(review: Review, by: Person) -> None:
    """Look at what the others gave; one's own review is fixed by it."""
    it = _locked(review, Review.State.COMPLETED)
    if it.others_seen_at is None:
        it.others_seen_at = now()
        it.save(update_fields=["others_seen_at"])
        record("competitions.review.see_others", it, by=by)


def _refuse_after_looking(it: Review) -> None:
    if it.others_seen_at is not None:
        raise Refused(_("You have seen what the others gave, so yours stays as it is. Ask the coordinator."))


def _locked(review: Review, *states: str) -> Review:
    """The review as it is now, locked; Refused when it, its juror, its entry or the competition is over."""
    rows = Review.objects.select_for_update(no_key=True, of=("self",)).select_related("juror", "entry__competition")
    it = rows.get(pk=review.pk)
    if it.state not in (states or (Review.State.ASSIGNED,)):
        raise Refused(_("This review cannot be changed now. Reload the page to see how it stands."))
    if it.juror.state != Juror.State.ACTIVE or it.entry.state != Entry.State.ADMITTED:
        raise Refused(_("This entry is not yours to judge any more. Your list says what is."))
    if it.entry.competition.state != Competition.State.PUBLISHED:
        raise Refused(_("The results are out, so reviews change no more."))
    return it


def _scores_of(review: Review) -> dict[Criterion, int]:
    return {it.criterion: it.value for it in review.scores.select_related("criterion")}


def _refuse_beyond(criterion: Criterion, value: int) -> None:
    if not criterion.lowest <= value <= criterion.highest:
        said = _("“%(criterion)s” takes scores from %(lowest)d to %(highest)d.")
        facts = {"criterion": criterion.title, "lowest": criterion.lowest, "highest": criterion.highest}
        raise Refused(said % facts)
