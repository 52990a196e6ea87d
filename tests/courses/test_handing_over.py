"""Whoever leaves a run and comes back, or was entered twice, has what they had: marks, final work, feedback."""

from datetime import date, timedelta

import pytest
from django.utils.timezone import now

from cluster_portal.models import AuditEntry
from cluster_portal.uploads import uploads_about
from courses import actions
from courses.actions.attendance import Press
from courses.completion import completion_of
from courses.models import Enrolment, FinalWork
from courses.personal_data import merge
from tests import factories as make
from tests.courses.test_works import file

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def going():
    """A run of which three sessions are over and one is ahead."""
    it = make.RunFactory(needs_work=True, needs_feedback=True, admits="everyone")
    make.PoolFactory(run=it, places=9, taken=2)
    for number in range(4):
        make.SessionFactory(run=it, starts_at=now() + (number - 3) * 2 * DAY + DAY)
    return it


def mark(enrolment, *marks):
    for session, one in zip(enrolment.run.sessions.order_by("starts_at"), marks, strict=False):
        if one is not None:
            make.AttendanceFactory(session=session, enrolment=enrolment, mark=one)


def marks(enrolment):
    return list(enrolment.attendance.order_by("session__starts_at").values_list("mark", flat=True))


def test_who_leaves_and_enrols_again_goes_on_where_they_stopped(going, cast):
    first = make.EnrolmentFactory(run=going, person=cast.colleague)
    mark(first, "present", "excused", "late")
    actions.hand_in_work(first, by=first.person, text="A lesson", files=[file()])
    Enrolment.objects.update(feedback_on=date(2026, 11, 1))
    before = [part.said for part in completion_of(Enrolment.objects.get()).parts]
    actions.cancel_enrolment(first, by=first.person)
    again = actions.enrol(going, cast.colleague, by=cast.colleague)
    again = Enrolment.objects.get(pk=again.pk)
    assert again.pk != first.pk
    assert [part.said for part in completion_of(again).parts] == before
    assert [it.name for it in uploads_about(again.work)] == ["lesson.txt"]


def test_a_class_that_is_brought_again_goes_on_where_it_stopped(cast, school_class, text):
    group, children = school_class
    run = make.RunFactory()
    make.SessionFactory(run=run, starts_at=now() - DAY)
    make.SessionFactory(run=run)
    make.PoolFactory(run=run, places=9, taken=1)
    left = make.EnrolmentFactory(run=run, person=children[0], state="cancelled")
    mark(left, "present")
    actions.book_class(run, group, children, by=cast.teacher)
    assert marks(run.enrolments.get(person=children[0], state="held")) == ["present"]


def test_of_two_entries_of_one_person_the_better_of_each_stays(going):
    kept, gone = make.EnrolmentFactory(run=going), make.EnrolmentFactory(run=going)
    mark(kept, "absent", "present", None)
    mark(gone, "present", "absent", "late")
    works = [
        FinalWork.objects.create(enrolment=kept, text="a sketch", state="handed_in"),
        FinalWork.objects.create(enrolment=gone, text="the work", state="accepted"),
    ]
    Enrolment.objects.filter(pk=gone.pk).update(feedback_on=date(2026, 11, 1))
    merge(kept.person, gone.person)
    it, other = Enrolment.objects.get(state="confirmed"), Enrolment.objects.get(state="cancelled")
    assert (marks(it), marks(other)) == (["present", "present", "late"], ["absent", "absent"])
    assert (it.work, other.work, it.feedback_on) == (works[1], works[0], date(2026, 11, 1))
    assert [done for done, _said in [(part.done, part.said) for part in completion_of(it).parts]] == [True] * 3
    assert AuditEntry.objects.filter(verb="courses.attendance.mark").count() == 1  # the trace says absent → present


def test_an_entry_that_had_left_brings_its_marks_to_the_one_that_is_in(going):
    kept, gone = make.EnrolmentFactory(run=going), make.EnrolmentFactory(run=going, state="cancelled")
    mark(gone, "present")
    merge(kept.person, gone.person)
    assert marks(kept) == ["present"]


@pytest.mark.django_db(transaction=True)
def test_a_mark_that_comes_while_two_entries_become_one_is_not_lost(together):
    run = make.RunFactory()
    session = make.SessionFactory(run=run, starts_at=now())
    make.PoolFactory(run=run, places=9, taken=2)
    stays, ends = make.EnrolmentFactory(run=run), make.EnrolmentFactory(run=run)
    by = make.PersonFactory()
    press = [Press(it.public_id, "present") for it in (ends, stays)]
    done = together(lambda: actions.mark_attendance(session, press, by=by), lambda: actions.hand_over(ends, stays))
    assert (done, marks(stays)) == (["done", "done"], ["present"])
