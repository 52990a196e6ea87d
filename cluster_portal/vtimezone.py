"""VTIMEZONE components with yearly rules.

Outlook reads only DTSTART and RRULE in them and ignores RDATE, which is what libraries write: half of the year would
be off by an hour (decision 022).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

YEARS = 9  # enough to tell "the last Sunday" from "the fourth Sunday"
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Change:
    """A moment at which the clocks of a zone change, in the local time before it."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool


@lru_cache(maxsize=64)
def vtimezone(name: str, year: int) -> Timezone:
    """The zone from the year before `year` on."""
    zone = ZoneInfo(name)
    component = Timezone()
    component.add("tzid", name)
    changes = list(_changes(zone, year - 1))
    kinds: dict[tuple[timedelta, timedelta, str], list[Change]] = {}
    for change in changes:
        kinds.setdefault((change.before, change.after, change.name), []).append(change)
    rules = {kind: _rule(same) for kind, same in kinds.items()}
    if not all(rules.values()):  # the zone changed its mind: every change stands alone, after what held before
        component.add_component(_observance(_state(zone, datetime(year - 1, 1, 1, tzinfo=UTC))))
    for kind, same in kinds.items():
        for change in same[:1] if rules[kind] else same:
            component.add_component(_observance(change, rules[kind]))
    if not changes:
        component.add_component(_observance(_state(zone, datetime(year - 1, 1, 1, tzinfo=UTC))))
    return component


def _changes(zone: ZoneInfo, first_year: int) -> Iterator[Change]:
    at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(first_year + YEARS, 1, 1, tzinfo=UTC)
    while at < end:
        later = at + timedelta(days=1)
        if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            yield _change_between(zone, at, later)
        at = later


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> Change:
    offset = _offset(zone, before)
    while after - before > timedelta(minutes=1):
        middle = (before + (after - before) / 2).replace(second=0, microsecond=0)
        if middle == before:
            break
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    new = after.astimezone(zone)
    local = (after + offset).replace(tzinfo=None)
    return Change(local, offset, _offset(zone, after), new.tzname() or "", bool(new.dst()))


def _state(zone: ZoneInfo, at: datetime) -> Change:
    """What holds from the beginning, written as if it had begun then."""
    local, offset = at.astimezone(zone), _offset(zone, at)
    return Change(at.replace(tzinfo=None), offset, offset, local.tzname() or "", bool(local.dst()))


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _rule(changes: list[Change]) -> dict[str, object]:
    """The yearly rule that all these changes follow, or nothing."""
    same = {(it.local.month, it.local.weekday(), it.local.time()) for it in changes}
    if len(changes) != YEARS or len(same) != 1:
        return {}
    month, weekday, _time = same.pop()
    numbers = {(it.local.day - 1) // 7 + 1 for it in changes}
    is_last = all((it.local + timedelta(days=7)).month != month for it in changes)
    if not is_last and len(numbers) != 1:
        return {}
    number = -1 if is_last else numbers.pop()
    return {"freq": "YEARLY", "bymonth": month, "byday": f"{number}{DAYS[weekday]}"}


def _observance(change: Change, rule: dict[str, object] | None = None) -> TimezoneStandard | TimezoneDaylight:
    part = TimezoneDaylight() if change.is_daylight else TimezoneStandard()
    part.add("dtstart", change.local)
    part.add("tzoffsetfrom", change.before)
    part.add("tzoffsetto", change.after)
    part.add("tzname", change.name)
    if rule:
        part.add("rrule", rule)
    return part
