"""Reserves keep places for an institution until a date; limits let none take too many."""

from datetime import timedelta

import pytest

from courses import actions
from courses.allotment import Allotment
from courses.models import Enrolment
from members.models import Cluster
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State


@pytest.fixture
def today():
    return Cluster.current().today()


@pytest.fixture
def other_school(cast):
    return make.PartyFactory(agreement=cast.agreement, institution__name="School 2").institution


def teacher_of(institution):
    return make.AffiliationFactory(institution=institution).person


def reserve(pool, institution, places, release_on):
    return pool.reserves.create(institution=institution, places=places, release_on=release_on)


def test_without_reserves_everything_free_is_for_all(pool, cast, today):
    assert Allotment(pool, today).free_for(cast.school.pk) == 2


def test_a_reserve_is_free_for_its_institution_only(pool, cast, other_school, today):
    reserve(pool, other_school, 1, today + timedelta(days=1))
    allotment = Allotment(pool, today)
    assert (allotment.free_for(cast.school.pk), allotment.free_for(other_school.pk), allotment.free_for(None)) == (
        1,
        2,
        1,
    )


def test_what_a_reserve_has_used_is_kept_no_more(run, pool, cast, other_school, today):
    reserve(pool, other_school, 1, today + timedelta(days=1))
    person = teacher_of(other_school)
    actions.enrol(run, person, by=person)
    pool.refresh_from_db()
    assert Allotment(pool, today).free_for(cast.school.pk) == 1


def test_on_its_release_date_a_reserve_is_free_for_all(pool, cast, other_school, today):
    reserve(pool, other_school, 2, today)
    assert Allotment(pool, today).free_for(cast.school.pk) == 2


def test_who_finds_only_reserved_places_waits_and_the_others_are_served(run, pool, cast, other_school, today):
    reserve(pool, other_school, 2, today + timedelta(days=1))
    waiting = actions.enrol(run, cast.teacher, by=cast.teacher)
    person = teacher_of(other_school)
    served = actions.enrol(run, person, by=person)
    assert (waiting.state, served.state) == (State.WAITING, State.CONFIRMED)


def test_beyond_the_limit_of_its_institution_one_waits(run, pool, cast, other_school, today):
    run.institution_limit = 1
    run.save()
    actions.enrol(run, cast.teacher, by=cast.teacher)
    waiting = actions.enrol(run, cast.colleague, by=cast.colleague)
    person = teacher_of(other_school)
    served = actions.enrol(run, person, by=person)
    assert (waiting.state, served.state) == (State.WAITING, State.CONFIRMED)


def test_the_places_of_the_clause_are_a_limit_too(run):
    clause = make.ClauseFactory(places=1)
    school = make.PartyFactory(agreement=clause.agreement).institution
    first, second = teacher_of(school), teacher_of(school)
    actions.enrol(run, first, by=first)
    assert actions.enrol(run, second, by=second).state == State.WAITING


def test_a_freed_place_goes_to_the_next_who_may_have_it(run, pool, cast, other_school):
    run.institution_limit = 1
    run.save()
    theirs, stranger = teacher_of(other_school), teacher_of(other_school)
    actions.enrol(run, cast.teacher, by=cast.teacher)
    first = actions.enrol(run, theirs, by=theirs)
    waiting = actions.enrol(run, cast.colleague, by=cast.colleague)
    behind = actions.enrol(run, stranger, by=stranger)
    actions.cancel_enrolment(first, by=theirs)
    states = [Enrolment.objects.get(pk=it.pk).state for it in (waiting, behind)]
    assert states == [State.WAITING, State.OFFERED]
