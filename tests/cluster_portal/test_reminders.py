"""Reminders: they follow the sessions, come once, and are gone when nobody wants them any more."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail as locmem
from django.core.management import CommandError, call_command
from django.db import connection

from cluster_portal import reminders
from cluster_portal.delivery import deliver_due_mail
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import hold_mail
from cluster_portal.reminders import queue_due_reminders
from courses import actions
from courses.models import Enrolment, Session
from tests import factories as make

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 2, 13, tzinfo=UTC)  # 16:00 in Moscow
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def clock():
    with time_machine.travel(START - 3 * DAY, tick=False) as clock:
        yield clock


@pytest.fixture
def session(clock):
    run = make.RunFactory(online_link="https://meet.example.net/room", course__title="AI Tools")
    return make.SessionFactory(run=run, starts_at=START, ends_at=START + HOUR)


@pytest.fixture
def enrolment(session):
    return make.EnrolmentFactory(run=session.run)


def beat(clock, at):
    """What beat and worker do at a time."""
    clock.move_to(at)
    queue_due_reminders()
    return deliver_due_mail()


def subjects():
    return [mail.subject for mail in locmem.outbox]


def test_reminders_come_a_day_and_an_hour_ahead_once(clock, enrolment):
    sent = [
        beat(clock, START + offset)
        for offset in (-2 * DAY, -DAY - MINUTE, -DAY, -DAY + HOUR, -HOUR - MINUTE, -HOUR, HOUR)
    ]
    assert sent == [0, 0, 1, 0, 0, 1, 0]
    assert subjects() == [
        "Be ready on Tuesday 2 March 2027, 13:00 (UTC): AI Tools",
        "Join at 13:00 (UTC): AI Tools starts in an hour",
    ]


def test_reminder_names_run_place_and_time_in_the_readers_zone(clock, session):
    make.EnrolmentFactory(run=session.run, person__time_zone="Europe/Moscow")
    beat(clock, START - DAY)
    body = locmem.outbox[0].ready.get_body(("plain",)).get_content()
    assert "AI Tools (spring 2027) starts on Tuesday 2 March 2027, 16:00 (Moscow time, UTC+03:00)" in body
    assert "Place: Room 5" in body
    assert "meet.example.net" not in body


def test_where_one_joins_is_put_in_at_sending_and_never_stored(clock, session):
    make.EnrolmentFactory(run=session.run, pool=make.PoolFactory(run=session.run, sort="online"))
    queue_due_reminders(START - 2 * HOUR)
    beat(clock, START - HOUR)
    text = locmem.outbox[-1].ready.get_body(("plain",)).get_content()
    assert ("/join/" in text, "meet.example.net" in text) == (True, False)
    assert not OutboxMail.objects.filter(body_text__contains="/join/").exists()


def test_only_those_online_are_told_of_the_joining_link_the_others_of_the_place(clock, session):
    run = session.run
    told = {}
    for sort in ("room", "online"):
        make.EnrolmentFactory(run=run, pool=make.PoolFactory(run=run, sort=sort), person__email=f"{sort}@example.org")
    for offset in (-DAY, -HOUR):
        assert beat(clock, START + offset) == 2
        for mail in locmem.outbox[-2:]:
            told[mail.to[0], offset] = text = mail.ready.get_body(("plain",)).get_content()
            assert ("Place: Room 5" in text) == (mail.to == ["room@example.org"])
    link, phrase = "/join/", "the joining link"
    assert {key for key, text in told.items() if phrase in text} == {("online@example.org", -DAY)}
    assert {key for key, text in told.items() if link in text} == {("online@example.org", -HOUR)}


def test_joining_link_is_not_put_in_for_who_has_moved_into_the_room(clock, session):
    online = make.PoolFactory(run=session.run, sort="online")
    enrolment = make.EnrolmentFactory(run=session.run, pool=online)
    queue_due_reminders(START - HOUR)
    Enrolment.objects.filter(pk=enrolment.pk).update(pool=make.PoolFactory(run=session.run))
    beat(clock, START - HOUR)
    assert "/join/" not in locmem.outbox[-1].ready.get_body(("plain",)).get_content()


@pytest.mark.parametrize("state", ["waiting", "offered", "cancelled"])
def test_who_has_no_place_is_not_reminded(clock, session, state):
    make.EnrolmentFactory(run=session.run, state=state)
    assert queue_due_reminders(START - DAY) == (0, 0)


@pytest.mark.parametrize("facts", [{"run__state": "draft"}, {"run__state": "cancelled"}, {"state": "cancelled"}])
def test_nothing_that_does_not_take_place_is_reminded_of(clock, facts):
    session = make.SessionFactory(starts_at=START, ends_at=START + HOUR, **facts)
    make.EnrolmentFactory(run=session.run)
    assert queue_due_reminders(START - DAY) == (0, 0)


def test_reminders_follow_a_session_that_is_moved_and_moved_back(clock, session, enrolment):
    beat(clock, START - 30 * HOUR)
    move(session, START + 5 * HOUR)
    assert queue_due_reminders() == (1, 1)
    move(session, START)
    assert queue_due_reminders() == (1, 1)
    sent = [beat(clock, START + offset) for offset in (-DAY, -DAY + 5 * HOUR, -HOUR, 4 * HOUR)]
    assert sent == [1, 0, 1, 0]


def test_move_after_the_reminder_went_gives_a_new_one(clock, session, enrolment):
    assert beat(clock, START - DAY) == 1
    move(session, START + 2 * DAY)
    assert beat(clock, START - HOUR) == 0
    assert beat(clock, START + DAY) == 1
    move(session, START + 3 * DAY)
    move(session, START + 2 * DAY)
    assert queue_due_reminders()[0] == 0  # that time has been reminded of
    assert beat(clock, START + 2 * DAY - HOUR) == 1


def test_reminder_of_a_moved_session_is_not_sent_before_beat_has_looked(clock, session, enrolment):
    """still_due catches what changed since the reminder was queued."""
    queue_due_reminders(START - DAY)
    move(session, START + 9 * HOUR)
    clock.move_to(START - DAY)
    assert deliver_due_mail() == 0
    assert [mail.state for mail in OutboxMail.objects.filter(template="courses/reminder_day")] == ["cancelled"]


def test_cancelling_and_leaving_cancel_the_reminder(clock, session, enrolment):
    other = make.EnrolmentFactory(run=session.run)
    assert queue_due_reminders(START - DAY) == (4, 0)
    Enrolment.objects.filter(pk=enrolment.pk).update(state="cancelled")
    assert queue_due_reminders(START - DAY) == (0, 2)
    actions.cancel_session(session, by=other.person)
    assert queue_due_reminders(START - DAY) == (0, 2)
    assert OutboxMail.objects.filter(template__startswith="courses/reminder").unfinished().count() == 0


def test_guardians_are_reminded_of_each_child_and_no_more_once_it_left(clock, session):
    """The reminder to a guardian has the child in its occasion: it is looked up, and sent, for that child."""
    guardian = make.PersonFactory()
    children = [make.GuardianshipFactory(guardian=guardian).child for _ in range(2)]
    enrolments = [make.EnrolmentFactory(run=session.run, person=child) for child in children]
    assert queue_due_reminders(START - DAY) == (4, 0)
    assert {mail.to for mail in OutboxMail.objects.filter(template__startswith="courses/reminder")} == {guardian}
    assert queue_due_reminders(START - DAY) == (0, 0)
    Enrolment.objects.filter(pk=enrolments[0].pk).update(state="cancelled")
    assert queue_due_reminders(START - DAY) == (0, 2)


def test_who_is_no_guardian_any_more_is_not_reminded(clock, session):
    tie = make.GuardianshipFactory()
    make.EnrolmentFactory(run=session.run, person=tie.child)
    queue_due_reminders(START - DAY)
    tie.ended_at = START - 2 * DAY
    tie.save()
    assert queue_due_reminders(START - DAY) == (0, 2)


def test_held_reminder_is_not_written_again(clock, session, enrolment):
    queue_due_reminders(START - DAY)
    hold_mail(OutboxMail.objects.get(template="courses/reminder_day"), by=enrolment.person)
    assert queue_due_reminders(START - DAY) == (0, 0)


def test_reminder_put_back_by_a_busy_server_stays_wanted(clock, session, enrolment):
    queue_due_reminders(START - DAY)
    OutboxMail.objects.filter(template="courses/reminder_day").update(not_before=START - DAY + 17 * MINUTE)
    assert queue_due_reminders(START - DAY + MINUTE) == (0, 0)


def test_what_fell_due_while_nobody_looked_is_sent_as_long_as_it_helps(clock, session, enrolment):
    assert beat(clock, START - 5 * HOUR) == 1
    assert beat(clock, START + MINUTE) == 0


def test_queries_grow_with_batches_not_with_people(clock, session, django_assert_max_num_queries, monkeypatch):
    make.EnrolmentFactory(run=session.run)
    queue_due_reminders(START - DAY)  # from now on mail of each kind waits, and is looked through
    make.EnrolmentFactory.create_batch(3, run=session.run)
    with django_assert_max_num_queries(90) as few:
        queue_due_reminders(START - DAY)
    make.EnrolmentFactory.create_batch(40, run=session.run)
    with django_assert_max_num_queries(90) as many:
        queue_due_reminders(START - DAY)
    assert len(many) == len(few)
    with django_assert_max_num_queries(90) as repeated:
        assert queue_due_reminders(START - DAY) == (0, 0)
    assert len(repeated) < len(few)


def test_command_queues_for_a_time_and_prints_how_many(session, enrolment, capsys):
    call_command("queue_reminders", "--at", "2027-03-01T16:00+03:00")
    assert capsys.readouterr().out == "2 reminders queued, 0 cancelled.\n"
    with pytest.raises(CommandError, match="not an ISO time"):
        call_command("queue_reminders", "--at", "yesterday")


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_queue_each_reminder_once():
    session = make.SessionFactory(starts_at=START, ends_at=START + HOUR)
    make.EnrolmentFactory.create_batch(30, run=session.run)
    barrier, queued = threading.Barrier(4), []

    def one():
        try:
            barrier.wait()
            queued.append(reminders.queue_due_reminders(START - DAY)[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert (sum(queued), OutboxMail.objects.count()) == (60, 60)


def move(session, starts_at):
    Session.objects.filter(pk=session.pk).update(starts_at=starts_at, ends_at=starts_at + HOUR)
