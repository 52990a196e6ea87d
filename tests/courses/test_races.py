"""Races on real connections: nothing is sold twice, nothing leaks, nobody deadlocks."""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connections
from django.db.models import Count
from django.utils.timezone import now

from cluster_portal.moves import Refused
from courses import actions
from courses.models import Enrolment, Pool, Run
from members import actions as members
from members.models import Affiliation
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)
State = Enrolment.State
ROUNDS = int(os.environ.get("RACE_ROUNDS", "1000"))


def counts(run: Run) -> dict[str, int]:
    return dict(run.enrolments.order_by().values_list("state").annotate(count=Count("pk")))


def consistent(run: Run) -> bool:
    return all(pool.taken == pool.counted <= pool.places for pool in Pool.objects.filter(run=run).with_people())


@pytest.fixture
def crowd(cast):
    def make_crowd(size):
        return [make.AffiliationFactory(institution=cast.school).person for _ in range(size)]

    return make_crowd


def at_once(work, connections_wanted):
    """Run every function of `work` over so many connections; return what each raised, or None."""
    start = threading.Barrier(connections_wanted)
    opened = threading.local()

    def one(function):
        if not getattr(opened, "yes", False):
            opened.yes = True
            start.wait(60)
        try:
            function()
        except Exception as error:
            return error

    def close():
        connections.close_all()

    with ThreadPoolExecutor(connections_wanted) as pool:
        results = list(pool.map(one, work))
        closing = threading.Barrier(connections_wanted)
        list(pool.map(lambda _: (closing.wait(60), close()), range(connections_wanted)))
    return results


def test_200_enrolments_over_50_connections_for_30_places(run, pool, crowd):
    Pool.objects.filter(pk=pool.pk).update(places=30)
    people = crowd(200)
    errors = at_once([lambda person=person: actions.enrol(run, person, by=person) for person in people], 50)
    assert [error for error in errors if error] == []
    assert counts(run) == {"confirmed": 30, "waiting": 170}
    queue = [it.place_in_queue() for it in Enrolment.objects.in_queue().filter(pool=pool)]
    assert queue == list(range(1, 171))
    assert consistent(run)


def test_one_person_pressing_twice_has_one_place(run, cast, together):
    def press():
        actions.enrol(run, cast.teacher, by=cast.teacher)

    assert sorted(together(press, press)) == ["done", "refused"]
    assert counts(run) == {"confirmed": 1}


def test_an_offer_accepted_twice_is_one_place(run, crowd, together):
    enrolments = [actions.enrol(run, person, by=person) for person in crowd(3)]
    actions.cancel_enrolment(enrolments[0], by=None)
    offered = Enrolment.objects.get(state=State.OFFERED)

    def accept():
        actions.accept_offer(Enrolment.objects.get(pk=offered.pk), by=offered.person)

    assert sorted(together(accept, accept)) == ["done", "refused"]
    assert counts(run) == {"cancelled": 1, "confirmed": 2}
    assert consistent(run)


def test_accepting_against_lapsing_leaves_one_answer(run, crowd, together):
    enrolments = [actions.enrol(run, person, by=person) for person in crowd(4)]
    actions.cancel_enrolment(enrolments[0], by=None)
    offered = Enrolment.objects.get(state=State.OFFERED)

    def accept():
        actions.accept_offer(Enrolment.objects.get(pk=offered.pk), by=offered.person)

    def lapse():
        actions.lapse_enrolment(Enrolment.objects.get(pk=offered.pk))

    assert sorted(together(accept, lapse)) == ["done", "refused"]
    assert consistent(run)


def test_two_leave_at_once_and_two_different_people_are_offered(run, crowd, together):
    enrolments = [actions.enrol(run, person, by=person) for person in crowd(5)]

    def leave(it):
        return lambda: actions.cancel_enrolment(Enrolment.objects.get(pk=it.pk), by=None)

    assert together(leave(enrolments[0]), leave(enrolments[1])) == ["done", "done"]
    assert counts(run) == {"cancelled": 2, "offered": 2, "waiting": 1}
    assert consistent(run)


def test_cancelling_the_run_against_enrolling_leaves_nobody_inside(run, cast, crowd, together):
    person = crowd(1)[0]
    together(
        lambda: actions.cancel_run(Run.objects.get(pk=run.pk), by=cast.coordinator),
        lambda: actions.enrol(run, person, by=person),
    )
    assert run.enrolments.live().count() == 0
    assert consistent(run)


def test_the_same_invitation_redeemed_twice_is_one_membership(cast, together):
    invitation = members.invite_person(cast.school, "new@example.org", "teacher", by=cast.contact, family_name="New")

    def redeem():
        members.redeem_invitation(Affiliation.objects.get(pk=invitation.pk), "a long password", None)

    assert sorted(together(redeem, redeem)) == ["done", "refused"]
    assert Affiliation.objects.filter(person__email="new@example.org").values_list("state", flat=True).get() == "active"


def test_the_same_address_invited_twice_at_once_is_one_person(cast, together):
    def invite():
        members.invite_person(cast.school, "new@example.org", "teacher", by=cast.contact, family_name="New")

    assert sorted(together(invite, invite)) == ["done", "refused"]
    assert Affiliation.objects.filter(person__email="new@example.org").count() == 1


def test_capacity_lowered_meanwhile_is_never_passed(run, pool, cast, crowd):
    Pool.objects.filter(pk=pool.pk).update(places=10)
    work = [lambda person=person: actions.enrol(run, person, by=person) for person in crowd(12)]
    work.insert(6, lambda: actions.change_places(Pool.objects.get(pk=pool.pk), 5, by=cast.coordinator))
    errors = [error for error in at_once(work, 13) if error]
    assert all(isinstance(error, Refused) for error in errors)
    assert consistent(run)


def test_no_deadlock_in_a_thousand_rounds(run, pool, cast, crowd):
    """Every action that takes locks, in a random order, over eight connections; the seed is printed when it fails."""
    Pool.objects.filter(pk=pool.pk).update(places=5)
    people = crowd(16)
    seed = random.randrange(10**6)
    dice = random.Random(seed)

    def latest(person):
        return person.enrolments.live().filter(run=run).last()

    def enrol(person):
        actions.enrol(run, person, by=person)

    def answer(action):
        def with_latest(person):
            if it := latest(person):
                action(it, by=person)

        return with_latest

    def other_places(_person):
        actions.change_places(Pool.objects.get(pk=pool.pk), dice.choice([4, 5, 6, 7]), by=cast.coordinator)

    def move(_person):
        session = run.sessions.get()
        start = now() + timedelta(days=dice.randrange(14, 60))
        actions.move_session(session, start, start + timedelta(hours=1), by=cast.coordinator)

    choices = [
        enrol,
        enrol,
        answer(actions.cancel_enrolment),
        answer(actions.accept_offer),
        answer(actions.decline_offer),
        other_places,
    ]
    work = [partial(dice.choice(choices if n % 50 else [move]), dice.choice(people)) for n in range(ROUNDS)]
    errors = [error for error in at_once(work, 8) if error and not isinstance(error, Refused)]
    assert errors == [], f"seed {seed}"
    assert consistent(run), f"seed {seed}"
