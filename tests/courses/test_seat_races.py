"""Seats chosen, swapped, wished for and given up at once, on real connections: none twice, none lost, no deadlock."""

import os
import random
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from cluster_portal.moves import Refused
from courses import actions
from courses.models import Enrolment, Pool, Seat, Session
from tests import factories as make
from tests.courses.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = int(os.environ.get("RACE_ROUNDS", "1000"))
START, HOUR = datetime(2027, 3, 24, 10, tzinfo=UTC), timedelta(hours=1)


@pytest.fixture
def meeting(cast):
    """Three parallel sessions of one place each, and everybody's plenary before them."""
    run = make.RunFactory(course__kind="event")
    make.PoolFactory(run=run, places=50)
    make.SessionFactory(run=run, starts_at=START - HOUR, ends_at=START)
    for title in ("Mobile", "Robots", "C++"):
        parallel(run, title, START, START + HOUR)
    return run


def parallel(run, title, starts_at, ends_at, places=1):
    session = make.SessionFactory(run=run, title=title, starts_at=starts_at, ends_at=ends_at)
    make.PoolFactory(run=None, session=session, places=places)
    return session


@pytest.fixture
def people(meeting, cast):
    """Enrolments of so many people."""

    def enrol(size):
        crowd = [make.AffiliationFactory(institution=cast.school).person for _ in range(size)]
        return [actions.enrol(meeting, person, by=person) for person in crowd]

    return enrol


def session_of(run, title):
    return run.sessions.get(title=title)


def press(action, enrolment, session):
    """What a request does: everything is read anew."""
    it = Enrolment.objects.select_related("run", "person").get(pk=enrolment.pk)
    action(it, Session.objects.get(pk=session.pk), by=it.person)


def give_up(enrolment, session):
    seat = Seat.objects.live().filter(enrolment=enrolment, session=session).select_related("enrolment__run").first()
    if seat:
        actions.give_up_seat(seat, by=enrolment.person)


def taken(run):
    rows = Seat.objects.confirmed().filter(session__run=run).order_by("session__title")
    return [(it.session.title, it.enrolment_id) for it in rows.select_related("session")]


def assert_consistent(run):
    """Counters say what rows say; nobody is in two places; no place lies free while somebody waits for it."""
    for pool in Pool.objects.filter(session__run=run).with_people():
        assert pool.taken == pool.counted <= pool.places
        assert not pool.has_place() or not Seat.objects.in_queue().filter(pool=pool).exists()
    for enrolment in run.enrolments.all():
        sessions = [
            it.session for it in enrolment.seats.confirmed().select_related("session").order_by("session__starts_at")
        ]
        assert not any(one.overlaps(two) for one in sessions for two in sessions if one != two)
        assert enrolment.is_live or not enrolment.seats.live().exists()


def test_the_last_place_pressed_by_two_is_one_persons(meeting, people, together):
    mobile, (first, second) = session_of(meeting, "Mobile"), people(2)
    results = together(*(partial(press, actions.choose_seat, it, mobile) for it in (first, second)))
    assert (sorted(results), len(taken(meeting))) == (["done", "refused"], 1)
    assert_consistent(meeting)


def test_one_person_pressing_two_sessions_of_a_slot_has_one(meeting, people, together):
    (mine,) = people(1)
    both = [partial(press, actions.choose_seat, mine, session_of(meeting, it)) for it in ("Mobile", "Robots")]
    assert sorted(together(*both)) == ["done", "refused"]
    assert_consistent(meeting)


def test_two_swaps_for_one_place_leave_the_loser_where_they_were(meeting, people, together):
    first, second = people(2)
    press(actions.choose_seat, first, session_of(meeting, "Mobile"))
    press(actions.choose_seat, second, session_of(meeting, "Robots"))
    cpp = session_of(meeting, "C++")
    assert sorted(together(*(partial(press, actions.swap_seat, it, cpp) for it in (first, second)))) == [
        "done",
        "refused",
    ]
    assert len(taken(meeting)) == 2
    assert_consistent(meeting)


