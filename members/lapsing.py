"""Consents that will count no more on a day ahead: their months are over, or a birthday lets others decide."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from cluster_portal.models import AuditEntry
from members.consent import OPEN, Awaited, State, children_kept_by, people_to_answer, states_of
from members.models import AgePolicy, Cluster, ConsentDecision, Person
from members.models.ages import latest_birth_date_of_an_adult

DAYS_AHEAD = 30


def lapsing(children: Collection[int], before: date, on: date) -> set[int]:
    """Of these children (by key) those of whom something is granted on one day, and open on a later one."""
    if not children:  # on most days nobody: the reminders ask every minute
        return set()
    granted = {key for key, state in states_of(children, today=before).items() if state == State.GRANTED}
    return {key[0] for key, state in states_of(children, today=on).items() if key in granted and state in OPEN}


def to_be_asked(day: date, renewed: bool) -> list[Awaited]:
    """Who is asked as a consent lapses on a day: its months are over (`renewed`), or somebody is of age.

    Whoever renews can do so before; whom a birthday lets decide, only from that day on.
    """
    rows = _expiring(day, day) if renewed else _of_age(day, day)
    lapse = lapsing(list(rows.values_list("pk", flat=True)), before=day - timedelta(days=1), on=day)
    return people_to_answer(lapse, on=day) if lapse else []


def entered_late(day: date) -> list[tuple[date, list[Awaited]]]:
    """Who is asked as a consent was written down the day before that lapses too soon to be asked about ahead.

    By the day of the lapse. An old paper says yes from the day it was seen on; when it was entered, the audit knows.
    """
    zone = Cluster.current().zone
    midnights = [datetime.combine(it, time.min, zone) for it in (day - timedelta(days=1), day)]
    soon = _granted_until(day + timedelta(days=1), day + timedelta(days=DAYS_AHEAD - 2))
    entered = AuditEntry.objects.filter(model="members.consentdecision", at__gte=midnights[0], at__lt=midnights[1])
    found = soon.filter(public_id__in=entered.values("object_id"))
    children: dict[date, set[int]] = {}
    for it in found.annotate(of=Coalesce("child__merged_into", "child")):
        children.setdefault(it.expires_on, set()).add(it.of)
    lapses = {on: lapsing(theirs, before=on - timedelta(days=1), on=on) for on, theirs in sorted(children.items())}
    return [(on, people_to_answer(theirs, on=on)) for on, theirs in lapses.items() if theirs]


def lapsing_soon(people: QuerySet[Person]) -> list[Person]:
    """Of these people those of whom a consent lapses within 30 days, as long as nobody has spoken anew."""
    today = Cluster.current().today()
    last = today + timedelta(days=DAYS_AHEAD)
    rows = people.filter(Q(pk__in=_expiring(today, last)) | Q(pk__in=_of_age(today + timedelta(days=1), last)))
    lapse = lapsing(list(rows.values_list("pk", flat=True)), before=today, on=last)
    return list(people.filter(pk__in=lapse).order_by("sort_name"))


def lapsing_kept_by(person: Person) -> list[Person]:
    """The children of whom somebody takes care, and of whom a consent lapses within 30 days."""
    return lapsing_soon(children_kept_by(person))


def _expiring(first: date, last: date) -> QuerySet[Person]:
    """Active people about whom a grant counts no more from one of these days on."""
    over = _granted_until(first, last)
    about = Q(pk__in=over.values("child")) | Q(pk__in=over.values("child__merged_into"))
    return Person.objects.active().filter(about)


def _granted_until(first: date, last: date) -> QuerySet[ConsentDecision]:
    """Grants that count no more from one of these days on."""
    return ConsentDecision.objects.filter(decision=ConsentDecision.Decision.GRANTED, expires_on__range=(first, last))


def _of_age(first: date, last: date) -> QuerySet[Person]:
    """Active people who reach an age of deciding on one of these days, and of whom something was asked or said."""
    policy, birthdays = AgePolicy.current(), Q()
    for age in {policy.together_from, policy.alone_from}:
        after = latest_birth_date_of_an_adult(first - timedelta(days=1), age)
        birthdays |= Q(birth_date__gt=after, birth_date__lte=latest_birth_date_of_an_adult(last, age))
    return Person.objects.active().filter(birthdays)
