"""The text of iCalendar messages (RFC 5545, 5546), one UID per message.

Everything but UID, ATTENDEE and DTSTAMP is the same for all people who have been told as often (SEQUENCE), so a message
is written once for the same facts and filled in per person: a run of 2,000 people would keep its row locked for half a
minute otherwise, and each who enrols by themselves a millisecond.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.timezone import now
from icalendar import Calendar, Event, vCalAddress
from icalendar.parser import Contentline, Parameters

from cluster_portal import hooks
from cluster_portal.drawn import Drawn
from cluster_portal.mailtext import harmless
from cluster_portal.vtimezone import vtimezone

if TYPE_CHECKING:
    from cluster_portal.calendar import Occurrence, Plan, Series

PRODUCT = "-//Cluster portal//EN"
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UID, _ATTENDEE, _STAMP = "put-in-per-person", "mailto:put-in-per-person", datetime(1970, 1, 1, tzinfo=UTC)
_STAMPED = "%Y%m%dT%H%M%SZ"
_drafts = Drawn()


class Writer:
    """Writes the messages of one series to people of one status."""

    stamp = _STAMP

    def __init__(self, series: Series, status: str) -> None:
        self.series, self.status = series, status
        self.organizer = _organizer()

    @cached_property
    def facts(self) -> str:
        """A digest of all that the messages of this writer say of the series and of who invites."""
        by = (str(self.organizer), dict(self.organizer.params))
        said = (self.series.digests, self.series.place, self.series.is_busy, self.status, by)
        return hashlib.blake2b(repr(said).encode()).hexdigest()

    def messages(self, plan: Plan) -> list[list[str]]:
        """What to tell one person's calendar: [method, text] each."""
        return [message for uid in plan.sequences if (message := self._message(plan, uid))]

    def _message(self, plan: Plan, uid: str) -> list[str]:
        live, shown, sequence = plan.live(uid), plan.shown(uid), plan.sequences[uid]
        if not live and not shown:
            return []
        about: tuple[Any, ...]
        if not live:
            about = (starts := min(row.starts_at for row in shown),)
            method, events = "CANCEL", partial(self._farewell, starts, sequence)
        elif gone := plan.only_cancelled(uid):
            about = tuple(it.about.public_id for it in gone)
            method, events = "CANCEL", partial(self._without, gone, sequence)
        elif moved := plan.only_moved(uid):
            about = tuple(it.about.public_id for it in moved)
            method, events = "REQUEST", partial(self._moved, moved, sequence)
        else:
            about = tuple(it.about.public_id for it in live)
            method, events = "REQUEST", partial(self._whole, live, sequence)
        kind = events.func.__name__  # a whole series, or only what moved in it: both may name the same meetings
        key = hashlib.blake2b(repr((kind, method, sequence, about, self.facts)).encode()).digest()
        draft = _drafts.get(key)
        if draft is None:
            draft = self._draft(method, events())
            _drafts.keep(key, draft)
        return [method, _filled(draft, uid, plan.person, self.status)]

    def _draft(self, method: str, events: list[Event]) -> str:
        """A message to nobody yet."""
        calendar = Calendar()
        calendar.add("prodid", PRODUCT)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", method)
        calendar.add_component(vtimezone(self.series.zone.key, self.series.occurrences[0].starts_at.year))
        for event in events:
            calendar.add_component(event)
        return "".join(_folded(line) for line in calendar.content_lines() if line)

    def _whole(self, live: list[Occurrence], sequence: int) -> list[Event]:
        """All that a UID says: the recurring event with its exceptions, or one event."""
        if live[0] not in self.series.recurring:
            return [self._event(it, sequence) for it in live]
        return [self._master(live, sequence), *(self._event(it, sequence) for it in live if self._is_exception(it))]

    def _without(self, gone: list[Occurrence], sequence: int) -> list[Event]:
        """What takes single meetings out of a recurring event."""
        return [self._event(it, sequence, cancelled=True) for it in gone]

    def _moved(self, moved: list[Occurrence], sequence: int) -> list[Event]:
        """What moves single meetings of a recurring event."""
        return [self._event(it, sequence) for it in moved]

    def _farewell(self, starts: datetime, sequence: int) -> list[Event]:
        """What takes everything under a UID out of a calendar."""
        return [self._bare(starts, sequence, self.series.title, cancelled=True)]

    def _master(self, live: list[Occurrence], sequence: int) -> Event:
        rule, taken = self.series.weekly, {it.slot for it in live}
        slots = rule.slots()
        event = self._event_at(slots[0], slots[0] + rule.length, sequence, self.series.title, self.series.place)
        event.add("rrule", {"freq": "WEEKLY", "byday": [DAYS[day] for day in rule.weekdays], "until": slots[-1]})
        if off := [self._local(slot) for slot in slots if slot not in taken]:
            event.add("exdate", off)
        return event

    def _is_exception(self, it: Occurrence) -> bool:
        rule = self.series.weekly
        as_planned = it.starts_at == it.slot and it.ends_at - it.starts_at == rule.length
        return not as_planned or it.place not in {"", self.series.place}

    def _event(self, it: Occurrence, sequence: int, cancelled: bool = False) -> Event:
        title = f"{self.series.title}: {it.title}" if it.title else self.series.title
        place = it.place or self.series.place
        event = self._event_at(it.starts_at, it.ends_at, sequence, title, place, cancelled)
        if it in self.series.recurring:
            event.add("recurrence-id", self._local(it.slot))
        return event

    def _event_at(
        self, starts: datetime, ends: datetime, sequence: int, title: str, place: str, cancelled: bool = False
    ) -> Event:
        event = self._bare(starts, sequence, title, cancelled)
        event.add("dtend", self._local(ends))
        event.add("transp", "OPAQUE" if self.series.is_busy else "TRANSPARENT")
        if place:
            event.add("location", harmless(place))
        if self.series.url:
            event.add("url", self.series.url)
            event.add("description", self.series.url)
        return event

    def _bare(self, starts: datetime, sequence: int, title: str, cancelled: bool) -> Event:
        event = Event()
        event.add("uid", _UID)
        event.add("dtstamp", self.stamp)
        event.add("dtstart", self._local(starts))
        event.add("sequence", sequence)
        event.add("status", "CANCELLED" if cancelled else self.status.upper())
        event.add("summary", harmless(title))
        self._name_people(event)
        return event

    def _name_people(self, event: Event) -> None:
        """Who invites, and whom: what makes a message an invitation (RFC 5546). A feed says neither."""
        event.add("organizer", self.organizer)
        event.add("attendee", vCalAddress(_ATTENDEE))

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.series.zone)


