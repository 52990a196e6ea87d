"""Meetings of a pairing: planned, moved, cancelled; each change goes into the calendars of all who take part."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.calendar import Messages
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import queue_mails
from members.models import Cluster, Person
from members.readers import readers_of
from mentorship import calendars
from mentorship.channels import Access
from mentorship.locks import lock_pairing
from mentorship.models import Meeting, Mentor, Pairing
from mentorship.readers import Channel, channel_of, is_cleared, why_not_cleared

LONGEST = timedelta(hours=12)
FARTHEST = timedelta(days=400)
MOST_AHEAD = 60
NOT_CLEARED = gettext_noop("the mentor is not cleared for work with minors on that day")
MAILED = {"starts_at", "ends_at", "time_zone", "place", "online_link"}


@transaction.atomic
def plan_meeting(pairing: Pairing, by: Person, starts_at: datetime, ends_at: datetime, **facts: Any) -> Meeting:
    """Plan a meeting; whoever takes part gets it into their calendar, and guardians of minors are told."""
    it = lock_pairing(pairing)
    channel = channel_of(it)
    channel.refuse_unless(by, Access.PLAN)
    if it.meetings.ahead(now()).count() >= MOST_AHEAD:
        raise Refused(_("60 meetings are planned already. Hold some of them first."))
    _refuse_wrong_times(channel, starts_at, ends_at)
    meeting = it.meetings.create(starts_at=starts_at, ends_at=ends_at, planned_by=by, **facts)
    meeting.pairing = it
    Pairing.objects.filter(pk=it.pk).update(nudged_at=None, stalled_at=None)
    record("mentorship.meeting.add", meeting, by=by, starts_at=starts_at, ends_at=ends_at)
    tell_of_meeting(channel, meeting, "mentorship/meeting_planned", calendars.told(meeting, channel.members))
    return meeting


@transaction.atomic
def move_meeting(meeting: Meeting, by: Person, starts_at: datetime, ends_at: datetime, **facts: Any) -> list[str]:
    """Move a meeting to another time or place; return what changed. Everybody is told."""
    channel, it = _locked(meeting)
    channel.refuse_unless(by, Access.PLAN)
    if it.state != Meeting.State.PLANNED:
        raise Refused(_("This meeting was cancelled. Plan a new one instead."))
    wanted = {"starts_at": starts_at, "ends_at": ends_at, **facts}
    changed = [name for name, value in wanted.items() if getattr(it, name) != value]
    if {"starts_at", "ends_at"} & set(changed):
        if it.starts_at <= now():
            raise Refused(_("This meeting has begun, so its time stays. Plan a new one, or write it into the log."))
        _refuse_wrong_times(channel, starts_at, ends_at, but=it)
    for name in changed:
        setattr(it, name, wanted[name])
    if changed:
        it.save(update_fields=changed)
        record_changes("mentorship.meeting.move", it, by=by, changed=changed)
        news = calendars.told(it, channel.members)
        tell_of_meeting(channel, it, "mentorship/meeting_moved", news, occasion=now().isoformat())
    return changed


@transaction.atomic
def cancel_meeting(meeting: Meeting, by: Person | None, reason: str = "") -> None:
    """Cancel a meeting that is not over; everybody is told, and it leaves their calendars."""
    channel, it = _locked(meeting)
    if it.ends_at <= now():
        raise Refused(_("This meeting is over, so it cannot be cancelled any more."))
    _cancel(channel, it, by, reason)
    meeting.refresh_from_db()


def cancel_all_ahead(pairing: Pairing, by: Person | None) -> None:
    """Cancel what a locked pairing has planned; the mail that it is ended says so, each calendar is told here."""
    channel = channel_of(pairing)
    for it in pairing.meetings.ahead(now()).select_for_update(no_key=True).order_by("pk"):
        it.pairing = pairing
        _cancel(channel, it, by)


def cancel_what_is_blocked(at: datetime, within: timedelta = timedelta(hours=48)) -> int:
    """Cancel the meetings of the next days in which minors would meet a mentor who is not cleared then; how many."""
    near = Meeting.objects.of_pairings_under_way().ahead(at).filter(starts_at__lte=at + within)
    return _cancel_blocked(near)


def cancel_blocked_of(mentor: Mentor) -> int:
    """The same of all that one mentor has planned, as soon as something about them has changed; how many."""
    return _cancel_blocked(Meeting.objects.of_pairings_under_way().ahead(now()).filter(pairing__mentor=mentor))


def _cancel_blocked(meetings: QuerySet[Meeting]) -> int:
    rows = meetings.filter(pairing__students__state="approved").distinct()
    return sum(_cancelled_if_blocked(it) for it in rows.select_related("pairing").order_by("pairing", "pk"))


@transaction.atomic
def _cancelled_if_blocked(meeting: Meeting) -> bool:
    channel, it = _locked(meeting)
    if it.state != Meeting.State.PLANNED or not is_blocked(channel, it.starts_at):
        return False
    _cancel(channel, it, None, NOT_CLEARED)
    return True


def join_meetings(pairing: Pairing, person: Person) -> None:
    """Put what is planned into the calendar of a student who takes part from now on. The caller holds the pairing."""
    channel = channel_of(pairing)
    for it in pairing.meetings.ahead(now()) if person in channel.members else ():
        it.pairing = pairing
        if any((news := calendars.told(it, [person])).values()):
            occasion = now().isoformat()
            tell_of_meeting(channel, it, "mentorship/meeting_planned", news, occasion, only=[person])


def leave_meetings(pairing: Pairing, person: Person) -> bool:
    """Take what is planned out of the calendar of a student who takes part no more; whether anything stood there.

    The caller holds the pairing.
    """
    had_some = False
    for it in pairing.meetings.ahead(now()):
        it.pairing = pairing
        if news := calendars.taken_out(it, [person]).get(person.pk):
            had_some = True
            occasion = now().isoformat()
            queue_mails([WantedMail("mentorship/meeting_left", it, person, occasion, calendar=news)])
    return had_some


def tell_of_meeting(
    channel: Channel,
    meeting: Meeting,
    template: str,
    news: dict[int, Messages],
    occasion: str = "",
    only: Collection[Person] | None = None,
) -> None:
    """One mail to each who takes part, with what their calendar needs, and to guardians of those who are minors."""
    people = channel.members if only is None else list(only)
    readers = readers_of(people)
    everybody = {it.pk: it for person in people for it in readers[person.pk]}
    queue_mails(WantedMail(template, meeting, it, occasion, calendar=news.get(it.pk, ())) for it in everybody.values())


def _cancel(channel: Channel, meeting: Meeting, by: Person | None, reason: str = "") -> None:
    make_move(meeting, "cancel", by=by, reason=reason)
    news = calendars.told(meeting, channel.members)
    template = "mentorship/meeting_blocked" if reason == NOT_CLEARED else "mentorship/meeting_cancelled"
    tell_of_meeting(channel, meeting, template, news)


def _locked(meeting: Meeting) -> tuple[Channel, Meeting]:
    """The pairing first, then its meeting."""
    pairing = lock_pairing(meeting.pairing)
    it = Meeting.objects.select_for_update(no_key=True, of=("self",)).get(pk=meeting.pk)
    it.pairing = pairing
    return channel_of(pairing), it


def _refuse_wrong_times(channel: Channel, starts_at: datetime, ends_at: datetime, but: Meeting | None = None) -> None:
    if ends_at <= starts_at:
        raise Refused(_("The meeting ends before it begins. Correct its end."))
    if ends_at - starts_at > LONGEST:
        raise Refused(_("A meeting lasts 12 hours at most. Correct its end."))
    if starts_at <= now():
        raise Refused(_("The meeting would begin in the past. Choose a later time, or write it into the log."))
    if starts_at > now() + FARTHEST:
        raise Refused(_("This is more than a year away. Choose an earlier day."))
    if is_blocked(channel, starts_at):
        raise Refused(why_not_cleared(channel.pairing))
    others = channel.pairing.meetings.planned().exclude(pk=but.pk if but else None)
    if others.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise Refused(_("You meet already at that time. Choose another one, or move that meeting."))


def is_blocked(channel: Channel, starts_at: datetime) -> bool:
    """Whether minors would meet a mentor who is not cleared on the day."""
    day = starts_at.astimezone(Cluster.current().zone).date()
    return channel.has_minors and not is_cleared(channel.pairing, day)
