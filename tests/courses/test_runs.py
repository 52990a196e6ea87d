"""Runs and their sessions: planning, publishing, moving, cancelling, and who is told."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, available_moves
from courses import actions
from courses.models import Run, Session
from courses.patterns import WeeklyPattern
from tests import factories as make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TUESDAYS_AND_THURSDAYS = WeeklyPattern((1, 3), time(16), 90, date(2027, 3, 2), date(2027, 4, 29), (date(2027, 3, 9),))
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def draft(cast):
    return actions.create_run(
        make.CourseFactory(), by=cast.coordinator, places={"room": 30}, title="spring 2027", time_zone="Europe/Moscow",
        enrol_from=now(), enrol_until=now() + timedelta(days=7),
    )  # fmt: skip


@pytest.fixture
def enrolled(run, cast):
    """Two confirmed and one in the queue of `run`."""
    people = [cast.teacher, cast.colleague, make.AffiliationFactory(institution=cast.school).person]
    enrolments = [actions.enrol(run, person, by=person) for person in people]
    OutboxMail.objects.all().delete()
    return enrolments


def mailed(template):
    return OutboxMail.objects.filter(template=template).count()


def test_a_pattern_becomes_sessions_by_the_wall_clock(draft, cast):
    sessions = actions.plan_sessions(draft, TUESDAYS_AND_THURSDAYS, by=cast.coordinator)
    local = [it.starts_at.astimezone(MOSCOW) for it in sessions]
    assert len(sessions) == 17
    assert {(it.weekday(), it.hour) for it in local} == {(1, 16), (3, 16)}
    assert date(2027, 3, 9) not in {it.date() for it in local}


def test_four_in_the_afternoon_stays_four_when_the_clocks_change():
    zone = ZoneInfo("Europe/Berlin")
    pattern = WeeklyPattern((6,), time(16), 60, date(2027, 3, 21), date(2027, 4, 4))
    starts = [start for start, _end in pattern.sessions(zone)]
    assert [start.astimezone(zone).hour for start in starts] == [16, 16, 16]
    assert [start.astimezone(ZoneInfo("UTC")).hour for start in starts] == [15, 14, 14]


def test_planning_again_replaces_the_pattern_and_keeps_single_sessions(draft, cast):
    actions.plan_sessions(draft, TUESDAYS_AND_THURSDAYS, by=cast.coordinator)
    start = datetime(2027, 5, 20, 10, tzinfo=MOSCOW)
    actions.add_session(draft, start, start + timedelta(hours=1), by=cast.coordinator)
    actions.plan_sessions(
        draft, WeeklyPattern((0,), time(9), 45, date(2027, 3, 1), date(2027, 3, 14)), by=cast.coordinator
    )
    assert [it.slot is not None for it in draft.sessions.all()] == [True, True, False]
    assert draft.sessions.model.objects.count() == 3


REFUSED_PATTERNS = [
    (WeeklyPattern((0,), time(9), 45, date(2027, 3, 2), date(2027, 3, 3)), "no such day"),
    (WeeklyPattern((0,), time(9), 45, date(2027, 3, 2), date(2031, 3, 3)), "two years at most"),
]


@pytest.mark.parametrize(("pattern", "sentence"), REFUSED_PATTERNS)
def test_a_pattern_without_sense_is_refused(draft, cast, pattern, sentence):
    with pytest.raises(Refused, match=sentence):
        actions.plan_sessions(draft, pattern, by=cast.coordinator)
    assert draft.sessions.count() == 0


def test_a_pattern_over_a_single_session_is_refused_and_keeps_what_was(draft, cast):
    start = datetime(2027, 3, 2, 16, 30, tzinfo=MOSCOW)
    actions.add_session(draft, start, start + timedelta(hours=1), by=cast.coordinator)
    with pytest.raises(Refused, match="Another session of this run"):
        actions.plan_sessions(draft, TUESDAYS_AND_THURSDAYS, by=cast.coordinator)
    assert draft.sessions.count() == 1


def test_a_live_run_is_not_planned_anew(run, cast):
    with pytest.raises(Refused, match="People count on these dates"):
        actions.plan_sessions(run, TUESDAYS_AND_THURSDAYS, by=cast.coordinator)


def test_a_run_without_sessions_is_not_published(draft, cast):
    with pytest.raises(Refused, match="needs at least one session"):
        actions.publish_run(draft, by=cast.coordinator)


def test_a_run_without_places_is_not_published(draft, cast):
    actions.plan_sessions(draft, TUESDAYS_AND_THURSDAYS, by=cast.coordinator)
    draft.pools.all().delete()
    with pytest.raises(Refused, match="needs places"):
        actions.publish_run(draft, by=cast.coordinator)


def test_a_complete_run_is_published(draft, cast):
    actions.plan_sessions(draft, TUESDAYS_AND_THURSDAYS, by=cast.coordinator)
    actions.publish_run(draft, by=cast.coordinator)
    assert Run.objects.public().get() == draft


WRONG_TIMES = [
    (timedelta(days=3), timedelta(hours=-1), "ends before it starts"),
    (timedelta(days=3), timedelta(0), "ends before it starts"),
    (timedelta(days=-1), timedelta(hours=1), "start in the past"),
    (timedelta(days=14), timedelta(hours=1), "Another session of this run"),
]


@pytest.mark.parametrize(("ahead", "length", "sentence"), WRONG_TIMES)
def test_a_session_at_a_wrong_time_is_refused(run, cast, ahead, length, sentence):
    start = run.sessions.get().starts_at if ahead.days == 14 else now() + ahead
    with pytest.raises(Refused, match=sentence):
        actions.add_session(run, start, start + length, by=cast.coordinator)
    assert run.sessions.count() == 1


def test_a_session_that_begins_when_another_ends_does_not_overlap(run, cast):
    first = run.sessions.get()
    actions.add_session(run, first.ends_at, first.ends_at + timedelta(hours=1), by=cast.coordinator)
    assert run.sessions.count() == 2


def test_moving_a_session_tells_everybody_who_counts_on_it(run, enrolled, cast):
    session = run.sessions.get()
    later = session.starts_at + timedelta(days=1)
    actions.move_session(session, later, later + timedelta(hours=1), by=cast.coordinator)
    assert mailed("courses/sessions_changed") == 3


def test_moving_it_there_and_back_is_told_twice(run, enrolled, cast, time_machine):
    session = run.sessions.get()
    start, end = session.starts_at, session.ends_at
    actions.move_session(session, start + timedelta(days=1), end + timedelta(days=1), by=cast.coordinator)
    time_machine.move_to(now() + timedelta(minutes=1))
    actions.move_session(session, start, end, by=cast.coordinator)
    assert mailed("courses/sessions_changed") == 6


def test_a_new_topic_tells_nobody(run, enrolled, cast):
    session = run.sessions.get()
    actions.move_session(session, session.starts_at, session.ends_at, by=cast.coordinator, title="Bias")
    assert (Session.objects.get().title, OutboxMail.objects.count()) == ("Bias", 0)


def test_a_cancelled_session_is_told_once_and_moved_no_more(run, enrolled, cast):
    session = run.sessions.get()
    actions.cancel_session(session, by=cast.coordinator)
    assert mailed("courses/session_cancelled") == 3
    with pytest.raises(Refused, match="was cancelled"):
        actions.move_session(session, session.starts_at, session.ends_at, by=cast.coordinator)
    with pytest.raises(Refused):
        actions.cancel_session(session, by=cast.coordinator)


def test_changing_the_place_of_a_live_run_is_told_and_its_dates_of_enrolment_are_not(run, enrolled, cast):
    actions.change_run(run, by=cast.coordinator, enrol_until=run.enrol_until + timedelta(days=1))
    assert OutboxMail.objects.count() == 0
    actions.change_run(run, by=cast.coordinator, place="Room 7")
    assert mailed("courses/sessions_changed") == 3


def test_a_run_that_is_over_is_not_cancelled(run, enrolled, cast, time_machine):
    time_machine.move_to(run.sessions.get().ends_at + timedelta(hours=1))
    with pytest.raises(Refused, match="Close it instead"):
        actions.cancel_run(run, by=cast.coordinator)


@pytest.mark.parametrize("state", ["cancelled", "closed"])
def test_sessions_of_a_run_that_is_done_stay_as_they_are(run, cast, state):
    Run.objects.filter(pk=run.pk).update(state=state)
    session = run.sessions.get()
    start = session.starts_at + timedelta(days=2)
    with pytest.raises(Refused, match="stay as they are"):
        actions.add_session(run, start, start + timedelta(hours=1), by=cast.coordinator)
    with pytest.raises(Refused, match="stay as they are"):
        actions.move_session(session, start, start + timedelta(hours=1), by=cast.coordinator)
    with pytest.raises(Refused, match="stay as they are"):
        actions.cancel_session(session, by=cast.coordinator)


def test_the_zone_stays_once_sessions_are_planned(run, cast):
    with pytest.raises(Refused, match="zone"):
        actions.change_run(run, by=cast.coordinator, time_zone="Asia/Seoul")


def test_a_run_with_sessions_ahead_is_not_closed(run, cast):
    with pytest.raises(Refused, match="has sessions ahead"):
        actions.close_run(run, by=cast.coordinator)


def test_a_run_that_is_over_is_closed(run, cast, time_machine):
    time_machine.move_to(run.sessions.get().ends_at + timedelta(hours=1))
    actions.close_run(run, by=cast.coordinator)
    assert run.state == "published"
    assert Run.objects.get().state == "closed"


MOVES = {"draft": {"publish"}, "published": {"cancel", "close"}}


@pytest.mark.parametrize("state", Run.State)
@pytest.mark.parametrize("role", ["coordinator", "contact", "teacher", "outsider"])
def test_moves_by_role_and_state_of_a_run(role, state, cast):
    it = make.RunFactory(state=state)
    assert set(available_moves(getattr(cast, role), it)) == (
        MOVES.get(state.value, set()) if role == "coordinator" else set()
    )


def test_a_regional_coordinator_keeps_the_runs_hosted_in_their_region(cast):
    here, there = make.RegionFactory(), make.RegionFactory()
    person = make.CoordinatorFactory(region=here).person
    own = make.RunFactory(host=make.InstitutionFactory(region=here))
    make.RunFactory(host=make.InstitutionFactory(region=there))
    assert list(Run.objects.editable_by(person)) == [own]
    assert "cancel" in available_moves(person, own)


@pytest.mark.parametrize("deed", ["move", "cancel_session", "cancel_run"])
def test_telling_more_people_asks_the_database_no_more_often(deed, run, pool, cast, django_assert_max_num_queries):
    def queries_for(people):
        for _ in range(people):
            person = make.AffiliationFactory(institution=cast.school).person
            actions.enrol(run, person, by=person)
        session = make.SessionFactory(run=run, starts_at=now() + timedelta(days=30 * (1 + run.sessions.count())))
        later = session.starts_at + timedelta(hours=3)
        with django_assert_max_num_queries(200) as counted:
            if deed == "move":
                actions.move_session(session, later, later + timedelta(hours=1), by=cast.coordinator)
            elif deed == "cancel_session":
                actions.cancel_session(session, by=cast.coordinator)
            else:
                actions.cancel_run(run, by=cast.coordinator)
                Run.objects.filter(pk=run.pk).update(state="published")
        return len(counted)

    pool.places = 50
    pool.save()
    queries_for(1)
    few, many = queries_for(1), queries_for(6)
    assert many <= few + 2


@pytest.mark.parametrize(("begins", "marked"), [(-HOUR / 2, False), (HOUR, True)])
def test_a_session_that_has_begun_or_is_marked_does_not_move_into_the_future(cast, begins, marked):
    run = make.RunFactory()
    session = make.SessionFactory(run=run, starts_at=now() + begins, ends_at=now() + begins + HOUR)
    it = make.EnrolmentFactory(run=run, pool=make.PoolFactory(run=run))
    if marked:
        make.AttendanceFactory(session=session, enrolment=it)
    later = now() + timedelta(days=7)
    with pytest.raises(Refused, match="Add a new session instead"):
        actions.move_session(session, later, later + HOUR, by=cast.coordinator)
    actions.move_session(session, session.starts_at, session.ends_at, by=cast.coordinator, place="Room 7")
    session.refresh_from_db()
    assert session.place == "Room 7"