def _organizer() -> vCalAddress:
    organizer = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    if name := hooks.sender().name:
        organizer.params["CN"] = str(name)
    return organizer


def _filled(draft: str, uid: str, person: Any, status: str) -> str:
    """A draft with the lines that are a person's own, and the moment of now."""
    own = {
        f"UID:{_UID}": f"UID:{uid}",
        f"ATTENDEE:{_ATTENDEE}": _attendee(person, status),
        f"DTSTAMP:{_STAMP:{_STAMPED}}": f"DTSTAMP:{now():{_STAMPED}}",
    }
    for drafted, line in own.items():
        draft = draft.replace(f"{drafted}\r\n", _folded(line))
    return draft


def _folded(line: str) -> str:
    """A line of at most 75 octets, or several, with its end (RFC 5545, 3.1)."""
    return f"{Contentline(line).to_ical().decode()}\r\n"


def _attendee(person: Any, status: str) -> str:
    """They enrolled themselves, so no answer is asked for, and none comes back to an address that nobody reads."""
    part = {"confirmed": "ACCEPTED", "tentative": "TENTATIVE"}.get(status, "DECLINED")
    words = {"CN": harmless(person.full_name), "ROLE": "REQ-PARTICIPANT", "PARTSTAT": part, "RSVP": "FALSE"}
    return str(Contentline.from_parts("ATTENDEE", Parameters(words), vCalAddress(f"mailto:{person.address}")))
