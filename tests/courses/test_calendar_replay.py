"""What calendars show after every mail equals what the database says: in order, reordered, doubled, partly lost, over
DST and across zones.
"""

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core import mail as locmem

from cluster_portal.calendar import Status
from cluster_portal.delivery import deliver_due_mail
from cluster_portal.models import CalendarEntry
from courses import actions
from courses.models import Enrolment, Session
from courses.patterns import WeeklyPattern
from tests import factories as make
from tests.rfc5546 import Calendar, Meeting, parse

pytestmark = pytest.mark.django_db
SPRING = WeeklyPattern((1, 3), time(16), 90, date(2027, 3, 2), date(2027, 4, 29), (date(2027, 3, 9),))


@pytest.fixture
def zone():
    return "Europe/Berlin"


@pytest.fixture
def course_of_spring(cast, zone):
    """Tuesdays and Thursdays 16:00, in Berlin over the change of the clocks on 28 March; draft, with one place."""
    run = make.RunFactory(
        state="draft", time_zone=zone, place="Кабинет 12", course__title="Искусственный интеллект на уроке"
    )
    make.PoolFactory(run=run, places=1)
    actions.plan_sessions(run, SPRING, by=cast.coordinator)
    actions.publish_run(run, by=cast.coordinator)
    return run


def sent_messages(person):
    """The calendar objects in the mails that were sent to a person, in order; each stands in its mail twice."""
    deliver_due_mail()
    messages = []
    for mail in locmem.outbox:
        if mail.to == [person.email]:
            parts = [it for it in mail.message().walk() if it.get_content_type() == "text/calendar"]
            files = [it for it in parts if it.get_filename()]
            assert {it.get_payload(decode=True) for it in parts} == {it.get_payload(decode=True) for it in files}
            messages += [it.get_payload(decode=True).decode() for it in files]
    return messages


def shown_after(messages):
    calendar = Calendar()
    for message in messages:
        calendar.take(message)
    return calendar.meetings()


def wanted_of(person):
    """What the sessions of the runs that this person is in say."""
    meetings = set()
    for it in Enrolment.objects.live().filter(person=person).select_related("run"):
        status = Status.CONFIRMED if it.state == "confirmed" else Status.TENTATIVE
        for session in it.run.sessions.planned():
            uid = CalendarEntry.objects.get(person=person, about_id=session.public_id).uid
            place = session.place or it.run.place
            meetings.add(Meeting(uid, session.starts_at, session.ends_at, status.value, place))
    return meetings


def entries_of(person):
    entries = CalendarEntry.objects.filter(person=person).exclude(status=Status.CANCELLED)
    return {(it.uid, it.starts_at, it.ends_at, it.status) for it in entries}


def assert_equal_in_any_order(person, seed=0):
    messages, wanted = sent_messages(person), wanted_of(person)
    assert shown_after(messages) == wanted
    assert entries_of(person) == {(it.uid, it.starts_at, it.ends_at, it.status) for it in wanted}
    dice = random.Random(seed)
    assert shown_after(reversed(messages)) == wanted
    for _ in range(5):
        doubled = messages + dice.choices(messages, k=len(messages))
        dice.shuffle(doubled)
        assert shown_after(doubled) == wanted
        assert shown_after(without_some(messages, dice)) == wanted


def without_some(messages, dice):
    """Half of the messages that a later one overtakes are lost: of the same meeting, or of the whole series."""
    kept, overtaken = [], set()
    for message in reversed(messages):
        meetings = {(it.value("UID"), it.value("RECURRENCE-ID")) for it in parse(message).named("VEVENT")}
        if not all(it in overtaken or (it[0], "") in overtaken for it in meetings) or dice.random() < 0.5:
            kept.append(message)
            overtaken |= meetings
    return kept[::-1]


def move(session, by, **change):
    starts_at = change.get("starts_at", session.starts_at)
    return actions.move_session(session, starts_at, starts_at + timedelta(minutes=90), by=by, **change.get("words", {}))


def test_enrolling_shows_one_recurring_event_by_the_wall_clock(course_of_spring, cast):
    actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    (message,) = sent_messages(cast.teacher)
    shown = shown_after([message])
    assert len(shown) == 17
    assert {it.starts_at.astimezone(course_of_spring.zone).time() for it in shown} == {time(16)}
    assert {it.starts_at.time() for it in shown} == {time(15), time(14)}
    assert len({it.uid for it in shown}) == 1
    assert_equal_in_any_order(cast.teacher)


def test_enrol_move_cancel_leave_ends_with_an_empty_calendar(course_of_spring, cast):
    enrolment = actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    assert_equal_in_any_order(cast.teacher)
    second, fifth = list(course_of_spring.sessions.all())[1:5:3]
    move(second, cast.coordinator, starts_at=second.starts_at + timedelta(days=1, hours=2))
    assert_equal_in_any_order(cast.teacher)
    actions.cancel_session(fifth, by=cast.coordinator)
    assert_equal_in_any_order(cast.teacher)
    actions.cancel_enrolment(enrolment, by=cast.teacher)
    assert wanted_of(cast.teacher) == set()
    assert_equal_in_any_order(cast.teacher)


def test_moving_there_and_back_ends_where_it_began(course_of_spring, cast):
    actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    before = shown_after(sent_messages(cast.teacher))
    session = course_of_spring.sessions.all()[9]
    start = session.starts_at
    move(session, cast.coordinator, starts_at=start + timedelta(hours=3))
    assert shown_after(sent_messages(cast.teacher)) != before
    move(Session.objects.get(pk=session.pk), cast.coordinator, starts_at=start)
    assert shown_after(sent_messages(cast.teacher)) == before
    assert_equal_in_any_order(cast.teacher)


