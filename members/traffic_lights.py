"""The traffic light of children: for each of them where the consents stand, who answers, and how much is missing."""

from collections.abc import Collection, Sequence
from typing import Any

from members.consent import OPEN, State, states_of
from members.models import Group, Guardianship, Person, Purpose


def children_of(group: Group) -> list[Person]:
    """Who is in a class now, by name."""
    memberships = group.memberships.now().select_related("person")
    return [it.person for it in memberships if it.person.is_active]


def lights_of(
    children: Collection[Person], purposes: Sequence[str] = tuple(Purpose)
) -> tuple[list[dict[str, Any]], list[str]]:
    """A line for each child with the state of each purpose that any of them is asked for; most missing first."""
    states = states_of([child.pk for child in children], purposes)
    asked = {purpose for (_pk, purpose), state in states.items() if state != State.NOT_NEEDED}
    shown = [it.value for it in Purpose if it.value in asked]
    guardians: dict[int, list[Guardianship]] = {child.pk: [] for child in children}
    for it in Guardianship.objects.now().filter(child__in=guardians).select_related("guardian"):
        guardians[it.child_id].append(it)
    rows = []
    for child in children:
        lights = [states[child.pk, purpose] for purpose in shown]
        rows.append(
            {
                "child": child,
                "guardians": guardians[child.pk],
                "lights": list(zip([Purpose(it).label for it in shown], lights, strict=True)),
                "open": [Purpose(it).label for it, light in zip(shown, lights, strict=True) if light in OPEN],
                "missing": sum(light not in {State.GRANTED, State.NOT_NEEDED} for light in lights),
            }
        )
    return sorted(rows, key=lambda row: (-row["missing"], row["child"].sort_name)), shown
