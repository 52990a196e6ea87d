"""Races about class bookings on real connections: all or none, nothing oversold, no consent missed, no deadlock."""

import pytest

from courses import actions
from courses.models import ClassBooking, Enrolment, Pool
from members.actions import decide
from tests import factories as make
from tests.courses.conftest import class_of
from tests.courses.test_races import consistent

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5
State = Enrolment.State


@pytest.fixture
def places(pool):
    def set_to(number):
        Pool.objects.filter(pk=pool.pk).update(places=number)

    return set_to


def booking_of(run, group, children, by):
    return lambda: actions.book_class(run, group, children, by=by)


def consenting(child, text):
    guardian = child.guarded_by.get().guardian
    return lambda: decide(child, "taking_part", "granted", by=guardian, channel="link", text=text)


def test_two_classes_for_the_last_places(run, places, cast, text, together):
    places(4)
    first, second = class_of(cast.school, cast.teacher), class_of(cast.school, cast.colleague, name="8 A")
    done = together(booking_of(run, *first, cast.teacher), booking_of(run, *second, cast.colleague))
    assert sorted(done) == ["done", "refused"]
    assert (run.enrolments.count(), ClassBooking.objects.count(), consistent(run)) == (3, 1, True)


def test_one_class_brought_twice_at_once(run, places, group, children, cast, text, together):
    places(10)
    book = booking_of(run, group, children, cast.teacher)
    assert sorted(together(book, book)) == ["done", "refused"]
    assert (run.enrolments.count(), consistent(run)) == (3, True)


def test_a_class_against_single_people_for_the_last_places(run, places, group, children, cast, text, together):
    places(5)
    people = [make.AffiliationFactory(institution=cast.school).person for _ in range(4)]
    singles = [lambda person=person: actions.enrol(run, person, by=person) for person in people]
    done = together(booking_of(run, group, children, cast.teacher), *singles)
    assert set(done[1:]) == {"done"}
    brought = run.enrolments.exclude(booking=None).count()
    assert brought == (3 if done[0] == "done" else 0)
    assert run.enrolments.taking().count() == (5 if done[0] == "done" else 4)
    assert consistent(run)


def test_consent_while_the_class_is_being_booked_is_never_missed(run, places, group, children, cast, text, together):
    places(10)
    for _round in range(ROUNDS):
        child = make.ChildFactory()
        make.AffiliationFactory(person=child, institution=cast.school, role="student")
        make.GroupMemberFactory(group=group, person=child)
        make.GuardianshipFactory(child=child)
        done = together(booking_of(run, group, [child, children[0]], cast.teacher), consenting(child, text))
        assert done == ["done", "done"]
        assert run.enrolments.live().get(person=child).state == State.CONFIRMED
        actions.release_booking(ClassBooking.objects.live().get(), by=cast.teacher)
    assert consistent(run)


def test_consent_against_release(run, places, group, children, cast, text, together):
    places(10)
    it = actions.book_class(run, group, children, by=cast.teacher)
    done = together(lambda: actions.release_booking(it, by=cast.teacher), consenting(children[0], text))
    assert done == ["done", "done"]
    assert set(run.enrolments.values_list("state", flat=True)) == {State.CANCELLED}
    assert (ClassBooking.objects.get().state, consistent(run)) == ("released", True)


def test_the_last_consents_at_once_settle_the_booking_once(run, places, group, children, cast, text, together):
    places(10)
    it = actions.book_class(run, group, children, by=cast.teacher)
    assert together(*(consenting(child, text) for child in children)) == ["done"] * 3
    it.refresh_from_db()
    assert (it.state, it.enrolments.confirmed().count(), consistent(run)) == ("settled", 3, True)


def test_lapsing_against_a_release(run, places, group, children, cast, text, together):
    places(10)
    it = actions.book_class(run, group, children, by=cast.teacher)
    done = together(lambda: actions.release_booking(it, by=cast.teacher), lambda: actions.lapse_overdue(it.held_until))
    assert done[1] == "done"
    assert (run.enrolments.live().count(), consistent(run)) == (0, True)
