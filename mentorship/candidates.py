"""Requests and mentors as matching.py sees them: read from the database in a few questions, however many there are."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from cluster_portal.fresh import digest_of
from members.models import Affiliation, Cluster, Person
from mentorship.matching import Need, Offer
from mentorship.models import Mentor, MentorRequest, Pairing

State = Pairing.State
# With whom it is over for this request; and who was asked, gave no answer, and can be asked again by hand.
OVER = {State.DECLINED, State.REFUSED, State.COMPLETED, State.DISSOLVED}
NO_ANSWER = {State.LAPSED, State.WITHDRAWN}


def open_requests(person: Person) -> Any:
    """The requests of a coordinator for which a mentor is sought, which still matter, and whose teachers are there."""
    rows = MentorRequest.objects.kept_by(person).open().filter(needed_by__gte=Cluster.current().today())
    return rows.of_who_is_there().with_parts().oldest_first()


def mentors_to_ask() -> Any:
    """Everybody who is a mentor and has not left, paused ones too: a coordinator reads why they are not suggested."""
    here = Mentor.objects.admitted().exclude(pk__in=Mentor.objects.gone().values("pk"))
    return here.with_loads().prefetch_related("directions")


def says(request: MentorRequest) -> str:
    """A digest of what a request asks for: it tells whether the teacher has changed it since somebody read it."""
    return digest_of(request, MentorRequest.SAYS)


def needs_of(requests: Iterable[MentorRequest]) -> list[Need]:
    """What each request asks for."""
    rows = list(requests)
    asked: dict[tuple[int, bool], set[str]] = defaultdict(set)
    before = Pairing.objects.filter(request__in=[it.pk for it in rows], state__in=OVER | NO_ANSWER)
    for request, state, mentor in before.values_list("request", "state", "mentor__public_id"):
        asked[request, state in OVER].add(mentor)
    zone = Cluster.current().time_zone
    return [_need(it, zone, asked[it.pk, True], asked[it.pk, False]) for it in rows]


def _need(it: MentorRequest, zone: str, said_no: set[str], asked: set[str]) -> Need:
    institution = it.affiliation.institution
    return Need(
        key=it.public_id,
        person=it.by.public_id,
        languages=frozenset(it.languages),
        formats=frozenset(it.formats),
        needed_from=it.needed_from,
        needed_by=it.needed_by,
        waiting_since=it.asked_at,
        contest=it.contest,
        help=frozenset(it.help),
        directions=frozenset(one.slug for one in it.directions.all()),
        weekdays=frozenset(it.weekdays),
        time_zone=it.by.time_zone or zone,
        with_students=it.with_students,
        institution=institution.public_id,
        region=str(institution.region_id or ""),
        said_no=frozenset(said_no),
        asked=frozenset(asked - said_no),
    )


def offers_of(mentors: Iterable[Mentor]) -> list[Offer]:
    """What each mentor (`with_loads`) offers."""
    rows = list(mentors)
    institutions, regions = _homes_of([it.person_id for it in rows])
    return [_offer(it, institutions[it.person_id], regions[it.person_id]) for it in rows]


def _homes_of(people: Collection[int]) -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    """Where people belong now: institutions and regions of each."""
    institutions: dict[int, set[str]] = defaultdict(set)
    regions: dict[int, set[str]] = defaultdict(set)
    rows = Affiliation.objects.active().filter(person__in=people)
    for person, institution, region in rows.values_list("person", "institution__public_id", "institution__region"):
        institutions[person].add(institution)
        if region:
            regions[person].add(str(region))
    return institutions, regions


def _offer(it: Any, institutions: set[str], regions: set[str]) -> Offer:
    return Offer(
        key=it.public_id,
        person=it.person.public_id,
        languages=frozenset(it.languages),
        formats=frozenset(it.formats),
        places=it.places,
        taken=it.taken,
        hours=it.hours_a_month,
        contests=tuple(it.contests),
        help=frozenset(it.help),
        directions=frozenset(one.slug for one in it.directions.all()),
        weekdays=frozenset(it.weekdays),
        time_zone=it.time_zone,
        cleared_until=it.clearance_until,
        is_active=it.state == Mentor.State.ACTIVE,
        institutions=frozenset(institutions),
        regions=frozenset(regions),
    )