def test_giving_up_against_wishing_hands_the_place_over_or_leaves_it_free(meeting, people, together):
    mobile, (first, second) = session_of(meeting, "Mobile"), people(2)
    for _round in range(5):
        press(actions.choose_seat, first, mobile)
        results = together(partial(give_up, first, mobile), partial(press, actions.wish, second, mobile))
        expected = [("Mobile", second.pk)] if results == ["done", "done"] else []
        assert (results in (["done", "done"], ["done", "refused"]), taken(meeting)) == (True, expected)
        assert_consistent(meeting)
        give_up(second, mobile)


@pytest.mark.parametrize("action", [actions.swap_seat, actions.wish])
def test_three_in_a_ring_at_full_sessions_do_not_deadlock(meeting, people, together, action):
    ring, sessions = people(3), [session_of(meeting, it) for it in ("C++", "Mobile", "Robots")]
    for enrolment, session in zip(ring, sessions, strict=True):
        press(actions.choose_seat, enrolment, session)
    results = together(*(partial(press, action, it, sessions[index - 1]) for index, it in enumerate(ring)))
    if action is actions.wish:  # the last of them closes the ring, and all three have what they wished for
        assert (results, [it for _, it in taken(meeting)]) == (["done"] * 3, [ring[1].pk, ring[2].pk, ring[0].pk])
    else:
        assert (results, [it for _, it in taken(meeting)]) == (["refused"] * 3, [it.pk for it in ring])
    assert_consistent(meeting)


def test_two_runs_at_one_time_pressed_at_once_are_one(meeting, cast, people, together):
    """The clash is between runs: only the lock on the person can see it."""
    other, mobile, (mine,) = make.RunFactory(), session_of(meeting, "Mobile"), people(1)
    make.PoolFactory(run=other, places=5)
    make.SessionFactory(run=other, starts_at=START, ends_at=START + HOUR)
    results = together(
        partial(press, actions.choose_seat, mine, mobile), lambda: actions.enrol(other, mine.person, by=mine.person)
    )
    assert sorted(results) == ["done", "refused"]
    assert len(taken(meeting)) + other.enrolments.count() == 1


def latest(enrolment):
    """What somebody has in the run by now: they may have left and come back."""
    rows = Enrolment.objects.live().filter(run=enrolment.run, person=enrolment.person)
    return rows.select_related("run", "person").first()


def now_in(action):
    """Press a button of a session, if one is in the run."""

    def with_latest(enrolment, session):
        if it := latest(enrolment):
            press(action, it, session)

    return with_latest


def drop(enrolment, session):
    if it := latest(enrolment):
        give_up(it, session)


def leave(enrolment, _session):
    if it := latest(enrolment):
        actions.cancel_enrolment(it, by=it.person)


def come_back(enrolment, _session):
    actions.enrol(enrolment.run, enrolment.person, by=enrolment.person)


def other_places(_enrolment, session, by, places):
    actions.set_session_places(session, {"room": places}, by=by)


def test_a_thousand_rounds_in_any_order(meeting, cast, people):
    """Everything that takes locks, over eight connections; the seed is printed when it fails."""
    seed = random.randrange(10**6)
    dice, crowd = random.Random(seed), people(12)
    parallel(meeting, "Long", START, START + 3 * HOUR, places=2)
    parallel(meeting, "Late", START + 2 * HOUR, START + 3 * HOUR, places=2)
    sessions = list(meeting.sessions.chosen())
    often = [now_in(actions.choose_seat), now_in(actions.swap_seat), now_in(actions.wish), drop] * 4
    resize = [partial(other_places, by=cast.coordinator, places=places) for places in (1, 2, 3)]
    choices = [*often, leave, come_back, come_back, *resize]
    work = [partial(dice.choice(choices), dice.choice(crowd), dice.choice(sessions)) for _ in range(ROUNDS)]
    errors = [error for error in at_once(work, 8) if error and not isinstance(error, Refused)]
    assert errors == [], f"seed {seed}"
    assert_consistent(meeting)
