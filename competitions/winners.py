"""What came of a competition, for everybody: the places, whose they are, where the plan can be read."""

from dataclasses import dataclass

from competitions.concealing import conceal
from competitions.library import may_be_named
from competitions.models import Competition, Entry, Plan
from members.consent import unpublishable

SHOWN = [Entry.Place.FIRST, Entry.Place.SECOND, Entry.Place.THIRD, Entry.Place.LAUREATE]


@dataclass(frozen=True)
class Winner:
    """An entry with its place. `authors` names only who may be named, `institutions` where they work.

    `url` is the plan in the library, when it stands there.
    """

    entry: Entry
    place: str
    url: str
    authors: tuple[str, ...]
    institutions: tuple[str, ...]


def winners_of(competition: Competition) -> list[Winner]:
    """Entries with a place of a decided competition, by nomination, the best first; not those that only took part."""
    if not competition.is_decided:
        return []
    entries = competition.entries.admitted().filter(place__in=SHOWN).with_parts().select_related("plan")
    rank = {place: number for number, place in enumerate(SHOWN)}
    rows = sorted(entries, key=lambda it: (*_nomination(it), rank[it.place], it.title))
    conceal(rows)
    people = {one.person_id for it in rows for one in _confirmed(it)}
    hidden = unpublishable(people)
    return [_winner(it, hidden) for it in rows]


def _nomination(it: Entry) -> tuple[int, int]:
    """Where the nomination of an entry stands among the others."""
    return (it.nomination.position, it.nomination.pk) if it.nomination else (0, 0)


def _winner(it: Entry, hidden: set[int]) -> Winner:
    authors = _confirmed(it)
    named = tuple(one.person.full_name for one in authors if may_be_named(one, hidden))
    where = dict.fromkeys(one.affiliation.institution.name for one in authors if one.affiliation)
    plan = getattr(it, "plan", None)
    url = plan.get_absolute_url() if plan and plan.state == Plan.State.PUBLISHED else ""
    return Winner(it, str(it.get_place_display()), url, named, tuple(where))


def _confirmed(it: Entry) -> list:
    return [one for one in it.authorships.all() if one.state == "confirmed"]
