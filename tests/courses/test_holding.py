"""A place is held until consent and approval have come; then it is certain, or free again."""

from datetime import date, timedelta

import pytest

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.holding import Missing, hold_until, what_is_missing
from courses.models import Enrolment, Pool
from members.actions import change_profile, decide, end_guardianship, set_age_policy
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State
EARLY = {"together_from": 5, "alone_from": 6}


@pytest.fixture
def text():
    return make.ConsentTextFactory()


@pytest.fixture
def student(cast, text):
    """Ten years old, at the member school, with one guardian who has an address."""
    child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
    make.GuardianshipFactory(child=child)
    return child


@pytest.fixture
def guardian(student):
    return student.guarded_by.get().guardian


def answer(student, guardian, text, decision):
    decide(student, "taking_part", decision, by=guardian, channel="link", text=text)


def fresh(enrolment):
    return Enrolment.objects.get(pk=enrolment.pk)


def readers(template):
    return list(OutboxMail.objects.filter(template=template).values_list("to", flat=True))


def test_a_child_is_held_until_a_guardian_consents(run, pool, student, guardian, text):
    it = actions.enrol(run, student, by=student)
    pool.refresh_from_db()
    assert (it.state, what_is_missing(it), pool.taken) == (State.HELD, [Missing.CONSENT], 1)
    answer(student, guardian, text, "granted")
    assert (fresh(it).state, fresh(it).held_until) == (State.CONFIRMED, None)


def test_the_guardian_of_a_child_without_address_reads_its_mail(run, student, guardian, text):
    actions.enrol(run, student, by=student)
    answer(student, guardian, text, "granted")
    assert (readers("courses/held"), readers("courses/confirmed")) == ([guardian.pk], [guardian.pk])


def test_a_refusal_gives_the_place_back_to_the_queue(run, pool, cast, student, guardian, text):
    it = actions.enrol(run, student, by=student)
    actions.enrol(run, cast.teacher, by=cast.teacher)
    waiting = actions.enrol(run, cast.colleague, by=cast.colleague)
    answer(student, guardian, text, "refused")
    pool.refresh_from_db()
    assert (fresh(it).state, fresh(waiting).state, pool.taken) == (State.DECLINED, State.OFFERED, 2)


def test_while_guardians_disagree_the_place_stays_held(run, student, guardian, text):
    other = make.GuardianshipFactory(child=student).guardian
    answer(student, guardian, text, "granted")
    answer(student, other, text, "refused")
    it = actions.enrol(run, student, by=student)
    assert it.state == State.HELD
    answer(student, other, text, "granted")
    assert fresh(it).state == State.CONFIRMED


def test_a_held_place_lapses_and_is_offered_on(run, pool, cast, student):
    it = actions.enrol(run, student, by=student)
    assert actions.lapse_overdue(it.held_until - timedelta(seconds=1)) == 0
    assert actions.lapse_overdue(it.held_until) == 1
    pool.refresh_from_db()
    assert (fresh(it).state, pool.taken) == (State.LAPSED, 0)


def test_a_place_is_not_held_past_the_next_session(run):
    session = run.sessions.get()
    assert hold_until(run, session.starts_at - timedelta(days=2)) == session.starts_at
    assert hold_until(run, session.starts_at - timedelta(days=20)) == session.starts_at - timedelta(days=6)


def test_the_coordinator_approves_where_the_run_asks_for_it(run, cast):
    run.needs_approval = True
    run.save()
    it = actions.enrol(run, cast.teacher, by=cast.teacher)
    assert (it.state, what_is_missing(it)) == (State.HELD, [Missing.APPROVAL])
    actions.approve_enrolment(it, by=cast.coordinator)
    assert fresh(it).state == State.CONFIRMED
    with pytest.raises(Refused, match="no approval any more"):
        actions.approve_enrolment(it, by=cast.coordinator)


def test_both_are_needed_where_both_are_asked(run, cast, student, guardian, text):
    run.needs_approval = True
    run.save()
    it = actions.enrol(run, student, by=student)
    answer(student, guardian, text, "granted")
    assert (fresh(it).state, what_is_missing(fresh(it))) == (State.HELD, [Missing.APPROVAL])
    actions.approve_enrolment(it, by=cast.coordinator)
    assert fresh(it).state == State.CONFIRMED


def test_an_offer_to_a_child_is_held_when_accepted(run, cast, student, guardian, text):
    first = actions.enrol(run, cast.teacher, by=cast.teacher)
    actions.enrol(run, cast.colleague, by=cast.colleague)
    it = actions.enrol(run, student, by=student)
    assert it.state == State.WAITING
    actions.cancel_enrolment(first, by=cast.teacher)
    actions.accept_offer(fresh(it), by=guardian)
    assert (fresh(it).state, fresh(it).offered_until) == (State.HELD, None)


@pytest.fixture
def in_conflict(run, student, guardian, text):
    """A place held for a child whose guardians disagree; the second one said no."""
    other = make.GuardianshipFactory(child=student)
    answer(student, guardian, text, "granted")
    answer(student, other.guardian, text, "refused")
    return actions.enrol(run, student, by=student), other


def test_a_settled_disagreement_confirms_the_place(in_conflict, cast):
    it, refusing = in_conflict
    end_guardianship(refusing, by=cast.coordinator)
    assert (fresh(it).state, fresh(it).held_until) == (State.CONFIRMED, None)


def test_where_the_no_is_what_stays_the_place_is_given_back(in_conflict, student, guardian, cast):
    it, _refusing = in_conflict
    end_guardianship(student.guarded_by.get(guardian=guardian), by=cast.coordinator)
    assert fresh(it).state == State.DECLINED


def test_a_corrected_birth_date_confirms_whoever_decides_alone(run, student, cast):
    it = actions.enrol(run, student, by=student)
    change_profile(student, by=cast.coordinator, birth_date=date(1990, 5, 1))
    assert fresh(it).state == State.CONFIRMED


def test_whoever_decides_alone_by_a_new_age_policy_or_a_birthday_is_confirmed(run, student, cast):
    """Nobody decides anything about the child then, so the portal looks by itself."""
    it = actions.enrol(run, student, by=student)
    set_age_policy(cast.coordinator, **EARLY)
    assert (actions.settle_all_held(), fresh(it).state) == (1, State.CONFIRMED)
    assert actions.settle_all_held() == 0


def test_who_misses_something_goes_on_being_held(run, student):
    it = actions.enrol(run, student, by=student)
    assert (actions.settle_all_held(), fresh(it).state) == (0, State.HELD)


def test_a_place_that_misses_nothing_does_not_lapse(run, student, cast):
    it = actions.enrol(run, student, by=student)
    set_age_policy(cast.coordinator, **EARLY)
    assert actions.lapse_overdue(it.held_until) == 0
    assert (fresh(it).state, readers("courses/hold_lapsed")) == (State.CONFIRMED, [])


def test_looking_at_what_is_held_costs_as_much_for_three_as_for_one(
    run, student, pool, cast, django_assert_num_queries
):
    Pool.objects.filter(pk=pool.pk).update(places=5)
    actions.enrol(run, student, by=student)
    with django_assert_num_queries(15):
        actions.settle_all_held()
    for _number in range(2):
        child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
        make.GuardianshipFactory(child=child)
        actions.enrol(run, child, by=child)
    with django_assert_num_queries(15):
        actions.settle_all_held()
