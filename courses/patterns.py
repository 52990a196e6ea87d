"""From a weekly pattern to sessions, by the wall clock of the run's zone."""

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

LONGEST_DAYS = 731


@dataclass(frozen=True)
class WeeklyPattern:
    """Which days of the week (0 is Monday), from when to when, and which days not."""

    weekdays: tuple[int, ...]
    start_time: time
    minutes: int
    first_day: date
    last_day: date
    days_off: tuple[date, ...] = ()

    @property
    def is_too_long(self) -> bool:
        """Whether it lasts longer than anybody plans."""
        return (self.last_day - self.first_day).days > LONGEST_DAYS

    def days(self) -> Iterator[date]:
        """The days on which there is a session."""
        for offset in range((self.last_day - self.first_day).days + 1):
            day = self.first_day + timedelta(days=offset)
            if day.weekday() in self.weekdays and day not in self.days_off:
                yield day

    def sessions(self, zone: zoneinfo.ZoneInfo) -> list[tuple[datetime, datetime]]:
        """Start and end of each session, in UTC: 16:00 stays 16:00 when the clocks change."""
        starts = [
            datetime.combine(day, self.start_time, zone).astimezone(zoneinfo.ZoneInfo("UTC")) for day in self.days()
        ]
        return [(start, start + timedelta(minutes=self.minutes)) for start in starts]
