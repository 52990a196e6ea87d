"""When somebody has completed a run, and what is said of the way there."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.completion import completion_of, completions_of
from courses.models import Attendance, FinalWork
from tests import factories as make

pytestmark = pytest.mark.django_db
FIRST = datetime(2027, 3, 2, 13, tzinfo=UTC)


@pytest.fixture
def course_run():
    """Sixteen sessions for everybody, of which three quarters are needed."""
    run = make.RunFactory()
    for week in range(16):
        make.SessionFactory(run=run, starts_at=FIRST + timedelta(weeks=week))
    return run


@pytest.fixture
def mine(course_run):
    return make.EnrolmentFactory(run=course_run)


def came(enrolment, count, mark="present", after=0):
    """So many sessions of the run, from the first (or later) on, get this mark."""
    for session in enrolment.run.sessions.order_by("starts_at")[after : after + count]:
        make.AttendanceFactory(session=session, enrolment=enrolment, mark=mark)


def said(enrolment):
    return [(part.done, part.said) for part in completion_of(enrolment).parts]


def test_eleven_of_sixteen_are_not_enough_where_twelve_are_needed(mine):
    came(mine, 11)
    it = completion_of(mine)
    assert (it.attended, it.total, it.needed, it.is_complete) == (11, 16, 12, False)
    assert said(mine) == [(False, "11 of 16 sessions, 12 needed")]


def test_who_came_late_was_there(mine):
    came(mine, 11)
    came(mine, 1, "late", after=11)
    assert completion_of(mine).is_complete


def test_who_is_marked_absent_was_not(mine):
    came(mine, 12, "absent")
    assert (completion_of(mine).attended, completion_of(mine).total) == (0, 16)


def test_excused_sessions_leave_the_total_and_less_is_needed(mine):
    came(mine, 9)
    came(mine, 4, "excused", after=9)
    it = completion_of(mine)
    assert (it.attended, it.total, it.needed, it.is_complete) == (9, 12, 9, True)


def test_a_share_is_rounded_up(mine, course_run):
    course_run.attendance_needed = 70  # of sixteen: 11.2
    assert completions_of([mine])[mine.pk].needed == 12


def test_who_was_excused_from_everything_has_not_completed_anything(mine):
    came(mine, 16, "excused")
    it = completion_of(mine)
    assert (it.total, it.needed, it.is_complete) == (0, 0, False)
    assert it.counted == "Excused from every session; one has to be attended"


def test_a_run_without_sessions_says_so_and_is_not_completed():
    it = completion_of(make.EnrolmentFactory(pool=make.PoolFactory()))
    assert (it.counted, it.is_complete) == ("No session is planned yet", False)


def test_a_cancelled_session_counts_for_nobody(mine, course_run):
    came(mine, 12)
    course_run.sessions.filter(attendance__enrolment=mine).update(state="cancelled")
    it = completion_of(mine)
    assert (it.attended, it.total) == (0, 4)


@pytest.mark.parametrize(
    ("is_over", "asks_work", "is_done"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_what_asks_for_nothing_at_all_is_completed_when_it_is_over(mine, course_run, is_over, asks_work, is_done):
    course_run.attendance_needed, course_run.needs_work = 0, asks_work
    if is_over:
        course_run.sessions.update(starts_at=FIRST - timedelta(days=900), ends_at=FIRST - timedelta(days=899))
    it = completions_of([mine])[mine.pk]
    assert (it.parts[0].done, it.parts[0].said) == (is_done, "0 of 16 sessions")


def test_only_who_has_a_certain_place_completes(course_run):
    left = make.EnrolmentFactory(run=course_run, state="cancelled")
    came(left, 16)
    assert not completion_of(left).is_complete


def test_of_sessions_that_people_choose_only_the_chosen_count(course_run, mine):
    theirs = make.EnrolmentFactory(run=course_run)
    parallel = [make.SessionFactory(run=course_run) for _number in range(2)]
    pools = [make.PoolFactory(run=None, session=it) for it in parallel]
    make.SeatFactory(enrolment=mine, session=parallel[0], pool=pools[0])
    make.SeatFactory(enrolment=mine, session=parallel[1], pool=pools[1], state="waiting")
    found = completions_of([mine, theirs])
    assert (found[mine.pk].total, found[theirs.pk].total) == (17, 16)


@pytest.mark.parametrize(
    ("state", "done", "sentence"),
    [
        (None, False, "The final work is not handed in yet"),
        ("handed_in", False, "The final work is handed in and not read yet"),
        ("returned", False, "The final work is to be revised"),
        ("accepted", True, "The final work is accepted"),
    ],
)
def test_a_final_work_counts_when_it_is_accepted(mine, course_run, state, done, sentence):
    came(mine, 12)
    course_run.needs_work = True
    if state:
        FinalWork.objects.create(enrolment=mine, text="A lesson", state=state)
    it = completions_of([mine])[mine.pk]
    assert (it.is_complete, it.parts[1].done, it.parts[1].said) == (done, done, sentence)


def test_feedback_counts_where_it_is_needed(mine, course_run):
    came(mine, 12)
    course_run.needs_feedback = True
    before = completions_of([mine])[mine.pk]
    mine.feedback_on = date(2027, 6, 1)
    after = completions_of([mine])[mine.pk]
    assert [(it.is_complete, it.parts[1].said) for it in (before, after)] == [
        (False, "Feedback is not given yet"),
        (True, "Feedback is given"),
    ]


def test_many_take_as_many_queries_as_one(course_run, mine):
    course_run.needs_work = True
    make.PoolFactory(run=None, session=course_run.sessions.first())
    others = [make.EnrolmentFactory(run=course_run, pool=mine.pool) for _number in range(2)]
    others += [make.EnrolmentFactory(run=make.SessionFactory().run) for _number in range(2)]
    came(mine, 3)
    assert Attendance.objects.count() == 3
    for people in ([mine], [mine, *others]):
        with CaptureQueriesContext(connection) as asked:
            completions_of(people)
        assert len(asked) == 3
