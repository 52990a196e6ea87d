"""How well a mentor fits a request: what stands in the way, what speaks for it, in numbers. No database.

Walls come first. Most of them nobody can climb: another language, no way of meeting, no place, no clearance for work
with minors until the end of what is asked. Two only keep a mentor out of suggestions, because a coordinator may know
better: whoever was asked for it before and gave no answer, and whoever says nothing of what is asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mentorship.assignment import Question
from mentorship.clearance import is_enough
from mentorship.contest_names import OTHER, SAME, likeness

NOBODY: frozenset[str] = frozenset()


class Wall(Enum):
    """What stands between a request and a mentor."""

    SELF = "self"
    AWAY = "away"
    LANGUAGE = "language"
    FORMAT = "format"
    CLEARANCE = "clearance"
    FULL = "full"
    SAID_NO = "said_no"
    ASKED = "asked"
    UNKNOWN = "unknown"


BY_HAND = frozenset({Wall.ASKED, Wall.UNKNOWN})

# What speaks for a mentor, in points. What they know comes before what can be arranged: days, clocks and time together
# never outweigh that somebody knows the competition.
CONTEST, HELP, DIRECTIONS, DAYS, NEAR, TIME = 40, 18, 18, 6, 6, 6
SAME_INSTITUTION = -8


@dataclass(frozen=True)
class Need:
    """A request, as far as matching goes. `said_no` are mentors with whom it is over, `asked` those who were asked."""

    key: str
    person: str
    languages: frozenset[str]
    formats: frozenset[str]
    needed_from: date
    needed_by: date
    waiting_since: datetime
    contest: str = ""
    help: frozenset[str] = NOBODY
    directions: frozenset[str] = NOBODY
    weekdays: frozenset[int] = frozenset()
    time_zone: str = "UTC"
    with_students: bool = False
    institution: str = ""
    region: str = ""
    said_no: frozenset[str] = NOBODY
    asked: frozenset[str] = NOBODY


@dataclass(frozen=True)
class Offer:
    """A mentor, as far as matching goes."""

    key: str
    person: str
    languages: frozenset[str]
    formats: frozenset[str]
    places: int
    taken: int = 0
    hours: int = 4
    contests: tuple[str, ...] = ()
    help: frozenset[str] = NOBODY
    directions: frozenset[str] = NOBODY
    weekdays: frozenset[int] = frozenset()
    time_zone: str = "UTC"
    cleared_until: date | None = None
    is_active: bool = True
    institutions: frozenset[str] = NOBODY
    regions: frozenset[str] = NOBODY

    @property
    def free(self) -> int:
        """How many requests more they can take."""
        return max(self.places - self.taken, 0)


class Fit(NamedTuple):
    """What speaks for a mentor, without regard to how many others they have."""

    points: int
    contest: str = ""  # as the mentor wrote it
    is_whole_contest: bool = False
    help: frozenset[str] = NOBODY
    directions: frozenset[str] = NOBODY
    days: frozenset[int] = frozenset()
    hours_apart: int = 0
    same_region: bool = False
    same_institution: bool = False


def walls(need: Need, offer: Offer) -> list[Wall]:
    """All that stands between them, the plainest first."""
    return [wall for wall, stands in _STANDS if stands(need, offer)]


def stands_apart(need: Need, offer: Offer) -> bool:
    """Whether anything stands between them: what assigning asks for each of hundreds of thousands of pairs."""
    return any(stands(need, offer) for _wall, stands in _STANDS)


def _lacks_clearance(need: Need, offer: Offer) -> bool:
    return not is_enough(offer.cleared_until, need.with_students, need.needed_by)


def _is_unknown(need: Need, offer: Offer) -> bool:
    return (
        need.help.isdisjoint(offer.help)
        and need.directions.isdisjoint(offer.directions)
        and _contest(need.contest, offer.contests)[0] == OTHER
    )


_STANDS = (
    (Wall.SELF, lambda need, offer: need.person == offer.person),
    (Wall.AWAY, lambda need, offer: not offer.is_active),
    (Wall.LANGUAGE, lambda need, offer: need.languages.isdisjoint(offer.languages)),
    (Wall.FORMAT, lambda need, offer: need.formats.isdisjoint(offer.formats)),
    (Wall.CLEARANCE, _lacks_clearance),
    (Wall.FULL, lambda need, offer: offer.taken >= offer.places),
    (Wall.SAID_NO, lambda need, offer: offer.key in need.said_no),
    (Wall.ASKED, lambda need, offer: offer.key in need.asked),
    (Wall.UNKNOWN, _is_unknown),
)


def fit_of(need: Need, offer: Offer) -> Fit:
    """What speaks for this mentor, and how much."""
    likest, contest = _contest(need.contest, offer.contests)
    help, directions = need.help & offer.help, need.directions & offer.directions
    days = need.weekdays & offer.weekdays
    meets_online = "online" in need.formats and "online" in offer.formats
    apart = hours_apart(need.time_zone, offer.time_zone, need.needed_from)
    same_region = bool(need.region) and need.region in offer.regions
    same_institution = need.institution in offer.institutions
    points = (
        CONTEST * likest // SAME
        + _share(HELP, help, need.help)
        + _share(DIRECTIONS, directions, need.directions)
        + _days(need, offer, days)
        + (max(NEAR - apart, 0) if meets_online else NEAR * same_region)
        + SAME_INSTITUTION * same_institution
    )
    return Fit(points, contest, likest == SAME, help, directions, days, apart, same_region, same_institution)


def time_points(offer: Offer, nth: int) -> int:
    """What the time of a mentor is worth to the nth whom they help: less for each, so that nobody is heaped upon."""
    return min(TIME, offer.hours // nth) - (nth - 1)


def next_points(offer: Offer) -> int:
    """What the time of a mentor is worth to the next whom they help."""
    return time_points(offer, offer.taken + 1)


def points_now(need: Need, offer: Offer) -> int:
    """How good it is to ask this mentor next."""
    return fit_of(need, offer).points + next_points(offer)


def best_first(need: Need, offers: Iterable[Offer]) -> list[Offer]:
    """The mentors to suggest for a request."""
    near = [it for it in offers if not stands_apart(need, it)]
    return sorted(near, key=lambda it: (-points_now(need, it), it.key))


def question_of(
    needs: Sequence[Need], offers: Sequence[Offer], pinned: dict[str, str] | None = None, left: frozenset[str] = NOBODY
) -> Question:
    """What assigning is asked: the longest wait first. Pinned pairs hold their places, what is left out waits."""
    pinned = pinned or {}
    held = {it.key: sum(mentor == it.key for mentor in pinned.values()) for it in offers}
    asking = [it for it in needs if it.key not in pinned and it.key not in left]
    return Question(
        requests=tuple(it.key for it in sorted(asking, key=lambda it: (it.waiting_since, it.key))),
        places={
            it.key: tuple(time_points(it, nth) for nth in range(it.taken + held[it.key] + 1, it.places + 1))
            for it in offers
        },
        worth={
            need.key: {offer.key: fit_of(need, offer).points for offer in offers if not stands_apart(need, offer)}
            for need in asking
        },
    )


@lru_cache(maxsize=100_000)
def hours_apart(first: str, second: str, day: date) -> int:
    """By how many hours the clocks of two zones differ on a day; a half counts as a whole."""
    if first == second:
        return 0
    noon = datetime.combine(day, time(12))
    apart = noon.replace(tzinfo=ZoneInfo(first)) - noon.replace(tzinfo=ZoneInfo(second))
    return -int(-abs(apart.total_seconds()) // 3600)


def _contest(asked: str, known: tuple[str, ...]) -> tuple[int, str]:
    """How well the best of the known competitions answers to the one that is asked for, and its name."""
    best, name = OTHER, ""
    if asked:
        for it in known:
            if (here := likeness(asked, it)) > best:
                best, name = here, it
    return best, name


def _share(points: int, found: frozenset[str], asked: frozenset[str]) -> int:
    return points * len(found) // len(asked) if found else 0


def _days(need: Need, offer: Offer, common: frozenset[int]) -> int:
    """A day on which both have time; half where one of them says that it depends."""
    if common:
        return DAYS
    return 0 if need.weekdays and offer.weekdays else DAYS // 2