def test_only_the_moved_session_travels(course_of_spring, cast):
    """Outlook takes a moved meeting only without the rest of the series beside it (decision 023)."""
    actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    session = course_of_spring.sessions.all()[3]
    move(session, cast.coordinator, starts_at=session.starts_at + timedelta(hours=1))
    text = sent_messages(cast.teacher)[-1]
    assert (text.count("BEGIN:VEVENT"), text.count("RECURRENCE-ID"), text.count("RRULE:FREQ=WEEKLY")) == (1, 1, 0)
    assert ("METHOD:REQUEST" in text, "SEQUENCE:1" in text) == (True, True)


def test_cancelled_session_is_a_cancel_of_that_meeting(course_of_spring, cast):
    actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    actions.cancel_session(course_of_spring.sessions.all()[3], by=cast.coordinator)
    text = sent_messages(cast.teacher)[-1]
    assert ("METHOD:CANCEL" in text, "STATUS:CANCELLED" in text, text.count("RECURRENCE-ID")) == (True, True, 1)


def test_session_outside_of_the_pattern_is_an_event_of_its_own(course_of_spring, cast):
    actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    start = datetime(2027, 5, 8, 9, tzinfo=UTC)
    extra = actions.add_session(course_of_spring, start, start + timedelta(hours=2), by=cast.coordinator, title="Зачёт")
    assert len(sent_messages(cast.teacher)) == 2
    assert len({it.uid for it in wanted_of(cast.teacher)}) == 2
    assert_equal_in_any_order(cast.teacher)
    move(extra, cast.coordinator, starts_at=start + timedelta(days=1), words={"place": "Зал"})
    assert_equal_in_any_order(cast.teacher)
    actions.cancel_session(Session.objects.get(pk=extra.pk), by=cast.coordinator)
    assert_equal_in_any_order(cast.teacher)


def test_queue_is_tentative_until_the_place_is_taken(course_of_spring, cast):
    first = actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    second = actions.enrol(course_of_spring, cast.colleague, by=cast.colleague)
    assert {it.status for it in shown_after(sent_messages(cast.colleague))} == {"tentative"}
    actions.cancel_enrolment(first, by=cast.teacher)
    actions.accept_offer(second, by=cast.colleague)
    assert {it.status for it in shown_after(sent_messages(cast.colleague))} == {"confirmed"}
    assert_equal_in_any_order(cast.colleague)


def test_late_comer_sees_the_run_as_it_is(course_of_spring, cast):
    sessions = list(course_of_spring.sessions.all())
    move(sessions[2], cast.coordinator, starts_at=sessions[2].starts_at + timedelta(hours=2))
    actions.cancel_session(sessions[0], by=cast.coordinator)
    actions.cancel_session(sessions[5], by=cast.coordinator)
    actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    assert len(shown_after(sent_messages(cast.teacher))) == 15
    assert_equal_in_any_order(cast.teacher)


def test_who_comes_back_keeps_the_uid_with_a_higher_sequence(course_of_spring, cast):
    enrolment = actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    uid = CalendarEntry.objects.filter(person=cast.teacher).first().uid
    actions.cancel_enrolment(enrolment, by=cast.teacher)
    actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    entries = CalendarEntry.objects.filter(person=cast.teacher)
    assert set(entries.values_list("uid", "sequence", "status")) == {(uid, 2, "confirmed")}
    assert_equal_in_any_order(cast.teacher)


def test_other_place_changes_every_meeting(course_of_spring, cast):
    actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    actions.change_run(course_of_spring, by=cast.coordinator, place="Актовый зал")
    assert {it.location for it in shown_after(sent_messages(cast.teacher))} == {"Актовый зал"}
    assert_equal_in_any_order(cast.teacher)


@pytest.mark.parametrize(
    ("zone", "seed"), [*(("Europe/Berlin", n) for n in range(6)), ("Asia/Seoul", 6), ("Asia/Seoul", 7)]
)
def test_any_history_in_any_order(course_of_spring, cast, seed):
    """A random history of moves, cancellations, extra sessions, leaving and coming back, read in Moscow."""
    dice = random.Random(seed)
    type(cast.teacher).objects.filter(pk=cast.teacher.pk).update(time_zone="Europe/Moscow")
    enrolment = actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
    deliver_due_mail()
    for step in range(10):
        planned = list(course_of_spring.sessions.planned())
        session = dice.choice(planned)
        match dice.randrange(6):
            case 0 | 1:
                at = session.starts_at + timedelta(minutes=dice.choice([-45, 100, 1440 + 200]))
                move(session, cast.coordinator, starts_at=at)
            case 2:
                move(
                    session,
                    cast.coordinator,
                    starts_at=session.slot or session.starts_at,
                    words={"place": f"Зал {step}"},
                )
            case 3:
                actions.cancel_session(session, by=cast.coordinator)
            case 4:
                start = datetime(2027, 6, 1 + step, 12, tzinfo=UTC)
                actions.add_session(course_of_spring, start, start + timedelta(hours=1), by=cast.coordinator)
            case 5:
                actions.cancel_enrolment(enrolment, by=cast.teacher)
                deliver_due_mail()
                enrolment = actions.enrol(course_of_spring, cast.teacher, by=cast.teacher)
        deliver_due_mail()
    assert_equal_in_any_order(cast.teacher, seed)
