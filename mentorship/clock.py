"""Who owes the next answer of a request, and until when. Days are those of the cluster, and keep the hour of its clock.

Nothing here changes anything: `actions/overdue.py` does what falls due.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from members.models import Cluster, Coordinator, Person
from mentorship.models import MentorRequest, Terms

State = MentorRequest.State


class Owes(StrEnum):
    """Who is to answer next."""

    COORDINATOR = "coordinator"
    MENTOR = "mentor"
    TEACHER = "teacher"


OWED_BY = {State.OPEN: Owes.COORDINATOR, State.PROPOSED: Owes.MENTOR, State.ACCEPTED: Owes.TEACHER}


def owner_of(request: MentorRequest) -> Owes | None:
    """Who owes the next answer of a request; nobody once it is paired, withdrawn or closed."""
    return OWED_BY.get(State(request.state))


def answer_until(at: datetime) -> datetime:
    """Until when whoever begins to owe an answer at an instant gives it."""
    days = timedelta(days=Terms.current().answer_days)
    return (at.astimezone(Cluster.current().zone) + days).astimezone(UTC)


def half_way(began: datetime, end: datetime) -> datetime:
    """When whoever owes an answer is reminded: half-way of the clock that runs, whatever the terms say by now."""
    return began + (end - began) / 2


Known = Mapping[int | None, list[Person]]


def coordinators_by_region() -> Known:
    """Everybody who coordinates something now, by the key of the region; by None who coordinates the cluster."""
    roles = Coordinator.objects.now().filter(person__in=Person.objects.active()).select_related("person")
    found: dict[int | None, list[Person]] = {}
    for role in roles.order_by("person_id"):
        found.setdefault(role.region_id, []).append(role.person)
    return found


def coordinators_for(request: MentorRequest, known: Known | None = None, but: Collection[int] = ()) -> list[Person]:
    """Who is told of a request that waits: who coordinates its region; of the cluster, where the region has nobody.

    Never who asked for it, and not `but`, by key: the mentor it is about. Nobody judges in a matter of their own.
    """
    by_region = coordinators_by_region() if known is None else known
    parties = {request.by_id, *but}
    for level in (request.affiliation.institution.region_id, None):
        if others := [it for it in by_region.get(level, []) if it.pk not in parties]:
            return others
    return []
