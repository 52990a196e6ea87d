"""Enrolling, the queue and its offers, leaving: each path, each refusal."""

from datetime import timedelta

import pytest
from django.utils.timezone import localdate, now

from cluster_portal.models import CalendarEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from courses import actions
from courses.models import Enrolment, Pool
from members.models import Affiliation, Person
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Enrolment.State


@pytest.fixture
def teachers(cast):
    """Seven teachers of a member school."""
    return [make.AffiliationFactory(institution=cast.school).person for _ in range(7)]


@pytest.fixture
def full(run, pool, teachers):
    """A run with both places taken and three teachers in its queue: their enrolments in order."""
    return [actions.enrol(run, teacher, by=teacher) for teacher in teachers[:5]]


def mails(*templates):
    return list(
        OutboxMail.objects.filter(template__in=templates).order_by("pk").values_list("to__family_name", flat=True)
    )


def fresh(*rows):
    return [type(row).objects.get(pk=row.pk) for row in rows]


def test_a_teacher_of_a_member_is_confirmed_by_clause_and_affiliation(run, pool, cast):
    it = actions.enrol(run, cast.teacher, by=cast.teacher)
    assert (it.state, it.clause.number, it.affiliation.institution) == (State.CONFIRMED, "2.1", cast.school)
    pool.refresh_from_db()
    assert (pool.taken, mails("courses/confirmed")) == (1, [cast.teacher.family_name])
    assert CalendarEntry.objects.filter(person=cast.teacher, status="confirmed").count() == 1


def test_the_queue_is_first_come_first_served_and_gapless(full, pool):
    assert [it.state for it in full] == [State.CONFIRMED] * 2 + [State.WAITING] * 3
    assert [it.place_in_queue() for it in full] == [None, None, 1, 2, 3]
    pool.refresh_from_db()
    assert pool.taken == 2
    assert len(mails("courses/waiting")) == 3


def test_a_freed_place_is_offered_to_the_next_in_the_same_transaction(full, pool):
    actions.cancel_enrolment(full[0], by=full[0].person)
    left, _stays, first, second, _third = fresh(*full)
    assert (left.state, first.state, second.state) == (State.CANCELLED, State.OFFERED, State.WAITING)
    assert first.offered_until > now()
    assert second.place_in_queue() == 1
    pool.refresh_from_db()
    assert pool.taken == 2
    assert mails("courses/offered") == [first.person.family_name]
    assert mails("courses/left") == [left.person.family_name]


def test_who_leaves_the_queue_frees_no_place(full, pool):
    actions.cancel_enrolment(full[3], by=full[3].person)
    pool.refresh_from_db()
    assert (pool.taken, [it.place_in_queue() for it in fresh(full[2], full[4])]) == (2, [1, 2])
    assert mails("courses/offered") == []


def test_an_offer_accepted_is_a_place(full, pool):
    actions.cancel_enrolment(full[0], by=full[0].person)
    actions.accept_offer(full[2], by=full[2].person)
    (it,) = fresh(full[2])
    pool.refresh_from_db()
    assert (it.state, it.offered_until, pool.taken) == (State.CONFIRMED, None, 2)


def test_an_offer_accepted_too_late_is_refused(full, time_machine):
    actions.cancel_enrolment(full[0], by=full[0].person)
    time_machine.move_to(now() + timedelta(hours=49))
    with pytest.raises(Refused, match="time to answer is over"):
        actions.accept_offer(full[2], by=full[2].person)


def test_an_offer_declined_goes_to_the_next(full):
    actions.cancel_enrolment(full[0], by=full[0].person)
    actions.decline_offer(full[2], by=full[2].person)
    assert [it.state for it in fresh(full[2], full[3])] == [State.DECLINED, State.OFFERED]


def test_an_offer_not_answered_lapses_and_goes_to_the_next(full, time_machine):
    actions.cancel_enrolment(full[0], by=full[0].person)
    assert actions.lapse_overdue(now()) == 0
    time_machine.move_to(now() + timedelta(hours=49))
    assert actions.lapse_overdue(now()) == 1
    assert [it.state for it in fresh(full[2], full[3])] == [State.LAPSED, State.OFFERED]
    assert mails("courses/offer_lapsed") == [full[2].person.family_name]


@pytest.fixture
def lying_free(full, run, pool, time_machine):
    """A place that became free while the last session ran, so that nobody could be offered it."""
    time_machine.move_to(run.sessions.get().starts_at + timedelta(minutes=1))
    actions.cancel_enrolment(full[0], by=full[0].person)
    return full


