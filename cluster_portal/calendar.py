"""What stands in people's calendars: one UID per person and thing, in mail, feed and page alike.

`keep_entries` brings the entries of some people to what a series of meetings says now, and returns the iCalendar
messages (RFC 5546) that tell their calendars; `ics.py` writes their text. Decisions 020 to 023 say what the clients
out there need.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from cluster_portal.ics import Writer
from cluster_portal.models import CalendarEntry
from cluster_portal.prepared import AnyOf, Given, prepared

Status = CalendarEntry.Status
Messages = list[list[str]]
ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Occurrence:
    """One meeting. `slot` is the instant at which the weekly pattern has it, None when it is outside of the pattern."""

    about: Any
    starts_at: datetime
    ends_at: datetime
    slot: datetime | None = None
    title: str = ""
    place: str = ""
    cancelled: bool = False


@dataclass(frozen=True)
class Weekly:
    """The rule behind the slots of a series: these days of the week at this time by the wall clock of its zone."""

    weekdays: tuple[int, ...]
    start: time
    length: timedelta
    first_day: date
    last_day: date
    zone: ZoneInfo

    def slots(self) -> list[datetime]:
        """Every instant the rule names, whether a meeting takes place then or not."""
        days = (self.first_day + timedelta(number) for number in range((self.last_day - self.first_day).days + 1))
        return [self._instant(day) for day in days if day.weekday() in self.weekdays]

    def _instant(self, day: date) -> datetime:
        return datetime.combine(day, self.start, self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Series:
    """The meetings of one thing (`about`), in the zone in which they are planned."""

    about: Any
    title: str
    zone: ZoneInfo
    occurrences: tuple[Occurrence, ...]
    url: str = ""
    place: str = ""
    is_busy: bool = True  # whether whoever has it in their calendar has no time for something else then

    @cached_property
    def rule(self) -> Weekly | None:
        """The weekly rule that the slots follow: their commonest time of day and length; None without slots."""
        slotted = [it for it in self.occurrences if it.slot]
        if not slotted:
            return None
        starts = Counter(it.slot.astimezone(self.zone).time() for it in slotted if it.slot)
        lengths = Counter(it.ends_at - it.starts_at for it in slotted)
        start = starts.most_common(1)[0][0]
        days = sorted(
            local.date() for it in slotted if it.slot and (local := it.slot.astimezone(self.zone)).time() == start
        )
        weekdays = tuple(sorted({day.weekday() for day in days}))
        return Weekly(weekdays, start, lengths.most_common(1)[0][0], days[0], days[-1], self.zone)

    @property
    def weekly(self) -> Weekly:
        """The rule of a series that has recurring meetings."""
        if self.rule is None:
            raise ValueError(f"{self.title} has no weekly pattern.")
        return self.rule

    @cached_property
    def recurring(self) -> tuple[Occurrence, ...]:
        """The meetings that one recurring event can say."""
        slots = set(self.rule.slots()) if self.rule else set()
        recurring = tuple(it for it in self.occurrences if it.slot in slots)
        return recurring if len(recurring) > 1 else ()

    @cached_property
    def single(self) -> tuple[Occurrence, ...]:
        """The meetings that need an event of their own."""
        recurring = {it.about.public_id for it in self.recurring}
        return tuple(it for it in self.occurrences if it.about.public_id not in recurring)

    @cached_property
    def groups(self) -> dict[str, tuple[Occurrence, ...]]:
        """What shares a UID: the public id that the UID is made of → its meetings."""
        groups = {self.about.public_id: self.recurring} if self.recurring else {}
        return groups | {it.about.public_id: (it,) for it in self.single}

    @cached_property
    def digests(self) -> dict[str, str]:
        """Per meeting, a short digest of what a calendar says about it."""
        return {it.about.public_id: self._digest(it) for it in self.occurrences}

    def _digest(self, it: Occurrence) -> str:
        place = it.place or self.place
        said = (self.title, self.zone.key, self.url, it.title, place, it.slot, it.starts_at, it.ends_at)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def uid_of(thing: str, person: Any) -> str:
    """The UID of a thing (its public id) in the calendar of a person. No host in it: the portal may move."""
    return f"{thing}-{person.public_id}@cluster-portal"


def keep_entries(series: Series, people: Sequence[Any], status: str) -> dict[int, Messages]:
    """Bring these people's entries to what the series says now; return what to tell each (by key of the person).

    `status` is tentative or confirmed for those who take part, cancelled for those who left. What has not changed
    is neither written nor told. The caller holds the lock of what the series is about.
    """
    if not people:
        return {}
    known = _known(series, people)
    plans = [Plan(series, person, status, known.get(person.pk, {})) for person in people]
    rows = [row for plan in plans for row in plan.rows()]
    CalendarEntry.objects.bulk_create(
        rows,
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["person", "about_model", "about_id"],
        update_fields=["uid", "sequence", "status", "starts_at", "ends_at", "digest"],
    )
    writer = Writer(series, status)
    return {plan.person.pk: writer.messages(plan) for plan in plans}


def _known(series: Series, people: Sequence[Any]) -> dict[int, dict[str, CalendarEntry]]:
    """The entries that these people have of this series: person → public id of the meeting → entry."""
    if not series.occurrences:
        return {}
    model = series.occurrences[0].about._meta.label_lower
    ids = [it.about.public_id for it in series.occurrences]
    uids = [uid_of(series.about.public_id, person) for person in people]
    keys = [person.pk for person in people]
    found: dict[int, dict[str, CalendarEntry]] = {}
    for entry in _entries_of(people=keys, model=model, ids=ids, uids=uids):
        found.setdefault(entry.person_id, {})[entry.about_id] = entry
    return found


class Plan:
    """What changes in one person's calendar: which UIDs, with which new SEQUENCE, in which rows."""

    def __init__(self, series: Series, person: Any, status: str, known: dict[str, CalendarEntry]) -> None:
        self.series, self.person, self.status, self.known = series, person, status, known
        self.wanted = {uid_of(thing, person): group for thing, group in series.groups.items()}
        self.sequences = {uid: self._next_sequence(uid) for uid in self._changed_uids()}

    def rows(self) -> list[CalendarEntry]:
        """The entries to write."""
        meetings = ((uid, it) for uid in self.sequences for it in self.wanted.get(uid, ()))
        return [self._row(it, uid) for uid, it in meetings if it.about.public_id in self.known or not self.is_off(it)]

    def is_off(self, it: Occurrence) -> bool:
        """Whether this meeting does not stand in this person's calendar."""
        return it.cancelled or self.status == Status.CANCELLED

    def live(self, uid: str) -> list[Occurrence]:
        """What the calendar shows under this UID from now on."""
        return [it for it in self.wanted.get(uid, ()) if not self.is_off(it)]

    def shown(self, uid: str) -> list[CalendarEntry]:
        """What the calendar has shown under this UID until now."""
        return [row for row in self.known.values() if row.uid == uid and row.status != Status.CANCELLED]

    def only_cancelled(self, uid: str) -> list[Occurrence]:
        """The meetings that this change takes out of a UID, when it changes nothing else there; else none."""
        changed = self._changed(uid)
        return changed if self._all_known(uid) and all(it.cancelled for it in changed) else []

    def only_moved(self, uid: str) -> list[Occurrence]:
        """The meetings of a recurring event that this change moves, when others stay as they are; else none.

        Outlook takes a moved meeting only when it comes alone, as Outlook and Google send it themselves.
        """
        changed, live = self._changed(uid), self.live(uid)
        some = len(changed) < len(live) and not any(it.cancelled for it in changed)
        return changed if some and self._all_known(uid) else []

    def _changed(self, uid: str) -> list[Occurrence]:
        return [it for it in self.wanted[uid] if self._differs(it, uid)]

    def _all_known(self, uid: str) -> bool:
        """Whether the calendar has shown under this UID just what it is to show, and what is cancelled now."""
        shown = {row.about_id for row in self.shown(uid)}
        here = {it.about.public_id for it in self.wanted[uid] if it in self._changed(uid) or not self.is_off(it)}
        return shown == here

    def _changed_uids(self) -> list[str]:
        changed = [uid for uid, group in self.wanted.items() if any(self._differs(it, uid) for it in group)]
        uid_now = {it.about.public_id: uid for uid, group in self.wanted.items() for it in group}
        left = [row.uid for key, row in self.known.items() if row.uid != uid_now.get(key) and self.shown(row.uid)]
        return list(dict.fromkeys(changed + left))

    def _differs(self, it: Occurrence, uid: str) -> bool:
        row = self.known.get(it.about.public_id)
        if self.is_off(it):  # nobody needs to hear of a meeting that was cancelled before they came
            return row is not None and row.status != Status.CANCELLED
        said = (row.uid, row.status, row.digest) if row else None
        return said != (uid, self.status, self.series.digests[it.about.public_id])

    def _next_sequence(self, uid: str) -> int:
        """One more than this UID ever had; a meeting that comes over from another UID brings its own along."""
        ids = {it.about.public_id for it in self.wanted.get(uid, ())}
        used = [row.sequence for row in self.known.values() if row.uid == uid or row.about_id in ids]
        return max(used) + 1 if used else 0

    def _row(self, it: Occurrence, uid: str) -> CalendarEntry:
        return CalendarEntry(
            person=self.person,
            about_model=it.about._meta.label_lower,
            about_id=it.about.public_id,
            uid=uid,
            sequence=self.sequences[uid],
            status=Status.CANCELLED if it.cancelled else self.status,
            starts_at=it.starts_at,
            ends_at=it.ends_at,
            digest=self.series.digests[it.about.public_id],
        )


@prepared
def _entries_of(people: Given, model: Given, ids: Given, uids: Given) -> QuerySet:
    mine = Q(AnyOf("about_id", ids), about_model=model) | Q(AnyOf("uid", uids))
    return CalendarEntry.objects.filter(AnyOf("person", people), mine).order_by("pk")
