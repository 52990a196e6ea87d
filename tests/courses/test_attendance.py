"""Marking who was there: by several people at once, late, corrected with a trace, by codes and by joining."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from cluster_portal.models import AuditEntry
from cluster_portal.moves import Refused
from courses import actions
from courses.actions.attendance import Press
from courses.attendance import lines_of, roster_of
from courses.models import Attendance, Run
from members.actions import decide
from tests import factories as make

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def going():
    """A run with a session that has begun, in the room and online."""
    run = make.RunFactory(online_link="https://meet.example.net/1")
    make.SessionFactory(run=run, starts_at=now() - 10 * MINUTE, ends_at=now() + HOUR)
    make.PoolFactory(run=run, places=50)
    make.PoolFactory(run=run, places=50, sort="online")
    return run


@pytest.fixture
def session(going):
    return going.sessions.get()


@pytest.fixture
def mine(going):
    return make.EnrolmentFactory(run=going)


@pytest.fixture
def online(going):
    return make.EnrolmentFactory(run=going, pool=going.pools.get(sort="online"))


@pytest.fixture
def instructor(going):
    person = make.PersonFactory(given_name="Irina")
    going.instructors.add(person)
    return person


def press(session, enrolment, mark, by, ago=0.0, **which):
    return actions.mark_attendance(session, [Press(enrolment.public_id, mark, ago, **which)], by=by)


def press_rest(session, by, mark="present", ago=0.0):
    return actions.mark_attendance(session, [Press("*", mark, ago)], by=by)


def mark_of(enrolment):
    it = Attendance.objects.filter(enrolment=enrolment).first()
    return it and (it.mark, it.how)


def trace():
    rows = AuditEntry.objects.filter(verb="courses.attendance.mark").order_by("pk")
    return [(it.values["before"], it.values["after"]) for it in rows]


def test_a_press_marks_and_says_who(session, mine, instructor):
    assert press(session, mine, "late", instructor) == 1
    it = Attendance.objects.get()
    assert (it.mark, it.how, it.noted_by) == ("late", "roster", instructor)
    said = {"before": "", "after": "late", "how": "roster", "pressed_at": it.pressed_at.isoformat()}
    assert [(it.actor, it.values) for it in AuditEntry.objects.filter(verb="courses.attendance.mark")] == [
        (instructor.public_id, said)
    ]


def test_the_same_press_sent_twice_changes_nothing(session, mine, instructor):
    assert [press(session, mine, "present", instructor, ago=60) for _time in range(2)] == [1, 0]
    assert trace() == [("", "present")]


def test_of_two_people_the_later_press_counts_whatever_comes_first(session, mine, instructor, cast):
    press(session, mine, "present", instructor, ago=10)
    assert press(session, mine, "absent", cast.coordinator, ago=300) == 0  # kept on a phone without network
    assert mark_of(mine) == ("present", "roster")
    press(session, mine, "late", cast.coordinator, ago=1)
    assert (mark_of(mine), trace()) == (("late", "roster"), [("", "present"), ("present", "late")])


def test_the_same_mark_pressed_anew_is_the_later_press(session, mine, instructor, cast):
    press(session, mine, "present", instructor, ago=100)
    press(session, mine, "present", instructor, ago=10)
    assert press(session, mine, "absent", cast.coordinator, ago=50) == 0


def test_of_several_kept_presses_for_one_person_the_last_stands(session, mine, instructor):
    kept = [Press(mine.public_id, "absent", 5), Press(mine.public_id, "present", 90)]
    actions.mark_attendance(session, kept, by=instructor)
    assert mark_of(mine) == ("absent", "roster")


def test_a_phone_whose_clock_runs_ahead_gains_nothing(session, mine, instructor, cast):
    press(session, mine, "present", instructor, ago=-86400)
    assert press(session, mine, "absent", cast.coordinator) == 1


PHONE, TABLET = {"device": "a" * 32}, {"device": "b" * 32}


def test_a_correction_counts_although_the_first_press_travelled_for_longer(session, mine, instructor):
    press(session, mine, "present", instructor, ago=0, **PHONE, number=1)  # on its way for six seconds
    assert press(session, mine, "absent", instructor, ago=3, **PHONE, number=2) == 1
    assert press(session, mine, "present", instructor, ago=0, **PHONE, number=1) == 0  # and it was sent again
    assert mark_of(mine) == ("absent", "roster")


def test_presses_of_two_devices_are_ordered_by_time_whatever_their_numbers(session, mine, instructor, cast):
    press(session, mine, "present", instructor, ago=60, **PHONE, number=900)
    assert press(session, mine, "late", cast.coordinator, ago=5, **TABLET, number=1) == 1
    assert press(session, mine, "absent", instructor, ago=30, **PHONE, number=901) == 0


def test_all_others_leaves_alone_what_a_colleague_has_marked_whenever_that_was(going, session, mine, instructor, cast):
    other = make.EnrolmentFactory(run=going)
    press(session, mine, "absent", cast.coordinator, ago=90)
    assert press_rest(session, instructor, ago=10) == 1
    press(session, other, "absent", cast.coordinator, ago=300)  # kept on a phone: said of this person, and comes later
    assert [mark_of(it) for it in (mine, other)] == [("absent", "roster")] * 2


def test_all_others_is_taken_back_but_for_what_was_said_of_one_person_since(going, session, mine, instructor, cast):
    same, changed, untouched = (make.EnrolmentFactory(run=going) for _number in range(3))
    press_rest(session, instructor)
    press(session, same, "present", instructor)
    press(session, changed, "late", cast.coordinator)
    press(session, mine, "excused", instructor)
    assert press_rest(session, cast.coordinator, mark="") == 0  # somebody else's
    assert press_rest(session, instructor, mark="") == 1
    assert [mark_of(it)[0] for it in (mine, same, changed, untouched)] == ["excused", "present", "late", ""]
    assert trace()[-1] == ("present", "")
    assert press_rest(session, instructor) == 1
    assert mark_of(untouched) == ("present", "rest")


def test_a_mistaken_mark_is_taken_back_to_none(session, mine, instructor):
    press(session, mine, "absent", instructor, ago=60)
    assert press(session, mine, "", instructor) == 1
    assert press(session, mine, "late", instructor, ago=30) == 0  # pressed before it was taken back
    (line,) = lines_of(session, [mine])
    assert (line.mark, line.said, [it.after for it in line.trace]) == ("", "Not marked yet", ["Absent", "Not marked"])
    actions.check_in(session, mine, by=mine.person)
    assert mark_of(mine) == ("present", "code")


def test_the_word_of_the_instructors_is_the_last_whenever_it_was_pressed(session, mine, instructor):
    actions.check_in(session, mine, by=mine.person)
    assert press(session, mine, "absent", instructor, ago=60) == 1  # before the code was read, sent after it
    assert mark_of(mine) == ("absent", "roster")


def test_nobody_marks_themself(going, session, mine, instructor):
    own = make.EnrolmentFactory(run=going, person=instructor)
    with pytest.raises(Refused, match="Nobody marks themself"):
        press(session, own, "present", instructor)
    presses = [Press(it.public_id, "present") for it in (own, mine)]
    assert actions.mark_attendance(session, presses, by=instructor) == 1
    assert (press_rest(session, instructor), mark_of(own)) == (0, None)


def test_all_others_are_present_at_one_press(going, session, mine, instructor):
    others = [make.EnrolmentFactory(run=going) for _number in range(2)]
    make.EnrolmentFactory(run=going, state="waiting")
    press(session, mine, "excused", instructor)
    assert press_rest(session, instructor) == 2
    assert [mark_of(it)[0] for it in [mine, *others]] == ["excused", "present", "present"]
    assert press_rest(session, instructor) == 0


def test_only_who_chose_a_session_is_expected_in_it(going, instructor):
    chosen = make.SessionFactory(run=going, starts_at=now(), ends_at=now() + HOUR)
    pool = make.PoolFactory(run=None, session=chosen)
    seated, other = make.EnrolmentFactory(run=going), make.EnrolmentFactory(run=going)
    make.SeatFactory(enrolment=seated, session=chosen, pool=pool)
    assert list(roster_of(chosen)) == [seated]
    with pytest.raises(Refused, match="Nobody of these is in this session any more"):
        press(chosen, other, "present", instructor)


def test_who_has_left_is_passed_over_and_the_others_are_marked(session, mine, instructor, going):
    gone = make.EnrolmentFactory(run=going, state="cancelled")
    presses = [Press(it.public_id, "present") for it in (gone, mine)]
    assert actions.mark_attendance(session, presses, by=instructor) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": "cancelled"}, "This session was cancelled"),
        ({"starts_at": now() + 3 * HOUR, "ends_at": now() + 5 * HOUR}, "This session has not come yet"),
    ],
)
def test_a_session_that_is_not_now_is_not_marked(session, mine, instructor, change, sentence):
    type(session).objects.filter(pk=session.pk).update(**change)
    with pytest.raises(Refused, match=sentence):
        press(session, mine, "present", instructor)


def test_the_trace_says_who_changed_what(session, mine, instructor, cast):
    press(session, mine, "absent", instructor)
    assert lines_of(session, [mine])[0].trace == []
    press(session, mine, "late", cast.coordinator)
    (line,) = lines_of(session, [mine])
    assert [(it.by, it.before, it.after) for it in line.trace] == [
        (instructor.full_name, "", "Absent"),
        (cast.coordinator.full_name, "Absent", "Late"),
    ]


def test_the_code_at_the_door_marks_once(session, mine):
    first, second = (actions.check_in(session, mine, by=mine.person) for _time in range(2))
    assert (first, mark_of(mine), len(trace())) == (second, ("present", "code"), 1)


def test_what_the_instructor_marked_the_code_does_not_change(session, mine, instructor):
    press(session, mine, "late", instructor)
    actions.check_in(session, mine, by=mine.person)
    assert mark_of(mine) == ("late", "roster")
    press(session, mine, "absent", instructor)
    with pytest.raises(Refused, match="The instructor has marked you otherwise"):
        actions.check_in(session, mine, by=mine.person)


@pytest.mark.parametrize(
    ("shift", "sentence"),
    [(2 * HOUR, "This code works from"), (-3 * HOUR, "This session is over. Ask the instructor")],
)
def test_the_code_works_around_its_session_only(session, mine, shift, sentence):
    times = {"starts_at": session.starts_at + shift, "ends_at": session.ends_at + shift}
    type(session).objects.filter(pk=session.pk).update(**times)
    with pytest.raises(Refused, match=sentence):
        actions.check_in(session, mine, by=mine.person)


def test_who_has_no_place_does_not_come_in_by_the_code(session, going):
    waiting = make.EnrolmentFactory(run=going, state="waiting")
    with pytest.raises(Refused, match="You have no place in this session"):
        actions.check_in(session, waiting, by=waiting.person)


def test_a_child_whose_consent_was_taken_back_does_not_come_in(session, going):
    guardianship = make.GuardianshipFactory()
    child, guardian, text = guardianship.child, guardianship.guardian, make.ConsentTextFactory()
    enrolment = make.EnrolmentFactory(run=going, person=child)
    decide(child, "taking_part", "granted", by=guardian, channel="link", text=text)
    actions.check_in(session, enrolment, by=child)
    Attendance.objects.all().delete()
    decide(child, "taking_part", "withdrawn", by=guardian, channel="link", text=text)
    with pytest.raises(Refused, match="Consent to taking part is missing"):
        actions.check_in(session, enrolment, by=child)


@pytest.mark.parametrize("counts", [True, False])
def test_joining_gives_the_link_and_counts_where_the_run_says_so(session, online, going, counts):
    Run.objects.filter(pk=going.pk).update(joining_counts=counts)
    assert actions.join_session(session, online, by=online.person) == "https://meet.example.net/1"
    assert mark_of(online) == (("present", "joined") if counts else None)


def test_joining_does_not_change_what_the_instructor_marked(session, online, going, instructor):
    Run.objects.filter(pk=going.pk).update(joining_counts=True)
    press(session, online, "excused", instructor)
    assert actions.join_session(session, online, by=online.person)
    assert mark_of(online) == ("excused", "roster")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"starts_at": now() + HOUR, "ends_at": now() + 2 * HOUR}, "You can join from"),
        ({"starts_at": now() - 2 * HOUR, "ends_at": now() - HOUR}, "This session is over"),
        ({"state": "cancelled"}, "This session does not take place"),
    ],
)
def test_nobody_joins_at_another_time(session, online, change, sentence):
    type(session).objects.filter(pk=session.pk).update(**change)
    with pytest.raises(Refused, match=sentence):
        actions.join_session(session, online, by=online.person)


def test_who_is_in_the_room_does_not_join_online(session, mine):
    with pytest.raises(Refused, match="You take part in the room"):
        actions.join_session(session, mine, by=mine.person)


def test_without_a_link_there_is_nothing_to_join(session, online, going):
    Run.objects.filter(pk=going.pk).update(online_link="")
    with pytest.raises(Refused, match="have not entered the joining link yet"):
        actions.join_session(session, online, by=online.person)


@pytest.mark.django_db(transaction=True)
def test_two_phones_that_mark_a_class_at_once_both_come_through(together):
    run = make.RunFactory()
    session = make.SessionFactory(run=run, starts_at=now(), ends_at=now() + HOUR)
    make.PoolFactory(run=run, places=30)
    people = [make.EnrolmentFactory(run=run) for _number in range(12)]
    first, second = make.PersonFactory(), make.PersonFactory()

    def phone(by, mark, order, ago):
        return lambda: actions.mark_attendance(session, [Press(it.public_id, mark, ago) for it in order], by=by)

    assert together(phone(first, "present", people, 5), phone(second, "late", people[::-1], 1)) == ["done", "done"]
    assert set(Attendance.objects.values_list("mark", flat=True)) == {"late"}
    assert Attendance.objects.count() == 12
