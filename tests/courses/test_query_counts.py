"""What an action costs in queries does not grow with the people, or the runs, that it concerns."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses import actions
from courses.bringing import others_with_room
from courses.models import Pool, Session
from tests import factories as make

pytestmark = pytest.mark.django_db
NOON, HOUR = datetime(2027, 3, 24, 9, tzinfo=UTC), timedelta(hours=1)


def chosen_by(cast, people):
    """A session with places of its own and as many people in it."""
    event = make.RunFactory(course__kind="event")
    make.SessionFactory(run=event, starts_at=NOON, ends_at=NOON + HOUR)
    room = make.PoolFactory(run=event, places=50, taken=people)
    session = make.SessionFactory(run=event, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    seats = make.PoolFactory(run=None, session=session, places=50, taken=people)
    for _ in range(people):
        person = make.AffiliationFactory(institution=cast.school).person
        it = make.EnrolmentFactory(run=event, pool=room, person=person)
        session.seats.create(enrolment=it, pool=seats, state="confirmed")
    return session


def pools_read(queries):
    return sum('FROM "courses_pool" WHERE "courses_pool"."id" =' in it["sql"] for it in queries)


@pytest.mark.parametrize("what", ["move", "cancel"])
def test_a_session_that_is_moved_or_cancelled_reads_no_places_for_each_seat(cast, what):
    counts = []
    for people in (2, 6):
        session = chosen_by(cast, people)
        with CaptureQueriesContext(connection) as queries:
            if what == "move":
                actions.move_session(session, NOON + 3 * HOUR, NOON + 4 * HOUR, by=cast.coordinator)
            else:
                actions.cancel_session(Session.objects.get(pk=session.pk), by=cast.coordinator)
        counts.append(pools_read(queries))
    assert counts == [0, 0]


def test_runs_without_room_are_not_looked_at_for_a_class(run, cast, group):
    counts = []
    for more in (1, 5):
        for _ in range(more):
            other = make.RunFactory(course=run.course)
            make.SessionFactory(run=other)
            make.PoolFactory(run=other, places=1)
        with CaptureQueriesContext(connection) as queries:
            assert others_with_room(run, group, 30) == []
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_of_runs_with_room_that_are_not_for_the_class_some_are_looked_at_only(run, cast, group, monkeypatch):
    monkeypatch.setattr("courses.bringing.OTHERS_READ", 2)
    counts = []
    for more in (2, 3):
        for _ in range(more):
            other = make.RunFactory(course=run.course, kinds=["company"])
            make.SessionFactory(run=other)
            make.PoolFactory(run=other, places=90)
        with CaptureQueriesContext(connection) as queries:
            assert others_with_room(run, group, 30) == []
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_run_with_room_in_two_ways_is_named_once(run, group):
    other = make.RunFactory(course=run.course)
    make.SessionFactory(run=other)
    for sort in Pool.Sort.values:
        make.PoolFactory(run=other, sort=sort, places=40)
    assert others_with_room(run, group, 30) == [(other, 40)]
