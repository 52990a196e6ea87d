"""Calendars that programs read again and again (RFC 5545), with the UIDs that mailed invitations have.

A feed has no METHOD and names nobody: it says how things stand, and whoever subscribes replaces what they had.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.timezone import now
from icalendar import Calendar, Event, vDuration, vText

from cluster_portal import hooks
from cluster_portal.calendar import Occurrence, Series, Status
from cluster_portal.ics import PRODUCT, Writer
from cluster_portal.links import absolute
from cluster_portal.mailtext import harmless
from cluster_portal.vtimezone import vtimezone

READ_AGAIN_AFTER = timedelta(hours=1)
PUBLIC_SECONDS = 900


@dataclass(frozen=True)
class Shown:
    """What a feed says under one UID: these meetings of a series; `since` is when they were last laid down."""

    uid: str
    series: Series
    meetings: Sequence[Occurrence]
    since: datetime
    status: str = Status.CONFIRMED
    sequence: int = 0


class FeedWriter(Writer):
    """Writes the events of one UID, the same at every reading: with a DTSTAMP of now nothing could be cached."""

    def __init__(self, shown: Shown) -> None:
        super().__init__(shown.series, shown.status)
        self.shown, self.stamp = shown, shown.since.astimezone(UTC)

    def events(self) -> list[Event]:
        """The recurring event with its exceptions, or one event."""
        events = self._whole(list(self.shown.meetings), self.shown.sequence)
        for event in events:
            event["uid"] = vText(self.shown.uid)
            event.add("last-modified", self.stamp)
        return events

    def _name_people(self, event: Event) -> None:
        """Nobody."""


def feed(name: str, everything: Iterable[Shown]) -> bytes:
    """The text of a feed."""
    shown = list(everything)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for field in ("NAME", "X-WR-CALNAME"):
        calendar.add(field, harmless(name))
    calendar.add("REFRESH-INTERVAL", READ_AGAIN_AFTER, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", vDuration(READ_AGAIN_AFTER).to_ical().decode())
    # A calendar without any part is none (RFC 5545, 3.6): an empty one tells its zone.
    for zone, year in sorted(_zones(shown).items()) or [(hooks.sender().zone.key, now().year)]:
        calendar.add_component(vtimezone(zone, year))
    for one in shown:
        for event in FeedWriter(one).events():
            calendar.add_component(event)
    return calendar.to_ical(sorted=False)


def _zones(shown: Iterable[Shown]) -> dict[str, int]:
    """Each zone with the first year that its rules must tell."""
    years: dict[str, int] = {}
    for one in shown:
        year = min(it.starts_at.year for it in one.series.occurrences)
        years[one.series.zone.key] = min(year, years.get(one.series.zone.key, year))
    return years


def webcal_address(path: str) -> str:
    """The address of a feed by which a calendar program subscribes to it."""
    return f"webcal:{absolute(path).partition(':')[2]}"


def feed_response(request: HttpRequest, text: bytes, is_public: bool) -> HttpResponse:
    """A feed as an answer: "not changed" for whoever has it already; only what is public may be kept by others."""
    etag = f'"{hashlib.sha256(text).hexdigest()[:32]}"'
    answer = get_conditional_response(request, etag=etag) or HttpResponse(
        text, content_type="text/calendar; charset=utf-8"
    )
    answer.headers["ETag"] = etag
    answer.headers["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}" if is_public else "private, no-cache"
    return answer
