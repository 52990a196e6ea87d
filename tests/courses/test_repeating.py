"""Giving a run again: the same on other days, as a draft, without anybody in it."""

from datetime import UTC, date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move
from courses import actions
from courses.models import Enrolment, Pool, Question, Run
from courses.patterns import WeeklyPattern
from tests import factories as make

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def workshop(cast):
    """Saturdays 12:00 in Berlin, 7 and 14 March 2026, twelve places in the room."""
    run = make.RunFactory(
        course__kind="workshop",
        state="draft",
        time_zone="Europe/Berlin",
        roles=["student"],
        stage_from=5,
        host=cast.school,
    )
    run.instructors.set([cast.teacher])
    run.partners.set([make.InstitutionFactory()])
    run.regions.set([make.RegionFactory()])
    make.PoolFactory(run=run, places=12)
    pattern = WeeklyPattern((5,), time(12), 90, date(2026, 3, 7), date(2026, 3, 14))
    actions.plan_sessions(run, pattern, by=cast.coordinator, titles=["See", "Fool"])
    return run


def again(run, cast, **facts):
    facts = {"title": "autumn", "first_day": date(2027, 10, 23)} | facts
    return actions.repeat_run(Run.objects.get(pk=run.pk), by=cast.coordinator, **facts)


def local(run):
    return [it.starts_at.astimezone(run.zone).strftime("%Y-%m-%d %H:%M") for it in run.sessions.all()]


def test_sessions_keep_their_distance_and_their_wall_clock_over_a_change_of_clocks(workshop, cast):
    copy = again(workshop, cast, first_day=date(2027, 10, 30))
    assert local(copy) == ["2027-10-30 12:00", "2027-11-06 12:00"]
    assert [it.starts_at.astimezone(UTC).hour for it in copy.sessions.all()] == [10, 11]
    assert [(it.title, it.slot == it.starts_at) for it in copy.sessions.all()] == [("See", True), ("Fool", True)]


def test_another_hour_and_another_weekday_move_the_pattern_too(workshop, cast):
    copy = again(workshop, cast, first_day=date(2027, 10, 25), start_time=time(15, 30))
    assert local(copy) == ["2027-10-25 15:30", "2027-11-01 15:30"]
    pattern = copy.pattern
    assert (pattern.weekdays, pattern.start_time, pattern.first_day) == ([0], time(15, 30), date(2027, 10, 25))


def test_it_is_a_draft_that_says_the_same_and_holds_nobody(workshop, cast):
    make.EnrolmentFactory(run=workshop)
    Pool.objects.update(taken=1)
    Question.objects.create(run=workshop, text="Diet?", kind="text", is_sensitive=True)
    copy = again(workshop, cast)
    assert (copy.state, copy.title, copy.stage_from, copy.roles, copy.host) == (
        "draft",
        "autumn",
        5,
        ["student"],
        cast.school,
    )
    assert [(it.sort, it.places, it.taken) for it in copy.pools.all()] == [("room", 12, 0)]
    assert [(it.text, it.is_sensitive) for it in copy.questions.all()] == [("Diet?", True)]
    for name in ("instructors", "partners", "regions"):
        assert list(getattr(copy, name).all()) == list(getattr(workshop, name).all())
    assert (copy.enrolments.count(), OutboxMail.objects.count()) == (0, 0)
    assert {copy.public_id, *[it.public_id for it in copy.sessions.all()]} & {
        workshop.public_id, *[it.public_id for it in workshop.sessions.all()]
    } == set()  # fmt: skip
    assert Enrolment.objects.count() == 1


def test_places_of_single_sessions_come_along(workshop, cast):
    session = workshop.sessions.first()
    Pool.objects.create(session=session, places=5)
    copy = again(workshop, cast)
    assert [[it.places for it in one.pools.all()] for one in copy.sessions.all()] == [[5], []]


def test_cancelled_sessions_stay_behind(workshop, cast):
    make_move(workshop.sessions.last(), "cancel", by=cast.coordinator)
    assert local(again(workshop, cast)) == ["2027-10-23 12:00"]


def test_enrolment_closes_as_long_before_as_it_did(workshop, cast):
    first = workshop.sessions.first().starts_at
    Run.objects.filter(pk=workshop.pk).update(
        enrol_from=first - timedelta(days=30), enrol_until=first - timedelta(days=2)
    )
    copy = again(workshop, cast)
    assert copy.sessions.first().starts_at - copy.enrol_until == timedelta(days=2)
    assert copy.enrol_from <= now()


def test_where_that_is_over_already_it_closes_when_the_first_session_starts(workshop, cast):
    first = workshop.sessions.first().starts_at
    Run.objects.filter(pk=workshop.pk).update(
        enrol_from=first - timedelta(days=900), enrol_until=first - timedelta(days=800)
    )
    tomorrow = (now() + timedelta(days=2)).astimezone(BERLIN).date()
    copy = again(workshop, cast, first_day=tomorrow)
    assert copy.enrol_until == copy.sessions.first().starts_at


def test_a_moment_that_is_over_is_refused(workshop, cast):
    with pytest.raises(Refused, match="over"):
        again(workshop, cast, first_day=date(2026, 3, 7))
    assert Run.objects.count() == 1


def test_a_run_without_sessions_is_refused(cast):
    with pytest.raises(Refused, match="no sessions"):
        again(make.RunFactory(), cast)


def test_on_the_desk_it_leads_to_the_new_draft(workshop, cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    assert "Give it again" in client.get(reverse("courses:desk_run", args=[workshop.public_id])).content.decode()
    url = reverse("courses:desk_repeat", args=[workshop.public_id])
    assert client.get(url).status_code == 200
    answer = client.post(url, {"title": "autumn", "first_day": "2027-10-23", "start_time": ""})
    copy = Run.objects.get(title="autumn")
    assert answer["Location"] == reverse("courses:desk_run", args=[copy.public_id])


def test_somebody_elses_run_is_not_there_to_be_given_again(workshop, demo):
    client = Client()
    client.force_login(make.CoordinatorFactory(region=make.RegionFactory()).person)
    assert client.get(reverse("courses:desk_repeat", args=[workshop.public_id])).status_code == 404
