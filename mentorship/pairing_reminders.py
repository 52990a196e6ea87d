"""A day before each meeting, for those who take part in it and the guardians of minors."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from members.readers import readers_of_all
from mentorship.actions.meetings import is_blocked
from mentorship.meeting_mails import occasion_at
from mentorship.models import Meeting, Pairing
from mentorship.readers import channel_of

TOMORROW = "mentorship/meeting_tomorrow"
AHEAD, LATE = timedelta(hours=24), timedelta(hours=1)  # later than an hour before the start it helps nobody


def due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """Of every meeting that starts a day after the window."""
    meetings = Meeting.objects.starting_between(since + AHEAD, until + AHEAD).select_related(
        "pairing__mentor__person", "pairing__request__by", "pairing__request__affiliation__institution"
    )
    for it in meetings.order_by("pk"):
        channel, start = channel_of(it.pairing), it.starts_at
        if is_blocked(channel, start):
            continue
        for reader in readers_of_all(channel.members):
            yield WantedMail(TOMORROW, it, reader, occasion_at(start), start - AHEAD, start - LATE)


def unwanted(mails: QuerySet) -> QuerySet:
    """Reminders of meetings that were moved or cancelled, or whose pairing is ended."""
    wanted = Meeting.objects.planned().filter(
        pairing__state=Pairing.State.ACTIVE, public_id=OuterRef("about_id"), starts_at=OuterRef("not_after") + LATE
    )
    return mails.filter(~Exists(wanted))


register_reminder(Reminder(TOMORROW, due, unwanted))