def test_no_offer_is_made_when_no_session_is_ahead(lying_free, pool):
    pool.refresh_from_db()
    assert (pool.taken, fresh(lying_free[2])[0].state) == (1, State.WAITING)


def test_a_place_that_lay_free_is_offered_when_a_session_is_added(lying_free, run, cast):
    start = now() + timedelta(days=3)
    actions.add_session(run, start, start + timedelta(hours=1), by=cast.coordinator)
    assert [it.state for it in fresh(*lying_free[2:])] == [State.OFFERED, State.WAITING, State.WAITING]


def test_a_newcomer_never_overtakes_the_queue(lying_free, run, teachers):
    run.enrol_until = now() + timedelta(days=1)
    run.save()
    newcomer = actions.enrol(run, teachers[6], by=teachers[6])
    assert (newcomer.state, newcomer.place_in_queue()) == (State.WAITING, 4)


def test_an_offer_is_not_accepted_by_a_child_for_whom_nobody_decides(full):
    actions.cancel_enrolment(full[0], by=full[0].person)
    offered = full[2]
    offered.person.birth_date = localdate()
    offered.person.save()
    with pytest.raises(Refused, match="Name a parent or guardian first"):
        actions.accept_offer(offered, by=offered.person)


def test_nobody_leaves_a_run_that_is_over(full, run, time_machine):
    time_machine.move_to(run.sessions.get().ends_at + timedelta(minutes=1))
    with pytest.raises(Refused, match="is over"):
        actions.cancel_enrolment(full[0], by=full[0].person)


def test_who_is_taken_out_is_told_so(full, cast):
    actions.cancel_enrolment(full[0], by=cast.coordinator)
    assert (mails("courses/taken_out"), mails("courses/left")) == ([full[0].person.family_name], [])


def test_with_two_sorts_of_places_one_has_to_be_chosen(run, pool, cast):
    make.PoolFactory(run=run, sort="online")
    with pytest.raises(Refused, match="in the room or online"):
        actions.enrol(run, cast.teacher, by=cast.teacher)


def test_new_places_are_offered_at_once(full, pool, cast):
    actions.change_places(pool, 4, by=cast.coordinator)
    assert [it.state for it in fresh(*full[2:])] == [State.OFFERED, State.OFFERED, State.WAITING]


def test_fewer_places_than_taken_are_refused(full, pool, cast):
    with pytest.raises(Refused, match="2 places are taken"):
        actions.change_places(pool, 1, by=cast.coordinator)
    assert Pool.objects.get(pk=pool.pk).places == 2


def test_who_left_can_come_again_as_a_new_row(run, cast):
    first = actions.enrol(run, cast.teacher, by=cast.teacher)
    actions.cancel_enrolment(first, by=cast.teacher)
    second = actions.enrol(run, cast.teacher, by=cast.teacher)
    assert (second.pk != first.pk, second.state) == (True, State.CONFIRMED)


def test_a_refusal_leaves_no_trace(run, cast):
    make.PartyFactory._meta.model.objects.update(withdrawn_on=localdate())
    with pytest.raises(Refused):
        actions.enrol(run, cast.teacher, by=cast.teacher)
    assert (Enrolment.objects.count(), OutboxMail.objects.count()) == (0, 0)


def before_opening(run, cast):
    run.enrol_from = now() + timedelta(days=1)
    return cast.teacher


def after_closing(run, cast):
    run.enrol_until = now() - timedelta(hours=1)
    return cast.teacher


def cancelled(run, cast):
    run.state = "cancelled"
    return cast.teacher


def closed(run, cast):
    run.state = "closed"
    return cast.teacher


def draft(run, cast):
    run.state = "draft"
    return cast.teacher


def another_audience(run, cast):
    run.roles = ["head"]
    return cast.teacher


def no_institution(run, cast):
    return cast.outsider


def no_member(run, cast):
    return make.AffiliationFactory(institution__name="School 9").person


def a_former_member(run, cast):
    cast.school.parties.update(withdrawn_on=localdate() - timedelta(days=1))
    return cast.teacher


def before_the_day_of_the_clause(run, cast):
    make.ClauseFactory(agreement=cast.agreement, number="9", right="event", since=localdate() + timedelta(days=1))
    run.course.kind = "event"
    run.course.save()
    return cast.teacher


def ended_affiliation(run, cast):
    return make.AffiliationFactory(institution=cast.school, state="ended").person


def a_child_without_a_guardian(run, cast):
    day = localdate().replace(day=1)
    born = day.replace(year=day.year - 17)
    return make.AffiliationFactory(institution=cast.school, person__birth_date=born).person


