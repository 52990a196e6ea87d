"""What coordinators see of their part of the cluster in numbers: what waits, who has room, how long answers take.

Everything is asked in a fixed number of queries and counted here; statistics.py has the formulas.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate

from members.models import Affiliation, Cluster, Institution, Person
from mentorship.clock import Owes, owner_of
from mentorship.models import Mentor, MentorRequest, Outcome, Pairing, Terms
from mentorship.statistics import NEVER, Wait, Waits, age_class, age_limits, waits_of

State = MentorRequest.State


@dataclass(frozen=True)
class Ages:
    """What waits for an answer: by class of age (the last one is late), how many of whom; the longest wait in days."""

    limits: list[int]
    classes: list[Counter[Owes]]
    longest: int | None


@dataclass(frozen=True)
class Load:
    """How much the mentors of a part of the cluster have taken on, and how many of them are how full."""

    places: int
    taken: int
    full: int
    some: int
    free: int
    paused: int


@dataclass(frozen=True)
class Pairs:
    """Pairings under way, those of them that do not meet, and how many ended."""

    active: int
    nudged: int
    stalled: int
    completed: int
    dissolved: int


def ages_of(person: Person, at: datetime) -> Ages:
    """The requests to which somebody owes an answer, by how long they have owed it."""
    zone = Cluster.current().zone
    limits = age_limits(Terms.current().answer_days)
    classes: list[Counter[Owes]] = [Counter() for _ in range(len(limits) + 1)]
    longest = None
    today = localdate(at, zone)
    rows = MentorRequest.objects.around(person).live()
    for it in rows.only("state", "state_since", "asked_at", "answer_by", "risen_at"):
        days = (today - localdate(it.state_since, zone)).days
        owner = owner_of(it)
        if owner:
            classes[age_class(days, it.is_late_at(at), limits)][owner] += 1
        longest = max(longest or 0, (today - localdate(it.asked_at, zone)).days)
    return Ages(limits, classes, longest)


def answers_to(person: Person, at: datetime, since: date | None = None) -> tuple[Waits, Waits]:
    """How long requests waited until a mentor was asked or the search ended; and until there was a pair."""
    rows = MentorRequest.objects.around(person)
    if since:
        rows = rows.filter(asked_at__gte=datetime.combine(since, time.min, tzinfo=Cluster.current().zone))
    rows = rows.annotate(proposed=Min("pairings__proposed_at"), began=Min("pairings__began_on")).order_by()
    facts = list(rows.values_list("state", "asked_at", "state_since", "proposed", "began"))
    return waits_of([_first_answer(at, *row) for row in facts]), waits_of([_agreement(at, *row) for row in facts])


def _first_answer(
    at: datetime, state: str, asked: datetime, since: datetime, proposed: datetime | None, _began
) -> Wait:
    if proposed is not None:
        return Wait(_days(asked, proposed), is_answered=True)
    if state == State.CLOSED:
        return Wait(_days(asked, since), is_answered=True)
    return Wait(_days(asked, since if state == State.WITHDRAWN else at), is_answered=False)


def _agreement(at: datetime, state: str, asked: datetime, since: datetime, _proposed, began: date | None) -> Wait:
    zone = Cluster.current().zone
    if began is not None:
        return Wait(max(0, (began - localdate(asked, zone)).days), is_answered=True)
    if state == State.CLOSED:
        return Wait(NEVER, is_answered=False)
    return Wait(_days(asked, since if state == State.WITHDRAWN else at), is_answered=False)


def _days(first: datetime, last: datetime) -> int:
    """Days by the calendar of the cluster: what is answered on the day on which it was asked took none."""
    zone = Cluster.current().zone
    return max(0, (localdate(last, zone) - localdate(first, zone)).days)


def load_of(person: Person) -> Load:
    """How full the mentors of a coordinator's part of the cluster are."""
    rows = list(
        Mentor.objects.around(person).admitted().with_loads().order_by().values_list("state", "places", "taken")
    )
    active = [(places, taken) for state, places, taken in rows if state == Mentor.State.ACTIVE]
    return Load(
        places=sum(places for places, _taken in active),
        taken=sum(taken for _places, taken in active),
        full=sum(taken >= places for places, taken in active),
        some=sum(0 < taken < places for places, taken in active),
        free=sum(not taken for _places, taken in active),
        paused=len(rows) - len(active),
    )


