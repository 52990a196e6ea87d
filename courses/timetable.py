"""Sessions by day and hour, by the wall clock of one zone: the week and the timetable of the programme."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.timezone import get_current_timezone

from cluster_portal.zones import zone_name
from courses.models import Session
from courses.words import CLOCK, date_format

WEEK, MONTH = 7, 28


@dataclass(frozen=True)
class Entry:
    """One session as a timetable shows it; `own` is when it begins for a reader in another zone."""

    session: Session
    starts_at: datetime
    ends_at: datetime
    own: str = ""

    @property
    def clock(self) -> str:
        """From when to when."""
        return f"{date_format(self.starts_at, CLOCK)}–{date_format(self.ends_at, CLOCK)}"


@dataclass(frozen=True)
class Block:
    """Sessions of one day that touch the same hours, one through another: from which row of the week, over how many."""

    entries: list[Entry]
    row: int
    rows: int


@dataclass(frozen=True)
class Day:
    """One day with its sessions; `blocks` says where they stand among the hours that the week shows."""

    day: date
    entries: list[Entry]
    is_today: bool
    blocks: list[Block]


@dataclass(frozen=True)
class Stretch:
    """Some days of the programme: from which day, how many, in which zone."""

    first: date
    length: int
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), self.zone)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.after, time(), self.zone)

    @property
    def before(self) -> date:
        """The first day of the stretch before."""
        return self.first - timedelta(days=self.length)

    @property
    def after(self) -> date:
        """The first day of the stretch after."""
        return self.first + timedelta(days=self.length)

    @property
    def last(self) -> date:
        return self.after - timedelta(days=1)


def week_of(day: date, zone: ZoneInfo) -> Stretch:
    """The week, from its Monday, in which a day lies."""
    return Stretch(day - timedelta(days=day.weekday()), WEEK, zone)


def weeks_from(day: date, zone: ZoneInfo) -> Stretch:
    """Four weeks from a day on."""
    return Stretch(day, MONTH, zone)


def days_of(stretch: Stretch, sessions: Iterable[Session], today: date) -> tuple[list[Day], list[str]]:
    """Every day of a stretch with its sessions, and the hours from the first beginning to the last end."""
    entries = [_entry(session, stretch.zone) for session in sessions]
    by_day = {day: list(rows) for day, rows in groupby(entries, key=lambda it: it.starts_at.date())}
    spans = [_hours_of(it) for it in entries]
    hours = range(min(it.start for it in spans), max(it.stop for it in spans)) if spans else range(0)
    days = [stretch.first + timedelta(days=number) for number in range(stretch.length)]
    shown = [_day(day, by_day.get(day, []), hours, today) for day in days]
    return shown, [date_format(time(hour), CLOCK) for hour in hours]


def _day(day: date, entries: list[Entry], hours: range, today: date) -> Day:
    return Day(day, entries, day == today, _blocks(entries, hours.start))


def _blocks(entries: list[Entry], first: int) -> list[Block]:
    """Sessions in the order of time; what begins before the hours of those above are over stands with them."""
    blocks: list[tuple[list[Entry], range]] = []
    for it in entries:
        span = _hours_of(it)
        if blocks and span.start < blocks[-1][1].stop:
            together, known = blocks.pop()
            blocks.append(([*together, it], range(known.start, max(known.stop, span.stop))))
        else:
            blocks.append(([it], span))
    return [Block(together, span.start - first + 1, len(span)) for together, span in blocks]


def _hours_of(it: Entry) -> range:
    """The hours of its day that a session touches; what ends on another day ends with its own."""
    if it.ends_at.date() != it.starts_at.date():
        return range(it.starts_at.hour, 24)
    last = it.ends_at - timedelta(microseconds=1)
    return range(it.starts_at.hour, last.hour + 1)


def _entry(session: Session, zone: ZoneInfo) -> Entry:
    starts_at, ends_at = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    own = session.starts_at.astimezone(get_current_timezone())
    if own.utcoffset() == starts_at.utcoffset():
        return Entry(session, starts_at, ends_at)
    day = "" if own.date() == starts_at.date() else f"{date_format(own, 'j E')}, "
    return Entry(session, starts_at, ends_at, f"{day}{date_format(own, CLOCK)} {zone_name()}")