def of_unknown_age(run, cast):
    return make.AffiliationFactory(institution=cast.school, person__birth_date=None).person


REFUSALS = [
    (before_opening, "Enrolment opens on"),
    (after_closing, "Enrolment closed on"),
    (cancelled, "was cancelled"),
    (closed, "is over"),
    (draft, "not published"),
    (another_audience, "This is for: heads"),
    (no_institution, "do not belong to an institution"),
    (no_member, "School 9 is not a member of the cluster"),
    (a_former_member, "School 1 is not a member since"),
    (before_the_day_of_the_clause, "§ 9 of the Agreement [0-9]+ opens this to School 1 from"),
    (ended_affiliation, "do not belong to an institution"),
    (a_child_without_a_guardian, "Name a parent or guardian first"),
    (of_unknown_age, "do not know your age"),
]


@pytest.mark.parametrize(("arrange", "sentence"), REFUSALS, ids=[it[0].__name__ for it in REFUSALS])
def test_each_refusal_has_its_sentence_and_changes_nothing(arrange, sentence, run, cast):
    person = arrange(run, cast)
    run.save()
    with pytest.raises(Refused, match=sentence):
        actions.enrol(run, person, by=person)
    assert Enrolment.objects.count() == 0


def test_enrolling_twice_is_refused(run, cast):
    actions.enrol(run, cast.teacher, by=cast.teacher)
    with pytest.raises(Refused, match="enrolled in this run already"):
        actions.enrol(run, cast.teacher, by=cast.teacher)


def test_what_ended_while_one_waited_for_the_lock_gives_no_place(run, cast):
    assert len(cast.teacher.active_affiliations) == 1  # as the page has read it
    Affiliation.objects.filter(person=cast.teacher).update(state="ended", ends_on=localdate())
    with pytest.raises(Refused, match="You do not belong to an institution yet"):
        actions.enrol(run, cast.teacher, by=cast.teacher)


def test_a_birth_date_that_came_while_one_waited_for_the_lock_counts(run, cast):
    young = localdate() - timedelta(days=12 * 365)
    Person.objects.filter(pk=cast.teacher.pk).update(birth_date=young)
    with pytest.raises(Refused, match="Name a parent or guardian first"):
        actions.enrol(run, cast.teacher, by=cast.teacher)


def test_a_run_for_everyone_asks_for_no_institution(run, cast):
    run.admits = "everyone"
    run.save()
    it = actions.enrol(run, cast.outsider, by=cast.outsider)
    assert (it.state, it.affiliation, it.clause) == (State.CONFIRMED, None, None)


def test_partners_enter_only_where_partners_are_welcome(run, cast):
    memorandum = make.AgreementFactory(kind="memorandum")
    partner = make.PartyFactory(agreement=memorandum, institution__name="Company 1").institution
    person = make.AffiliationFactory(institution=partner).person
    with pytest.raises(Refused, match="not a member"):
        actions.enrol(run, person, by=person)
    run.admits = "partners"
    run.save()
    assert actions.enrol(run, person, by=person).state == State.CONFIRMED


def test_a_cancelled_run_tells_everybody_in_it(full, run, pool, cast):
    actions.cancel_run(run, by=cast.coordinator)
    pool.refresh_from_db()
    assert {it.state for it in fresh(*full)} == {State.CANCELLED}
    assert (pool.taken, len(mails("courses/run_cancelled"))) == (0, 5)


def test_a_recount_reports_drift_and_changes_nothing(full, pool):
    assert actions.recount_pools() == []
    Pool.objects.filter(pk=pool.pk).update(taken=1)
    assert [it.pk for it in actions.recount_pools()] == [pool.pk]
    assert Pool.objects.get(pk=pool.pk).taken == 1


ALLOWED = {
    ("person", "asked"): {"cancel"},
    ("person", "held"): {"cancel"},
    ("person", "waiting"): {"cancel"},
    ("person", "offered"): {"accept", "decline", "cancel"},
    ("person", "confirmed"): {"cancel"},
    ("coordinator", "asked"): {"cancel"},
    ("coordinator", "held"): {"refuse", "cancel"},
    ("coordinator", "waiting"): {"cancel"},
    ("coordinator", "offered"): {"cancel"},
    ("coordinator", "confirmed"): {"cancel"},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("role", ["person", "coordinator", "contact", "outsider"])
def test_moves_by_role_and_state_of_an_enrolment(role, state, cast):
    it = make.EnrolmentFactory(state=state)
    person = it.person if role == "person" else getattr(cast, role)
    assert set(available_moves(person, it)) == ALLOWED.get((role, state.value), set())
