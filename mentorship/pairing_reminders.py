"""A day before each meeting, for those who take part in it and the guardians of minors."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from cluster_portal.models import OutboxMail
from members.models import Cluster
from members.readers import readers_of
from mentorship.meeting_mails import occasion_at
from mentorship.models import Meeting, Pairing
from mentorship.readers import channels_of

TOMORROW = "mentorship/meeting_tomorrow"
TOLD = ("mentorship/meeting_planned", "mentorship/meeting_moved")
AHEAD, LATE = timedelta(hours=24), timedelta(hours=1)  # later than an hour before the start it helps nobody


def due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """Of every meeting that starts a day after the window; not to whoever was told of it within that day."""
    meetings = list(Meeting.objects.starting_between(since + AHEAD, until + AHEAD).with_people().order_by("pk"))
    if not meetings:
        return
    zone = Cluster.current().zone
    channels = channels_of({it.pairing_id: it.pairing for it in meetings}.values())
    readers = readers_of(list({one.pk: one for it in channels.values() for one in it.members}.values()))
    told = _told_since(meetings)
    for it in meetings:
        channel, start = channels[it.pairing_id], it.starts_at
        if channel.must_not_meet_on(start.astimezone(zone).date()):
            continue
        everybody = {one.pk: one for member in channel.members for one in readers[member.pk]}
        for reader in everybody.values():
            if told.get((it.public_id, reader.pk), start - AHEAD) <= start - AHEAD:
                yield WantedMail(TOMORROW, it, reader, occasion_at(start), start - AHEAD, start - LATE, ground=channel)


def _told_since(meetings: Collection[Meeting]) -> dict[tuple[str, int], datetime]:
    """When each reader (by key) was told last of each of these meetings (by public id)."""
    ids, about = [it.public_id for it in meetings], Meeting._meta.label_lower
    rows = OutboxMail.objects.filter(about_model=about, about_id__in=ids, template__in=TOLD).order_by("queued_at", "pk")
    return {(about_id, to): at for about_id, to, at in rows.values_list("about_id", "to", "queued_at")}


def unwanted(mails: QuerySet) -> QuerySet:
    """Reminders of meetings that were moved or cancelled, or whose pairing is ended."""
    wanted = Meeting.objects.planned().filter(
        pairing__state=Pairing.State.ACTIVE, public_id=OuterRef("about_id"), starts_at=OuterRef("not_after") + LATE
    )
    return mails.filter(~Exists(wanted))


register_reminder(Reminder(TOMORROW, due, unwanted))
