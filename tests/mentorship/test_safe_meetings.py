"""Minors meet a mentor only when he is cleared, the teacher is there, and guardians knew a day before."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate, now

from cluster_portal import hooks
from cluster_portal.models import CalendarEntry, OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.reminders import queue_due_reminders
from members.actions.people import restore_person, suspend_person
from mentorship import actions, calendars
from mentorship.models import Meeting, Pairing
from mentorship.pairing_reminders import due
from mentorship.readers import own_pairings
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


@pytest.fixture
def guardian(pairing):
    return mentoring.PairingStudentFactory(pairing=pairing).person.guarded_by.get().guardian


def fresh(pairing):
    return Pairing.objects.with_people().get(pk=pairing.pk)


def at(hours):
    return now() + timedelta(hours=hours)


def plan(pairing, by, start, **facts):
    wanted = {"time_zone": "UTC", "place": "", "online_link": "https://meet.example.net/1"} | facts
    return actions.plan_meeting(fresh(pairing), by, start, start + timedelta(hours=1), **wanted)


def move(meeting, by, **facts):
    it = Meeting.objects.get(pk=meeting.pk)
    wanted = {"time_zone": "UTC", "place": it.place, "online_link": it.online_link} | facts
    return actions.move_meeting(
        it, by, wanted.pop("starts_at", it.starts_at), wanted.pop("ends_at", it.ends_at), **wanted
    )


def refused(action, *args, **facts):
    with pytest.raises(Refused) as caught:
        action(*args, **facts)
    return str(caught.value)


def mails(template):
    return [it.to_id for it in OutboxMail.objects.filter(template=f"mentorship/{template}").order_by("to")]


def uncleared(pairing):
    type(pairing.mentor).objects.update(clearance_until=localdate() - timedelta(days=1))


def test_who_is_not_cleared_changes_neither_place_nor_words_that_minors_read(cast, pairing, mentor, guardian):
    meeting = plan(pairing, mentor, at(48))
    uncleared(pairing)
    why = "The mentor’s clearance for work with minors"
    assert refused(move, meeting, mentor, place="My flat").startswith(why)
    assert refused(move, meeting, cast.teacher, place="My flat").startswith(why)
    assert refused(actions.write_goals, fresh(pairing), mentor, "t.me/x").startswith(why)
    assert refused(actions.write_log, fresh(pairing), mentor, localdate(), 60, "t.me/x").startswith(why)
    assert refused(actions.add_step, fresh(pairing), mentor, "t.me/x").startswith(why)
    outcome = {"contest": "t.me/x", "level": "city", "place": "part", "day": localdate()}
    assert refused(actions.enter_outcome, fresh(pairing), mentor, **outcome).startswith(why)
    actions.write_goals(fresh(pairing), cast.teacher, "We wait for the clearance")
    assert mails("meeting_moved") == []


def test_clearance_that_ends_cancels_at_once_near_and_far_and_tells_guardians(cast, pairing, mentor, guardian):
    near, far = plan(pairing, mentor, at(25)), plan(pairing, mentor, at(24 * 30))
    uncleared(pairing)  # on the day before the meeting begins: midnight may come while it goes on
    with time_machine.travel(near.starts_at + timedelta(minutes=5)):
        assert (actions.settle_meetings(mentor), actions.settle_meetings(mentor)) == (2, 0)
    assert set(Meeting.objects.values_list("state", flat=True)) == {"cancelled"}
    assert mails("meeting_blocked") == sorted([mentor.pk, cast.teacher.pk, guardian.pk] * 2)
    assert far.pk != near.pk


def test_settling_leaves_alone_what_may_take_place(cast, pairing, mentor, guardian):
    plan(pairing, mentor, at(48))
    alone = mentoring.PairingFactory(mentor=pairing.mentor)
    plan(alone, mentor, at(72))
    assert actions.settle_meetings(mentor) == 0
    uncleared(pairing)
    assert actions.settle_meetings(mentor) == 1
    assert Meeting.objects.get(pairing=alone).state == "planned"


def test_nobody_joins_online_what_must_not_take_place(client, demo, cast, pairing, mentor, guardian):
    plan(pairing, mentor, at(48))
    client.force_login(guardian)
    address = pairing.get_absolute_url()
    assert "meet.example.net" in client.get(address).text
    uncleared(pairing)
    page = client.get(address).text
    assert "meet.example.net" not in page
    assert "No meetings and no messages at the moment" in page


def test_a_suspended_teacher_leaves_no_mentor_alone_with_a_child(cast, pairing, mentor, guardian):
    plan(pairing, mentor, at(48))
    suspend_person(cast.teacher, by=cast.coordinator)
    actions.settle_meetings(cast.teacher)
    assert Meeting.objects.get().state == "cancelled"
    mail = OutboxMail.objects.get(template="mentorship/meeting_blocked", to=guardian)
    assert "the teacher is not at the school at the moment" in mail.body_text.replace("\n", " ")
    assert refused(plan, pairing, mentor, at(48)).startswith("The teacher is not at this school at the moment")
    assert refused(actions.send_message, fresh(pairing), mentor, "Hello").startswith("The teacher is not")


def test_a_teacher_who_left_the_school_neither_writes_nor_plans_and_the_beat_cancels(cast, pairing, mentor, guardian):
    plan(pairing, mentor, at(30))
    cast.teacher.affiliations.update(state="ended", ends_on=localdate())
    assert refused(actions.send_message, fresh(pairing), cast.teacher, "Hello").startswith("The teacher is not")
    assert refused(plan, pairing, cast.teacher, at(48)).startswith("The teacher is not")
    assert actions.cancel_what_is_blocked(now()) == 1


def test_a_teacher_who_left_the_school_opens_no_list_of_students(client, demo, cast, pairing, guardian):
    client.force_login(cast.teacher)
    address = f"{pairing.get_absolute_url()}students/"
    assert client.get(address).status_code == 200
    assert address in client.get(pairing.get_absolute_url()).text
    cast.teacher.affiliations.update(state="ended", ends_on=localdate())
    assert client.get(address).status_code == 404
    page = client.get(pairing.get_absolute_url()).text
    assert (address in page, guardian.guards.get().child.full_name in page) == (False, False)


def test_two_adults_meet_on_when_the_teacher_has_left_the_school(cast):
    pairing = mentoring.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    cast.teacher.affiliations.update(state="ended", ends_on=localdate())
    assert plan(pairing, cast.teacher, at(2)).state == "planned"


def test_the_coordinator_is_told_once_of_a_pair_that_lost_its_teacher(cast, pairing, guardian):
    actions.notice_departures()
    assert mails("left_alone") == []
    cast.teacher.affiliations.update(state="ended", ends_on=localdate())
    actions.notice_departures()
    actions.notice_departures()
    assert mails("left_alone") == [cast.coordinator.pk]
    mail = OutboxMail.objects.get(template="mentorship/left_alone")
    assert "The teacher does not work at this school any more." in mail.body_text.replace("\n", " ")
    assert hooks.mail_kinds[mail.template].still_due(mail)
    cast.teacher.affiliations.update(state="active", ends_on=None)
    assert not hooks.mail_kinds[mail.template].still_due(mail)


def test_a_coordinator_who_is_the_mentor_is_not_told_of_the_own_pair(cast, pairing, mentor, guardian):
    make.CoordinatorFactory(person=mentor)
    cast.teacher.affiliations.update(state="ended", ends_on=localdate())
    actions.notice_departures()
    assert mails("left_alone") == [cast.coordinator.pk]


def test_a_meeting_with_minors_is_planned_a_day_ahead(cast, pairing, mentor, guardian):
    said = "Minors take part, and their guardians are told a day before."
    assert refused(plan, pairing, mentor, at(23)).startswith(said)
    meeting = plan(pairing, mentor, at(25))
    soon = at(2)
    assert refused(move, meeting, mentor, starts_at=soon, ends_at=soon + timedelta(hours=1)).startswith(said)


def test_two_adults_meet_in_an_hour(pairing, mentor):
    assert plan(pairing, mentor, at(1)).state == "planned"


def test_on_the_last_day_only_the_teacher_says_another_place(cast, pairing, mentor, guardian):
    meeting = plan(pairing, mentor, at(25), place="Room 5")
    with time_machine.travel(at(5)):
        assert refused(move, meeting, mentor, place="My flat").startswith("Guardians know the place")
        assert move(meeting, mentor, online_link="https://meet.example.net/2") == ["online_link"]
        assert move(meeting, cast.teacher, place="Room 7") == ["place"]


def test_who_is_told_within_the_last_day_is_not_reminded_too(cast, pairing, mentor):
    meeting = plan(pairing, mentor, at(3))
    queue_due_reminders()
    rows = OutboxMail.objects.filter(to=cast.teacher, about_id=meeting.public_id)
    assert [it.template for it in rows] == ["mentorship/meeting_planned"]


def test_who_was_told_before_the_last_day_is_reminded(cast, pairing, mentor):
    meeting = plan(pairing, mentor, at(30))
    with time_machine.travel(meeting.starts_at - timedelta(hours=23)):
        wanted = {it.to for it in due(at(-2), now())}
    assert wanted == {mentor, cast.teacher}


def test_a_cancelled_meeting_leaves_the_calendar_of_who_was_suspended_too(cast, pairing, mentor):
    meeting = mentoring.MeetingFactory(pairing=pairing)
    calendars.told(meeting, [mentor, cast.teacher])
    suspend_person(mentor, by=cast.coordinator)
    actions.cancel_meeting(meeting, by=cast.teacher)
    restore_person(mentor, by=cast.coordinator)
    assert set(CalendarEntry.objects.values_list("status", flat=True)) == {"cancelled"}


def queries(action):
    with CaptureQueriesContext(connection) as asked:
        action()
    return len(asked)


def more_students(pairing, number):
    for _one in range(number):
        mentoring.PairingStudentFactory(pairing=pairing)


def test_reminders_take_as_many_queries_for_three_meetings_as_for_one():
    counted = []
    for number in range(3):
        pairing = mentoring.PairingFactory(request__with_students=True)
        more_students(pairing, 1)
        mentoring.MeetingFactory(pairing=pairing, starts_at=at(25 + number))
        counted.append(queries(lambda: list(due(at(-24), at(24)))))
    assert counted[0] == counted[1] == counted[2]


def test_planning_takes_as_many_queries_for_four_students_as_for_two(pairing, mentor):
    more_students(pairing, 2)
    once = queries(lambda: plan(pairing, mentor, at(48)))
    more_students(pairing, 2)
    assert queries(lambda: plan(pairing, mentor, at(72))) == once


def test_ending_takes_as_many_queries_for_four_students_as_for_two():
    counted = []
    for number in (2, 4):
        pairing = mentoring.PairingFactory(request__with_students=True)
        more_students(pairing, number)
        plan(pairing, pairing.mentor.person, at(48))
        counted.append(queries(lambda it=pairing: actions.complete_pairing(fresh(it), by=it.mentor.person)))
    assert counted[0] == counted[1]


def test_ones_own_pairings_take_as_many_queries_for_three_as_for_one():
    person = make.ChildFactory(email="ilya@example.org")
    counted = []
    for number in (1, 2):
        for _one in range(number):
            mentoring.PairingStudentFactory(person=person)
        counted.append(queries(lambda: own_pairings(person)))
    assert counted[0] == counted[1]
