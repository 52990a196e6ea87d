"""Meetings of a pairing: planned, moved, cancelled; each change goes into the calendars of all who take part."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.calendar import Messages
from cluster_portal.hooks import WantedMail
from cluster_portal.models import CalendarEntry
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import queue_mails
from members.models import Person
from members.readers import readers_of
from mentorship import calendars
from mentorship.actions.kept import keep_words
from mentorship.actions.one_by_one import each
from mentorship.channels import Access
from mentorship.locks import lock_pairing, lock_under_way_of, lock_with_mentor
from mentorship.models import Meeting, Pairing, PairingStudent, TakenBack
from mentorship.readers import Channel, channel_of, why_not_cleared

LONGEST = timedelta(hours=12)
FARTHEST = timedelta(days=400)
MOST_AHEAD = 60
NOTICE = timedelta(hours=24)  # guardians are told before, not after
LOOKS_AHEAD = timedelta(hours=48)  # the beat that cancels what nobody has settled
NOT_CLEARED = gettext_noop("the mentor is not cleared for work with minors on that day")
ALONE = gettext_noop("the teacher is not at the school, and the mentor does not meet minors alone")


@transaction.atomic
def plan_meeting(pairing: Pairing, by: Person, starts_at: datetime, ends_at: datetime, **facts: Any) -> Meeting:
    """Plan a meeting; whoever takes part gets it into their calendar, and guardians of minors are told."""
    it = lock_with_mentor(pairing)
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
    channel, it = _locked(meeting, lock=lock_with_mentor)
    channel.refuse_unless(by, Access.PLAN)
    if it.state != Meeting.State.PLANNED:
        raise Refused(_("This meeting was cancelled. Plan a new one instead."))
    wanted = {"starts_at": starts_at, "ends_at": ends_at, **facts}
    changed = [name for name, value in wanted.items() if getattr(it, name) != value]
    if changed:
        _refuse_change(channel, it, by, wanted, changed)
        _keep_place(channel, it, by)
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


def cancel_all_ahead(channel: Channel, by: Person | None) -> None:
    """Cancel what a locked pairing has planned and not begun: nobody who sits there is told not to come.

    The mail that it is ended says so; each calendar is told here.
    """
    pairing = channel.pairing
    for it in pairing.meetings.not_begun(now()).select_for_update(no_key=True).order_by("pk"):
        it.pairing = pairing
        _cancel(channel, it, by)


def cancel_what_is_blocked(at: datetime) -> int:
    """Cancel the meetings of the next days, and those that go on, that must not take place; how many."""
    return _cancel_blocked(Meeting.objects.of_pairings_under_way().ahead(at).filter(starts_at__lte=at + LOOKS_AHEAD))


def settle_meetings(person: Person) -> int:
    """Cancel at once whatever must not take place any more in the pairings of a mentor or a teacher; how many.

    For the action that takes a clearance away or keeps somebody out: nobody waits for the beat, however near or far
    the meeting is.
    """
    theirs = lock_under_way_of(person)  # a meeting that somebody plans right now is seen once they are through
    return _cancel_blocked(Meeting.objects.of_pairings_under_way().ahead(now()).filter(pairing__in=theirs))


def _cancel_blocked(meetings: QuerySet[Meeting]) -> int:
    with_students = Exists(PairingStudent.objects.approved().filter(pairing=OuterRef("pairing")))
    rows = meetings.filter(with_students).select_related("pairing").order_by("pairing", "pk")
    return each(rows, _cancelled_if_blocked)


@transaction.atomic
def _cancelled_if_blocked(meeting: Meeting) -> bool:
    channel, it = _locked(meeting)
    if it.state != Meeting.State.PLANNED or not channel.must_not_meet(it.starts_at):
        return False
    _cancel(channel, it, None, NOT_CLEARED if channel.facts.is_accompanied else ALONE)
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
    queue_mails(
        WantedMail(template, meeting, it, occasion, calendar=news.get(it.pk, ()), ground=channel)
        for it in everybody.values()
    )


def _cancel(channel: Channel, meeting: Meeting, by: Person | None, reason: str = "") -> None:
    make_move(meeting, "cancel", by=by, reason=reason)
    _keep_place(channel, meeting, by or meeting.planned_by)
    people = _whose_calendar_has(meeting, channel.members)
    template = "mentorship/meeting_blocked" if reason in {NOT_CLEARED, ALONE} else "mentorship/meeting_cancelled"
    tell_of_meeting(channel, meeting, template, calendars.told(meeting, people), only=people)


def _whose_calendar_has(meeting: Meeting, members: Collection[Person]) -> list[Person]:
    """Who takes part, and whoever has the meeting in their calendar: a suspended person, a student who is out."""
    rows = CalendarEntry.objects.filter(about_model=meeting._meta.label_lower, about_id=meeting.public_id)
    live = rows.exclude(status=CalendarEntry.Status.CANCELLED).values("person")
    others = Person.objects.filter(pk__in=live).exclude(pk__in=[it.pk for it in members])
    return [*members, *others.order_by("pk")]


def _keep_place(channel: Channel, meeting: Meeting, by: Person) -> None:
    """Keep when and where a meeting was planned: guardians were told, and minors may have come."""
    before = Meeting.objects.get(pk=meeting.pk)
    when = before.starts_at.astimezone(before.zone).strftime("%Y-%m-%d %H:%M")
    keep_words(channel, TakenBack.Kind.PLACE, "\n".join([when, before.place, before.online_link]), by)


def _locked(meeting: Meeting, lock: Callable[[Pairing], Pairing] = lock_pairing) -> tuple[Channel, Meeting]:
    """The pairing first, then its meeting."""
    pairing = lock(meeting.pairing)
    it = Meeting.objects.select_for_update(no_key=True, of=("self",)).get(pk=meeting.pk)
    it.pairing = pairing
    return channel_of(pairing), it


def _refuse_change(channel: Channel, meeting: Meeting, by: Person, wanted: dict[str, Any], changed: list[str]) -> None:
    """Refuse a change that the meeting cannot have: who may not meet says no other place either."""
    starts_at = wanted["starts_at"]
    if {"starts_at", "ends_at"} & set(changed):
        if meeting.starts_at <= now():
            raise Refused(_("This meeting has begun, so its time stays. Plan a new one, or write it into the log."))
        _refuse_wrong_times(channel, starts_at, wanted["ends_at"], but=meeting)
    _refuse_blocked(channel, starts_at)
    is_near = channel.has_minors and starts_at < now() + NOTICE
    if is_near and "place" in changed and by.pk != channel.facts.teacher:
        raise Refused(
            _("Guardians know the place, and the meeting is less than a day away. Ask the teacher to change it.")
        )


def _refuse_wrong_times(channel: Channel, starts_at: datetime, ends_at: datetime, but: Meeting | None = None) -> None:
    if ends_at <= starts_at:
        raise Refused(_("The meeting ends before it begins. Correct its end."))
    if ends_at - starts_at > LONGEST:
        raise Refused(_("A meeting lasts 12 hours at most. Correct its end."))
    if starts_at <= now():
        raise Refused(_("The meeting would begin in the past. Choose a later time, or write it into the log."))
    if starts_at > now() + FARTHEST:
        raise Refused(_("This is more than a year away. Choose an earlier day."))
    _refuse_blocked(channel, starts_at)
    is_new = but is None or starts_at != but.starts_at
    if channel.has_minors and is_new and starts_at < now() + NOTICE:
        raise Refused(_("Minors take part, and their guardians are told a day before. Choose a time a day from now."))
    others = channel.pairing.meetings.planned().exclude(pk=but.pk if but else None)
    if others.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
        raise Refused(_("You meet already at that time. Choose another one, or move that meeting."))


def _refuse_blocked(channel: Channel, starts_at: datetime) -> None:
    if channel.must_not_meet(starts_at):
        raise Refused(channel.why_not_meet or why_not_cleared(channel.pairing))
