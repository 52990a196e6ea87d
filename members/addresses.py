"""Addresses that fail: whose, and who can correct them."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from members.models import Affiliation, Group, GroupMember, Person


def correctable_by(person: Person) -> QuerySet:
    """Whose address somebody may correct: people of the institutions they keep, the students of their classes, and
    the guardians of these."""
    kept = Affiliation.objects.decidable_by(person).live().values("person")
    classes = Group.objects.current().visible_to(person)
    students = GroupMember.objects.now().filter(group__in=classes).values("person")
    guards = Q(guards__child__in=students, guards__ended_at=None)
    found = Person.objects.filter(Q(pk__in=kept) | Q(pk__in=students) | guards).values("pk")
    return Person.objects.active().filter(pk__in=found).exclude(pk=person.pk)


def who_can_correct(people: Iterable[Person]) -> dict[int, list[Person]]:
    """For each person the heads and contacts of their institutions and the teachers of their classes.

    A guardian's are those of the children. Where there is nobody, the coordinators can.
    """
    people = list(people)
    wards = _wards(people)
    own = {it.pk: [it.pk, *wards.get(it.pk, [])] for it in people}
    everybody = {pk for pks in own.values() for pk in pks}
    found = _speakers(everybody)
    for person, keeper in _keepers(everybody):
        found.setdefault(person, {})[keeper.pk] = keeper
    merged = {pk: {k: v for one in pks for k, v in found.get(one, {}).items() if k != pk} for pk, pks in own.items()}
    return {pk: sorted(rows.values(), key=lambda it: it.sort_name) for pk, rows in merged.items()}


def _wards(people: list[Person]) -> dict[int, list[int]]:
    pairs = Person.objects.filter(guards__ended_at=None, pk__in=[it.pk for it in people]).values_list(
        "pk", "guards__child"
    )
    wards: dict[int, list[int]] = {}
    for guardian, child in pairs:
        if child is not None:
            wards.setdefault(guardian, []).append(child)
    return wards


def _speakers(people: set[int]) -> dict[int, dict[int, Person]]:
    places = list(Affiliation.objects.live().filter(person__in=people).values_list("person", "institution"))
    speaking = Affiliation.objects.speaking().filter(institution__in={there for _person, there in places})
    by_place: dict[int, dict[int, Person]] = {}
    for it in speaking.select_related("person"):
        by_place.setdefault(it.institution_id, {})[it.person_id] = it.person
    found: dict[int, dict[int, Person]] = {}
    for person, there in places:
        found.setdefault(person, {}).update(by_place.get(there, {}))
    return found


def _keepers(people: set[int]) -> list[tuple[int, Person]]:
    rows = GroupMember.objects.now().filter(person__in=people, group__archived_at=None)
    rows = rows.select_related("group").prefetch_related("group__keepers")
    return [(it.person_id, keeper) for it in rows for keeper in it.group.keepers.all()]
