"""Places under fire: 50 real connections at once, and processes killed in the middle of a transaction."""

import os
import random
import signal
import threading
import traceback
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from courses import actions
from courses.allotment import Allotment
from courses.models import Enrolment, Pool, Reserve, Run
from members.models import Cluster
from tests import factories as make
from tests.courses.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
State = Enrolment.State


@pytest.fixture
def schools(cast):
    return [cast.school, *(make.PartyFactory(agreement=cast.agreement).institution for _ in range(3))]


@pytest.fixture
def crowd(schools):
    def make_crowd(size):
        return [make.AffiliationFactory(institution=schools[number % 4]).person for number in range(size)]

    return make_crowd


@pytest.fixture
def online(run):
    return make.PoolFactory(run=run, sort="online", places=4)


def in_days(days):
    return Cluster.current().today() + timedelta(days=days)


def check(run):
    """The counters are true, nothing is sold twice, what is kept is there, nobody waits for what they could have."""
    today = in_days(0)
    for pool in Pool.objects.filter(run=run).select_related("run"):
        states = Counter(pool.enrolments.values_list("state", flat=True))
        assert pool.taken == states["held"] + states["offered"] + states["confirmed"] <= pool.places
        allotment = Allotment(pool, today)
        assert pool.taken + allotment.kept_for_others(None) <= pool.places
        queue = Enrolment.objects.in_queue().filter(pool=pool).select_related("affiliation", "clause")
        assert [it for it in queue if allotment.free_for(it.institution, it.limit)] == []
    assert actions.recount_pools() == []


@pytest.mark.parametrize(("rounds", "seeds"), [(150, [20270302]), pytest.param(3000, range(5), marks=pytest.mark.big)])
def test_50_connections_do_everything_at_once(run, online, cast, schools, crowd, rounds, seeds):
    for seed in seeds:
        dice = random.Random(seed)
        people = crowd(40)
        work = [one_thing(dice, run, people, schools, cast.coordinator) for _ in range(rounds)]
        wrong = [error for error in at_once(work, 50) if error and not isinstance(error, Refused)]
        assert wrong == [], f"seed {seed}"
        check(run)
        asked = AuditEntry.objects.filter(verb="courses.enrolment.ask").count()
        assert asked > len(people) / 4, "hardly anybody asked for a place: the checks above have seen nothing"


def one_thing(dice, run, people, schools, by):
    """Something that people, coordinators or beat do with places, chosen by dice."""
    person, school = dice.choice(people), dice.choice(schools)
    sort, number = dice.choice(["room", "online"]), dice.randrange(1, 7)

    def pool():
        return Pool.objects.get(run=run, sort=sort)

    def answer(action, **facts):
        if it := person.enrolments.live().filter(run=run).last():
            action(it, **facts)

    def reserve(action, *args):
        if it := Reserve.objects.filter(pool__run=run).order_by("?").first():
            action(it, *args, by=by)

    def change(**changes):
        actions.change_run(Run.objects.get(pk=run.pk), by=by, **changes)

    coordinator = [
        lambda: actions.change_places(pool(), 2 + number, by=by),
        lambda: actions.add_reserve(pool(), school, number, in_days(5), by=by),
        lambda: reserve(actions.change_reserve, number, in_days(6)),
        lambda: reserve(actions.remove_reserve),
        lambda: change(institution_limit=dice.choice([None, number])),
        lambda: change(needs_approval=number > 3),
        actions.release_reserves,
    ]
    person_does = [
        lambda: actions.enrol(run, person, by=person, pool=pool().public_id),
        lambda: actions.enrol(run, person, by=person, pool=pool().public_id),
        partial(answer, actions.cancel_enrolment, by=person),
        partial(answer, actions.accept_offer, by=person),
        partial(answer, actions.decline_offer, by=person),
        partial(answer, actions.approve_enrolment, by=by),
        partial(answer, actions.refuse_enrolment, by=by),
        partial(answer, actions.lapse_enrolment),
    ]
    return dice.choice(coordinator if dice.random() < 0.2 else person_does)


