"""The meetings of a pairing as they stand in people's calendars (cluster_portal/calendar.py)."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from cluster_portal.calendar import Messages, Occurrence, Series, Status, keep_entries
from cluster_portal.links import absolute
from members.models import Person
from mentorship.models import Meeting


def series_of(meeting: Meeting, name: str = "") -> Series:
    """A meeting as a calendar says it; the joining link stands on the page only. `name` is that of one's child."""
    title = _("Mentoring: %(title)s") % {"title": meeting.pairing.request.title}
    if name:
        title = _("%(name)s: %(what)s") % {"name": name, "what": title}
    occurrence = Occurrence(
        about=meeting,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        cancelled=meeting.state == Meeting.State.CANCELLED,
    )
    url = absolute(meeting.pairing.get_absolute_url())
    return Series(meeting, title, meeting.zone, (occurrence,), url, meeting.place)


def told(meeting: Meeting, people: Iterable[Person]) -> dict[int, Messages]:
    """Bring these calendars to what the meeting says now: person → what to tell."""
    return keep_entries(series_of(meeting), list(people), Status.CONFIRMED)


def taken_out(meeting: Meeting, people: Iterable[Person]) -> dict[int, Messages]:
    """Take the meeting out of these calendars: person → what to tell."""
    return keep_entries(series_of(meeting), list(people), Status.CANCELLED)
