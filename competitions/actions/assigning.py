"""Who reads what: assigned for all at once, by hand, as a second opinion; and taken back when a conflict arises.

Lock order: the competition, then its reviews by key.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from random import SystemRandom
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from cluster_portal.audit import record, record_many
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import cancel_mails, queue_mail
from competitions.actions.declaring import mark_checked, recognise_addresses
from competitions.actions.entries import lock_competition
from competitions.assignment import Asked, Choice, Instance, Plan, Reader, assign
from competitions.conflicts import conflicts_between, reviews_in_conflict, reviews_touching, undecided_reviews
from competitions.models import Competition, Entry, Juror, Review
from members.models import Person

ASSIGNED, WAITING = "competitions/reviews_assigned", "competitions/reviews_waiting"
CONFLICT = gettext_noop("a conflict of interest")
BETWEEN_REMINDERS = timedelta(days=1)
chance = SystemRandom()


@dataclass(frozen=True)
class Proposal:
    """What assigning would do now: the answer, and the rows that its keys stand for."""

    plan: Plan
    entries: dict[str, Entry]
    jurors: dict[str, Juror]

    @property
    def digest(self) -> str:
        """What makes it the same proposal: who would get what."""
        pairs = [[it.entry, it.juror] for it in self.plan.choices]
        return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:16]


def proposal_for(competition: Competition) -> Proposal:
    """The assignment that is optimal now; nothing is changed."""
    instance, entries, jurors = _instance(competition)
    return Proposal(assign(instance), entries, jurors)


@transaction.atomic
def assign_jury(competition: Competition, by: Person, digest: str) -> int:
    """Assign jurors to all entries that lack some, just as it was shown; return how many readings that are."""
    it = _locked_while_judged(competition)
    proposal = proposal_for(it)
    if proposal.digest != digest:
        raise Refused(_("Entries, jurors or conflicts have changed since. Look at the new proposal, then assign."))
    if not proposal.plan.choices:
        raise Refused(_("There is nothing to assign: every entry has its jurors, or no juror is free."))
    _create(proposal, proposal.plan.choices, by)
    return len(proposal.plan.choices)


@transaction.atomic
def assign_by_hand(entry: Entry, by: Person, juror: Juror) -> Review:
    """Give one entry to one juror, whatever the balance; never against a conflict, nor beyond what they can read."""
    competition = _locked_while_judged(entry.competition)
    _refuse_unless_judged(entry, competition)
    juror = Juror.objects.select_for_update(no_key=True).get(pk=juror.pk, competition=competition)
    if juror.state != Juror.State.ACTIVE:
        raise Refused(_("This juror has not said yes, or has left the jury."))
    if why := conflicts_between([juror], [entry]).get((juror.pk, entry.pk)):
        raise Refused(_("There is a conflict of interest: this juror %(why)s.") % {"why": ", ".join(map(str, why))})
    if juror.reviews.standing().filter(entry=entry).exists():
        raise Refused(_("This juror reads the entry already."))
    if juror.reviews.standing().count() >= juror.capacity:
        raise Refused(_("This juror reads as many entries as they can. Ask them to take more, or choose another."))
    review = _new_review(juror, entry, by_hand=True)
    review.save(force_insert=True)
    record("competitions.review.assign", review, by=by, by_hand=True)
    _tell(juror, [review])
    return review


@transaction.atomic
def ask_second_opinion(entry: Entry, by: Person) -> Review:
    """Ask one juror more to read an entry: whoever has no conflict, room, and the fewest entries."""
    competition = _locked_while_judged(entry.competition)
    _refuse_unless_judged(entry, competition)
    instance, entries, jurors = _instance(competition)
    has = sum(one == entry.public_id for one, _juror in instance.kept)
    only = tuple(replace(it, readers=has + 1) for it in instance.entries if it.key == entry.public_id)
    plan = assign(replace(instance, entries=only))
    if not plan.choices:
        raise Refused(
            _("No juror is left who may read it and has room. Invite another juror, or ask one to take more.")
        )
    return _create(Proposal(plan, entries, jurors), plan.choices, by, is_second_opinion=True)[0]


@transaction.atomic
def withdraw_review(review: Review, by: Person, reason: str = "") -> None:
    """Take an entry back from a juror; its place is free for another."""
    _locked_while_judged(review.juror.competition)
    make_move(review, "withdraw", by=by, withdrawn_because=reason)


@transaction.atomic
def remind_juror(juror: Juror, by: Person) -> None:
    """Mail a juror what they have still to read; at most once a day."""
    juror = Juror.objects.select_for_update(no_key=True).get(pk=juror.pk)
    waiting = juror.reviews.assigned().count()
    if juror.state != Juror.State.ACTIVE or not waiting:
        raise Refused(_("This juror has nothing left to read."))
    at = now()
    if OutboxMail.objects.about(juror).filter(template=WAITING, queued_at__gt=at - BETWEEN_REMINDERS).exists():
        raise Refused(_("This juror was reminded less than a day ago. Wait until tomorrow."))
    queue_mail(WAITING, about=juror, to=juror.person, occasion=at.isoformat())
    record("competitions.juror.remind", juror, by=by)


@transaction.atomic
def recheck_reviews(reviews: Any) -> int:
    """Take back what is to be read against a conflict; return how many. What is given already, the desk shows."""
    rows = list(reviews.assigned())
    mark_checked({it.juror_id for it in rows})
    return _withdrawn(list(reviews_in_conflict(rows)))


def recheck_people(keys: Collection[int]) -> None:
    """These people (by key) have a tie or an institution more: what they read, or wrote, is looked at again."""
    recheck_reviews(reviews_touching(keys))


@transaction.atomic
def recheck_all() -> int:
    """Every night: whatever changed without being heard of, and entries that are not judged any more."""
    recognise_addresses()
    mark_checked(Juror.objects.filter(competition__in=Competition.objects.undecided()).values_list("pk", flat=True))
    gone = undecided_reviews().assigned().exclude(entry__state=Entry.State.ADMITTED)
    rows = list(gone.select_for_update(of=("self",)))
    make_moves(rows, "withdraw", by=None, reason=gettext_noop("the entry is not judged any more"))
    return len(rows) + recheck_reviews(undecided_reviews())


def _withdrawn(reviews: Collection[Review]) -> int:
    """Take these back from their jurors, who find it on their page; nobody is told why in a mail."""
    locked = Review.objects.select_for_update(of=("self",)).filter(pk__in=[it.pk for it in reviews]).order_by("pk")
    return len(make_moves(list(locked.assigned()), "withdraw", by=None, reason=CONFLICT))


def _locked_while_judged(competition: Competition) -> Competition:
    it = lock_competition(competition)
    if it.state != Competition.State.PUBLISHED:
        raise Refused(_("The jury reads while the competition is published and its results are not out."))
    return it


def _refuse_unless_judged(entry: Entry, competition: Competition) -> None:
    entry.refresh_from_db(fields=["state"])
    entry.competition = competition
    if entry.state != Entry.State.ADMITTED:
        raise Refused(_("The jury judges entries that are admitted. Admit this one first."))


def _instance(competition: Competition) -> tuple[Instance, dict[str, Entry], dict[str, Juror]]:
    """The question that the competition asks now: admitted entries, active jurors, conflicts, what is assigned."""
    entries = list(competition.entries.admitted().select_related("nomination").order_by("public_id"))
    jurors = list(competition.jurors.active().select_related("person").prefetch_related("nominations"))
    ids = {it.pk: it.public_id for it in entries}
    names = {it.pk: it.public_id for it in jurors}
    conflicts = conflicts_between(jurors, entries)
    kept: set[tuple[str, str]] = set()
    done: set[tuple[str, str]] = set()
    rows = Review.objects.filter(entry__in=ids, juror__competition=competition)
    for entry, juror, key, state in rows.values_list("entry", "juror", "juror__public_id", "state"):
        standing = state != Review.State.WITHDRAWN
        (kept if standing else done).add((ids[entry], names.get(juror, key)))
    instance = Instance(
        entries=tuple(
            Asked(it.public_id, competition.jurors_per_entry, it.nomination.public_id if it.nomination else "")
            for it in entries
        ),
        jurors=tuple(
            Reader(it.public_id, it.capacity, frozenset(one.public_id for one in it.nominations.all())) for it in jurors
        ),
        conflicts=frozenset((ids[entry], names[juror]) for juror, entry in conflicts),
        kept=frozenset(kept),
        done=frozenset(done - kept),
    )
    return instance, {it.public_id: it for it in entries}, {it.public_id: it for it in jurors}


def _create(
    proposal: Proposal, choices: Collection[Choice], by: Person, is_second_opinion: bool = False
) -> list[Review]:
    reviews = []
    for it in choices:
        review = _new_review(proposal.jurors[it.juror], proposal.entries[it.entry], is_second_opinion=is_second_opinion)
        review.why = why_in_words(it)
        reviews.append(review)
    Review.objects.bulk_create(reviews)
    record_many("competitions.review.assign", reviews, by=by)
    by_juror: dict[int, list[Review]] = {}
    for review in reviews:
        by_juror.setdefault(review.juror_id, []).append(review)
    for rows in by_juror.values():
        _tell(rows[0].juror, rows)
    return reviews


def _new_review(juror: Juror, entry: Entry, **facts: Any) -> Review:
    return Review(juror=juror, entry=entry, reading_order=chance.random(), **facts)


def _tell(juror: Juror, reviews: list[Review]) -> None:
    """One mail to a juror, in place of one that has not left yet: it says how many wait now."""
    cancel_mails(about=juror, templates=[ASSIGNED], reason=gettext_noop("more was assigned"))
    queue_mail(ASSIGNED, about=juror, to=juror.person, occasion=reviews[0].public_id)


def why_in_words(choice: Choice) -> str:
    """What spoke for a choice, for the coordinator; it names nobody."""
    said = [_("Knows the nomination.")] if choice.knows else []
    said.append(_("Reads %(load)d of %(capacity)d.") % {"load": choice.load, "capacity": choice.capacity})
    if choice.excluded:
        told = ngettext(
            "%(n)d of %(all)d jurors has a conflict of interest.",
            "%(n)d of %(all)d jurors have a conflict of interest.",
            choice.excluded,
        )
        said.append(told % {"n": choice.excluded, "all": choice.jurors})
    return " ".join(said)[:300]
