"""A competition from its first draft on: described, published, changed, cancelled, held again next year."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.copies import copy_of
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mails
from cluster_portal.tied import apart, tie
from competitions.actions.entries import lock_competition
from competitions.models import Competition, Review
from competitions.taking_part import authors_of, jurors_of
from members.models import Person
from members.readers import readers_of_all

MOVED_FOR = {"closes_at": "competitions/deadline_moved", "judged_until": "competitions/judging_moved"}
ENTERING_DATES = {"opens_at", "closes_at"}


@transaction.atomic
def create_competition(by: Person | None, **facts: Any) -> Competition:
    """Describe a competition, as a draft."""
    plain, tied = apart(Competition, facts)
    competition = Competition.objects.create(**plain)
    tie(competition, tied)
    record("competitions.competition.create", competition, by=by)
    return competition


@transaction.atomic
def change_competition(competition: Competition, by: Person, **changes: Any) -> list[str]:
    """Change what a competition says; of a published one, who prepares an entry or judges is told of moved dates."""
    current = lock_competition(competition)
    refuse_when_over(current)
    plain, tied = apart(Competition, changes)
    changed = [name for name, value in plain.items() if getattr(current, name) != value]
    if current.state == Competition.State.PUBLISHED:
        _refuse_what_would_be_unfair(current, set(changed), plain)
    for name in changed:
        setattr(current, name, plain[name])
    if changed:
        current.save(update_fields=[*changed, "words"])
    said = changed + tie(current, tied)
    if said:
        record_changes("competitions.competition.change", current, by=by, changed=said)
    if current.state == Competition.State.PUBLISHED:
        _tell_of_moved_dates(current, set(changed))
    return said


@transaction.atomic
def publish_competition(competition: Competition, by: Person | None) -> None:
    """Show a competition to everybody: it says by what entries are judged, and entries can still come."""
    current = lock_competition(competition)
    if not current.criteria.exists():
        raise Refused(_("Authors want to know by what they are judged. Add the criteria, then publish."))
    if current.closes_at <= now():
        raise Refused(_("Its deadline is over. Move it into the future, then publish."))
    make_move(competition, "publish", by=by)


@transaction.atomic
def cancel_competition(competition: Competition, by: Person) -> None:
    """Cancel a competition: its authors and its jury are told. What was written stays with its authors."""
    current = lock_competition(competition)
    was_public = current.state == Competition.State.PUBLISHED
    make_move(competition, "cancel", by=by)
    cancel_mails(current, reason=gettext_noop("the competition was cancelled"))
    if was_public:
        _tell(current, [*authors_of(current), *jurors_of(current)], "competitions/cancelled")


@transaction.atomic
def hold_competition_again(competition: Competition, by: Person, title: str, opens_on: date) -> Competition:
    """Prepare the same competition again as a draft: nominations, rubric and rules, on later days; nobody's entry.

    Every date keeps its distance in days and its time of day by the wall clock of the cluster.
    """
    zone = competition.zone
    shift = timedelta(days=(opens_on - localdate(competition.opens_at, zone)).days)
    later = {
        name: _later(getattr(competition, name), zone, shift) for name in ("opens_at", "closes_at", "judged_until")
    }
    if later["closes_at"] <= now():
        raise Refused(_("On that day its deadline would be over already. Choose a later day."))
    copy = copy_of(competition, title=title, slug="", results_on=competition.results_on + shift, **later)
    copy.regions.set(competition.regions.all())
    for nomination in competition.nominations.all():
        copy_of(nomination, competition=copy)
    for criterion in competition.criteria.all():
        again = copy_of(criterion, competition=copy)
        for example in criterion.examples.all():
            copy_of(example, criterion=again)
    record("competitions.competition.create", copy, by=by)
    return copy


def refuse_when_over(competition: Competition) -> None:
    """Refuse to change what is decided or cancelled."""
    if competition.state in {Competition.State.CONCLUDED, Competition.State.CANCELLED}:
        raise Refused(_("This competition is over, and what it said stays. Hold it again to change something."))


def _refuse_what_would_be_unfair(current: Competition, changed: set[str], plain: dict[str, Any]) -> None:
    """What authors and jurors relied on stays as it was announced."""
    if "is_blind" in changed:
        raise Refused(
            _("Authors entered, and jurors agreed, knowing whether names are shown. That stays as it was published.")
        )
    if "closes_at" in changed and plain["closes_at"] <= now():
        raise Refused(_("That moment is over. Choose a deadline ahead."))
    reviews = Review.objects.filter(entry__competition=current)
    if ENTERING_DATES & changed and reviews.standing().exists():
        raise Refused(_("The jury reads already, so the dates of entering stay. Withdraw its assignments first."))
    if "tie_rule" in changed and reviews.completed().exists():
        raise Refused(_("Reviews are given already, so the rule for ties stays as everybody knew it."))


def _tell_of_moved_dates(current: Competition, changed: set[str]) -> None:
    people = {"closes_at": authors_of, "judged_until": jurors_of}
    for name in sorted(changed & set(MOVED_FOR)):
        template = MOVED_FOR[name]
        cancel_mails(current, [template], reason=gettext_noop("the date was moved again"))
        _tell(current, people[name](current), template, occasion=now().isoformat())


def _tell(competition: Competition, people: list[Person], template: str, occasion: str = "") -> int:
    """Queue one mail for each of these people, and for the guardians of a child among them."""
    return queue_mails(WantedMail(template, competition, reader, occasion) for reader in readers_of_all(people))


def _later(at: datetime, zone: Any, shift: timedelta) -> datetime:
    return (at.astimezone(zone).replace(tzinfo=None) + shift).replace(tzinfo=zone)
