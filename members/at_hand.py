"""What nearly every page asks of who reads it, read in one go; and with it, the reader who is signed in."""

from typing import Any

from cluster_portal.prepared import Asked, prepared, together
from members.models import AgePolicy, Cluster, Person
from members.models.children import policy_of
from members.models.people import active_of, roles_on


def have_reader_at_hand(reader: Person) -> None:
    """Have at hand where a reader works, learns and coordinates now, and from which age people decide here."""
    _hand_over(reader, *together(*_asked_of(reader.pk)))


def reader_signed_in(key: int) -> Person | None:
    """The person with this key, and with them what `have_what_came_along` hands over."""
    people, *along = together(_person_at.asked(person=key), *_asked_of(key))
    for person in people:
        person._came_along = along
        return person
    return None


def have_what_came_along(reader: Person) -> None:
    """As `have_reader_at_hand`, by what was read with the reader: at the beginning of a page, before any change."""
    if along := getattr(reader, "_came_along", None):
        del reader._came_along
        _hand_over(reader, *along)
    else:
        have_reader_at_hand(reader)


def _asked_of(reader: int) -> list[Asked]:
    cluster = Cluster.current()
    return [
        active_of.asked(person=reader),
        roles_on.asked(person=reader, day=cluster.today()),
        policy_of.asked(country=cluster.country),
    ]


def _hand_over(reader: Person, affiliations: list[Any], roles: list[Any], policies: list[Any]) -> None:
    reader.have_at_hand(affiliations, roles)
    AgePolicy.have_at_hand(Cluster.current(), policies)


@prepared
def _person_at(person):
    return Person.objects.filter(pk=person)