def killed_at(statement, work):
    """Whether a process of its own, doing this work, was killed by SIGKILL before its n-th statement."""
    pid = os.fork()
    if pid == 0:
        _work_and_die(statement, work)
    _pid, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the work itself failed"
    return os.WIFSIGNALED(status)


def _work_and_die(statement, work, dying=lambda: os.kill(os.getpid(), signal.SIGKILL)):
    kept = connection.connection  # the parent's line: never closed from here  # noqa: F841
    connection.connection = None
    seen = 0

    def count(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen == statement:
            dying()
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(count):
            work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def standing(run):
    """All that a killed process could have leaked: places, states, mail."""
    pools = list(Pool.objects.filter(run=run).order_by("pk").values_list("places", "taken"))
    states = list(run.enrolments.order_by("pk").values_list("pk", "state"))
    return pools, states, OutboxMail.objects.count(), Reserve.objects.count()


def full_with_a_queue(run, crowd):
    people = crowd(6)
    enrolments = [actions.enrol(run, person, by=person) for person in people]
    assert [it.state for it in enrolments] == ["confirmed"] * 2 + ["waiting"] * 4
    return enrolments


def an_enrolment(run, crowd, cast):
    person = crowd(1)[0]
    return lambda: actions.enrol(run, person, by=person)


def leaving(run, crowd, cast):
    first = full_with_a_queue(run, crowd)[0]
    return lambda: actions.cancel_enrolment(Enrolment.objects.get(pk=first.pk), by=first.person)


def accepting(run, crowd, cast):
    actions.cancel_enrolment(full_with_a_queue(run, crowd)[0], by=None)
    offered = Enrolment.objects.get(state=State.OFFERED)
    return lambda: actions.accept_offer(Enrolment.objects.get(pk=offered.pk), by=offered.person)


def lapsing(run, crowd, cast):
    actions.cancel_enrolment(full_with_a_queue(run, crowd)[0], by=None)
    offered = Enrolment.objects.get(state=State.OFFERED)
    return lambda: actions.lapse_enrolment(Enrolment.objects.get(pk=offered.pk))


def more_places(run, crowd, cast):
    full_with_a_queue(run, crowd)
    return lambda: actions.change_places(Pool.objects.get(run=run), 4, by=cast.coordinator)


def a_reserve_removed(run, crowd, cast):
    other = make.PartyFactory(agreement=cast.agreement).institution
    reserve = actions.add_reserve(Pool.objects.get(run=run), other, 2, in_days(3), by=cast.coordinator)
    for person in crowd(3):
        actions.enrol(run, person, by=person)
    return lambda: actions.remove_reserve(Reserve.objects.get(pk=reserve.pk), by=cast.coordinator)


@pytest.mark.faults
@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.big)])
@pytest.mark.parametrize("prepare", [an_enrolment, leaving, accepting, lapsing, more_places, a_reserve_removed])
def test_a_process_killed_at_any_statement_leaks_nothing(prepare, step, run, cast, crowd):
    work = prepare(run, crowd, cast)
    before, statement = standing(run), 1
    while killed_at(statement, work):
        assert standing(run) == before
        check_counters(run)
        statement += step
    assert statement > 10, "it ended too soon to prove anything"
    assert standing(run) != before
    check(run)


def check_counters(run):
    assert actions.recount_pools() == []
    assert all(taken <= places for places, taken in Pool.objects.filter(run=run).values_list("places", "taken"))


@pytest.mark.faults
def test_who_waited_for_the_lock_of_a_killed_process_goes_on(run, crowd):
    first, second = crowd(2)
    reading, writing = os.pipe()

    def hang():
        os.write(writing, b"x")
        signal.pause()

    pid = os.fork()
    if pid == 0:
        _work_and_die(12, lambda: actions.enrol(run, first, by=first), dying=hang)
    os.read(reading, 1)
    done = []

    def enrol():
        done.append(actions.enrol(run, second, by=second).state)
        connections.close_all()

    thread = threading.Thread(target=enrol)
    thread.start()
    thread.join(1)
    assert done == [], "the run was not locked by the process"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    thread.join(30)
    assert (done, run.enrolments.count()) == (["confirmed"], 1)
    check(run)
