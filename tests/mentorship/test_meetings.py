"""Meetings: planned by the clocks of one zone, in the calendars of all who take part, and only with a clearance."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.feeds import feed
from cluster_portal.models import CalendarEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from cluster_portal.outbox import queue_mails
from mentorship import actions
from mentorship.actions.students import leave_student
from mentorship.feeds import meetings_of
from mentorship.models import Meeting, Pairing
from mentorship.pairing_reminders import due, unwanted
from tests import factories as make
from tests.mentorship import factories as mentoring

pytestmark = pytest.mark.django_db


@pytest.fixture
def pairing(cast):
    request = mentoring.MentorRequestFactory(
        affiliation=cast.teacher.affiliations.get(), state="paired", with_students=True
    )
    return mentoring.PairingFactory(request=request)


@pytest.fixture
def mentor(pairing):
    return pairing.mentor.person


def in_days(days, hour=13):
    return datetime.combine(localdate() + timedelta(days=days), datetime.min.time(), UTC) + timedelta(hours=hour)


def plan(pairing, by, days=7, hour=13, **facts):
    start = in_days(days, hour)
    wanted = {"time_zone": "Asia/Seoul", "place": "", "online_link": "https://meet.example.net/1"} | facts
    start = wanted.pop("starts_at", start)
    return actions.plan_meeting(pairing, by, start, wanted.pop("ends_at", start + timedelta(hours=1)), **wanted)


def child_in(pairing, **facts):
    student = mentoring.PairingStudentFactory(pairing=pairing, **facts)
    return student, student.person.guarded_by.get().guardian


def mails(template):
    rows = OutboxMail.objects.filter(template=f"mentorship/{template}").order_by("to")
    return [it.to_id for it in rows]


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def test_everybody_who_takes_part_gets_it_into_the_calendar_and_guardians_are_told(cast, pairing, mentor):
    student, guardian = child_in(pairing)
    meeting = plan(pairing, mentor)
    entries = CalendarEntry.objects.filter(about_id=meeting.public_id, status="confirmed")
    assert set(entries.values_list("person", flat=True)) == {mentor.pk, cast.teacher.pk, student.person_id}
    assert mails("meeting_planned") == sorted([cast.teacher.pk, mentor.pk, guardian.pk])
    with_calendar = {it.to_id for it in OutboxMail.objects.all() if it.calendar}
    assert with_calendar == {mentor.pk, cast.teacher.pk}
    assert OutboxMail.objects.get(to=guardian).subject.startswith("Let Ilya keep")


def test_a_mail_holds_no_joining_link(pairing, mentor):
    plan(pairing, mentor)
    assert not any("meet.example.net" in it.body_text + str(it.calendar) for it in OutboxMail.objects.all())


def test_whoever_is_not_in_yet_is_not_invited(pairing, mentor):
    student, guardian = child_in(pairing, state="asked")
    plan(pairing, mentor)
    assert guardian.pk not in mails("meeting_planned")
    assert not CalendarEntry.objects.filter(person=student.person).exists()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"days": -1}, "The meeting would begin in the past."),
        ({"ends_at": in_days(6)}, "The meeting ends before it begins."),
        ({"ends_at": in_days(9)}, "A meeting lasts 12 hours at most."),
        ({"days": 500}, "This is more than a year away."),
    ],
)
def test_wrong_times_have_their_sentence(pairing, mentor, facts, said):
    assert refused(plan, pairing, mentor, **facts).startswith(said)
    assert (Meeting.objects.count(), OutboxMail.objects.count()) == (0, 0)


def test_a_pair_is_not_at_two_meetings_at_once(pairing, mentor):
    plan(pairing, mentor)
    start = in_days(7) + timedelta(minutes=30)
    said = refused(plan, pairing, mentor, starts_at=start, ends_at=start + timedelta(hours=1))
    assert said.startswith("You meet already at that time.")


@pytest.mark.django_db(transaction=True)
def test_two_who_plan_the_same_hour_at_once_have_one_meeting(cast, pairing, mentor, together):
    done = together(lambda: plan(pairing, mentor), lambda: plan(pairing, cast.teacher))
    assert sorted(done) == ["done", "refused"]
    assert Meeting.objects.count() == 1


def test_no_meeting_with_minors_after_the_clearance(cast, pairing, mentor):
    child_in(pairing)
    pairing.mentor.clearance_until = localdate() + timedelta(days=5)
    pairing.mentor.save()
    assert refused(plan, pairing, cast.teacher, days=7).startswith("The mentor’s clearance for work with minors holds")
    plan(pairing, cast.teacher, days=3)


def test_two_adults_meet_without_a_clearance(pairing, mentor):
    pairing.mentor.clearance_until = None
    pairing.mentor.save()
    assert plan(pairing, mentor).state == "planned"


def test_a_meeting_for_which_the_clearance_is_gone_is_cancelled_and_all_are_told(cast, pairing, mentor):
    _student, guardian = child_in(pairing)
    near, later = plan(pairing, mentor, starts_at=now() + timedelta(hours=25)), plan(pairing, mentor, days=20)
    pairing.mentor.clearance_until = localdate() - timedelta(days=1)
    pairing.mentor.save()
    assert (actions.cancel_what_is_blocked(now()), actions.cancel_what_is_blocked(now())) == (1, 0)
    assert (Meeting.objects.get(pk=near.pk).state, Meeting.objects.get(pk=later.pk).state) == ("cancelled", "planned")
    assert mails("meeting_blocked") == sorted([mentor.pk, cast.teacher.pk, guardian.pk])


def test_moving_tells_everybody_and_raises_the_sequence(cast, pairing, mentor):
    meeting = plan(pairing, mentor)
    start = in_days(8)
    changed = actions.move_meeting(meeting, cast.teacher, start, start + timedelta(hours=1), place="Room 5")
    assert sorted(changed) == ["ends_at", "place", "starts_at"]
    assert mails("meeting_moved") == sorted([mentor.pk, cast.teacher.pk])
    assert set(CalendarEntry.objects.values_list("sequence", flat=True)) == {1}


def test_saving_a_meeting_unchanged_tells_nobody(pairing, mentor):
    meeting = plan(pairing, mentor)
    assert actions.move_meeting(meeting, mentor, meeting.starts_at, meeting.ends_at) == []
    assert mails("meeting_moved") == []


def test_a_meeting_that_has_begun_is_not_moved_nor_cancelled_once_over(pairing, mentor):
    meeting = plan(pairing, mentor, days=1)
    with time_machine.travel(meeting.starts_at + timedelta(minutes=5)):
        later = now() + timedelta(days=2)
        said = refused(actions.move_meeting, meeting, mentor, later, later + timedelta(hours=1))
        assert said.startswith("This meeting has begun")
    with time_machine.travel(meeting.ends_at):
        assert refused(actions.cancel_meeting, meeting, mentor).startswith("This meeting is over")


def test_cancelling_takes_it_out_of_the_calendars(cast, pairing, mentor):
    meeting = plan(pairing, mentor)
    actions.cancel_meeting(meeting, cast.teacher)
    assert (meeting.state, mails("meeting_cancelled")) == ("cancelled", sorted([mentor.pk, cast.teacher.pk]))
    assert set(CalendarEntry.objects.values_list("status", flat=True)) == {"cancelled"}
    start = in_days(9)
    said = refused(actions.move_meeting, meeting, mentor, start, start + timedelta(hours=1))
    assert said == "This meeting was cancelled. Plan a new one instead."


def test_whoever_leaves_is_out_of_the_calendar_and_comes_back_into_it(cast, pairing, mentor):
    student, guardian = child_in(pairing, person__email="ilya@example.org")
    mentoring.MentorApprovalFactory(student=student, by=guardian)
    meeting = plan(pairing, mentor)
    leave_student(student, by=cast.teacher)
    entry = CalendarEntry.objects.get(person=student.person)
    assert (entry.status, mails("meeting_left")) == ("cancelled", [student.person_id])
    group = make.GroupFactory(institution=cast.school)
    group.keepers.add(cast.teacher)
    make.GroupMemberFactory(group=group, person=student.person)
    actions.add_students(pairing, [student.person], by=cast.teacher)
    student.refresh_from_db()
    actions.approve_student(student, by=guardian)
    entry.refresh_from_db()
    assert (entry.about_id, entry.status, student.state) == (meeting.public_id, "confirmed", "approved")


def test_a_meeting_stands_in_ones_own_calendar_and_that_of_the_guardian_with_the_name(cast, pairing, mentor):
    _student, guardian = child_in(pairing)
    plan(pairing, mentor)
    shown = {person: [it.series.title for it in meetings_of(person)] for person in (mentor, guardian, cast.contact)}
    title = f"Mentoring: {pairing.request.title}"
    assert shown == {mentor: [title], guardian: [f"Ilya: {title}"], cast.contact: []}


def test_a_moved_meeting_is_newer_in_the_calendar_and_has_the_sequence_of_the_mail(pairing, mentor):
    with time_machine.travel(now(), tick=False) as clock:
        meeting = plan(pairing, mentor)
        (before,) = meetings_of(mentor)
        clock.shift(timedelta(hours=2))
        start = in_days(9)
        actions.move_meeting(meeting, mentor, start, start + timedelta(hours=1))
        (after,) = meetings_of(mentor)
        entry = CalendarEntry.objects.get(person=mentor)
        assert (before.sequence, after.sequence, after.uid) == (0, entry.sequence, before.uid)
        assert (entry.sequence, after.since - before.since) == (1, timedelta(hours=2))
        assert f"LAST-MODIFIED:{now():%Y%m%dT%H%M%SZ}" in feed("Dates", [after]).decode()


def reminded(at, minutes=1):
    return [(it.to, it.about) for it in due(at - timedelta(minutes=minutes), at)]


def test_a_day_ahead_all_are_reminded_once(cast, pairing, mentor):
    _student, guardian = child_in(pairing)
    meeting = plan(pairing, mentor)
    at = meeting.starts_at - timedelta(hours=24)
    assert {person for person, _meeting in reminded(at)} == {mentor, cast.teacher, guardian}
    assert reminded(at + timedelta(minutes=5)) == []


def test_nobody_is_reminded_of_what_cannot_take_place(pairing, mentor):
    child_in(pairing)
    meeting = plan(pairing, mentor)
    pairing.mentor.clearance_until = localdate()
    pairing.mentor.save()
    assert reminded(meeting.starts_at - timedelta(hours=24)) == []


def test_a_reminder_of_a_moved_meeting_is_unwanted(pairing, mentor):
    meeting = plan(pairing, mentor)
    at = meeting.starts_at - timedelta(hours=24)
    queue_mails(due(at - timedelta(minutes=1), at))
    rows = OutboxMail.objects.filter(template="mentorship/meeting_tomorrow")
    assert (rows.count(), unwanted(rows).count()) == (2, 0)
    actions.move_meeting(meeting, mentor, in_days(8), in_days(8, 14))
    assert unwanted(rows).count() == 2
    assert not any(hooks.mail_kinds[it.template].still_due(it) for it in rows)


def test_a_meeting_is_planned_by_the_clocks_of_its_zone(cast, client, pairing, mentor):
    client.force_login(mentor)
    day = localdate() + timedelta(days=7)
    client.post(
        f"{pairing.get_absolute_url()}meetings/",
        {"starts_at": f"{day}T19:00", "ends_at": f"{day}T20:30", "time_zone": "Asia/Seoul", "place": "Room 5"},
    )
    meeting = Meeting.objects.get()
    assert meeting.starts_at == datetime(day.year, day.month, day.day, 19, tzinfo=ZoneInfo("Asia/Seoul"))
    assert (meeting.time_zone, meeting.place) == ("Asia/Seoul", "Room 5")


ALLOWED = {("mentor", "planned"): {"cancel"}, ("teacher", "planned"): {"cancel"}}


@pytest.mark.parametrize("state", [it.value for it in Meeting.State])
@pytest.mark.parametrize("role", ["mentor", "teacher", "student", "guardian", "coordinator", "contact", "outsider"])
def test_moves_by_role_and_state(role, state, cast, pairing, mentor):
    student, guardian = child_in(pairing)
    person = {"mentor": mentor, "student": student.person, "guardian": guardian}.get(role) or getattr(cast, role)
    meeting = mentoring.MeetingFactory(pairing=Pairing.objects.get(), state=state)
    assert set(available_moves(person, meeting)) == ALLOWED.get((role, state), set())


def test_the_end_of_a_pairing_cancels_no_meeting_that_goes_on(cast, pairing, mentor):
    child_in(pairing)
    going_on = mentoring.MeetingFactory(pairing=pairing, starts_at=now() - timedelta(minutes=5), ends_at=in_days(1))
    later = mentoring.MeetingFactory(pairing=pairing, starts_at=in_days(3), ends_at=in_days(3, 14))
    actions.complete_pairing(pairing, by=cast.teacher)
    going_on.refresh_from_db()
    later.refresh_from_db()
    assert (going_on.state, later.state) == ("planned", "cancelled")
    assert {it.about_id for it in OutboxMail.objects.filter(template="mentorship/meeting_cancelled")} == {
        later.public_id
    }