def pairs_of(person: Person, since: date | None = None) -> Pairs:
    """How the pairings go: those under way now, and those that ended since a day."""
    active = Q(state=Pairing.State.ACTIVE)
    ended = Q(ended_on__gte=since) if since else Q()
    counted = Pairing.objects.kept_by(person).aggregate(
        active=Count("pk", active),
        nudged=Count("pk", active & Q(nudged_at__isnull=False, stalled_at=None)),
        stalled=Count("pk", active & Q(stalled_at__isnull=False)),
        completed=Count("pk", ended & Q(state=Pairing.State.COMPLETED)),
        dissolved=Count("pk", ended & Q(state=Pairing.State.DISSOLVED)),
    )
    return Pairs(**counted)


def outcomes_of(person: Person, since: date | None = None) -> dict[str, Counter[str]]:
    """How many outcomes there are: level of the contest → place → how many."""
    rows = Outcome.objects.filter(pairing__in=Pairing.objects.kept_by(person).values("pk"))
    if since:
        rows = rows.filter(day__gte=since)
    found: dict[str, Counter[str]] = {}
    for level, place, count in rows.order_by().values_list("level", "place").annotate(count=Count("pk")):
        found.setdefault(level, Counter())[place] = count
    return {level: found[level] for level in reversed(Outcome.Level.values) if level in found}


def institutions_of(person: Person, today: date) -> QuerySet[Institution]:
    """The members of a coordinator's part of the cluster, and whoever asked before: what they asked, what came of it.

    `asked` requests, `served` of them with a mentor, `waiting` for an answer now; `mentor_count` mentors who work
    there; `outcome_count` outcomes, and `student_count` students in them.
    """
    requests = MentorRequest.objects.filter(affiliation__institution=OuterRef("pk"))
    members = Institution.objects.members_on(today)
    rows = Institution.objects.filter(Q(pk__in=members.values("pk")) | Exists(requests))
    if not person.coordinates_whole_cluster:
        rows = rows.filter(region__in=[role.region_id for role in person.coordinator_roles])
    had = Pairing.objects.held().filter(request=OuterRef("pk"))
    work_there = Affiliation.objects.active().filter(institution=OuterRef("pk"), person__mentor__state__in=Mentor.HERE)
    there = Outcome.objects.filter(pairing__request__affiliation__institution=OuterRef("pk"))
    of_request, of_outcome = "affiliation__institution", "pairing__request__affiliation__institution"
    return rows.annotate(
        asked=_number(requests, of_request),
        served=_number(requests.filter(Exists(had)), of_request),
        waiting=_number(requests.live(), of_request),
        mentor_count=_number(work_there, "institution", "person"),
        outcome_count=_number(there, of_outcome),
        student_count=_number(there, of_outcome, "students__person"),
    ).order_by("name", "pk")


def _number(rows: QuerySet, group: str, of: str = "pk") -> Coalesce:
    """How many different ones belong to the row outside, as a column of it."""
    counted = rows.order_by().values(group).annotate(number=Count(of, distinct=True))
    return Coalesce(Subquery(counted.values("number")), 0)


def teachers_never_served(person: Person) -> QuerySet[Person]:
    """Teachers who asked and never had a mentor: how often (`asked`), since when, how many of it wait for an answer."""
    kept = MentorRequest.objects.around(person)
    served = MentorRequest.objects.filter(pairings__state__in=Pairing.BEGUN)
    own = Q(mentor_requests__in=kept.values("pk"))
    rows = Person.objects.filter(pk__in=kept.values("by"), erased_at=None).exclude(pk__in=served.values("by"))
    return rows.annotate(
        asked=Count("mentor_requests", own, distinct=True),
        first_asked=Min("mentor_requests__asked_at", filter=own),
        waiting=Count("mentor_requests", own & Q(mentor_requests__state__in=MentorRequest.LIVE), distinct=True),
    ).order_by("first_asked", "pk")
