"""The programme: narrowed by all that a course or its audience says, as a list, a week and a timetable, on paper."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.timezone import now

from courses.models import Session
from courses.timetable import days_of, week_of, weeks_from
from members.models import Cluster, Direction, Region
from tests import factories as make

pytestmark = pytest.mark.django_db
PAGE = "/courses/"
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture(autouse=True)
def cluster(db):
    """In Moscow, where every day of the programme begins."""
    return Cluster.objects.create(pk=1, name="C", time_zone="Europe/Moscow")


def offered(title, at=datetime(2027, 3, 2, 13, tzinfo=UTC), **facts):
    run = make.RunFactory(course__title=title, **facts)
    make.PoolFactory(run=run)
    make.SessionFactory(run=run, starts_at=at, ends_at=at + timedelta(minutes=90))
    return run


def listed(client, **asked):
    return {run.course.title for run in client.get(PAGE, asked).context["page"]}


@pytest.fixture
def two(db):
    """Two runs that differ in everything that the programme can be narrowed to."""
    first = offered(
        "Robots", course__kind="workshop", course__level="basic", course__language="ru", roles=["teacher"],
        stage_from=1, stage_until=4, host=make.InstitutionFactory(name="Lyceum"),
    )  # fmt: skip
    second = offered(
        "Ethics", course__kind="event", course__level="advanced", course__language="ko", roles=["student"],
        stage_from=5, stage_until=9, host=make.InstitutionFactory(), enrol_until=now() - timedelta(days=1),
    )  # fmt: skip
    for run, name in ((first, "north"), (second, "south")):
        run.course.directions.add(Direction.objects.create(name=name, slug=name))
        run.regions.add(make.RegionFactory(name=name, slug=name))
    return first, second


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "workshop"}, {"level": "basic"}, {"language": "ru"}, {"role": "teacher"}, {"stage": "3"},
        {"direction": "north"}, {"region": "north"}, {"host": "lyceum"}, {"open": "on"}, {"q": "robots"},
    ],
    ids=lambda it: next(iter(it)),
)  # fmt: skip
def test_each_way_to_narrow_it_leaves_what_fits(two, asked):
    assert listed(Client()) == {"Robots", "Ethics"}
    assert listed(Client(), **asked) == {"Robots"}


def test_two_ways_at_once_leave_what_fits_both(two):
    assert listed(Client(), kind="workshop", level="advanced") == set()


@pytest.mark.parametrize("asked", [{"kind": "opera"}, {"stage": "x"}, {"host": "nobody"}, {"on": "yesterday"}])
def test_what_is_not_well_formed_does_not_count(two, asked):
    assert listed(Client(), **asked) == {"Robots", "Ethics"}


def test_what_i_may_take_part_in_is_for_those_who_are_known(cast):
    offered("For teachers", roles=["teacher"])
    offered("For students", roles=["student"])
    offered("For partners of others", roles=["teacher"], kinds=["company"])
    client = Client()
    assert listed(client, mine="on") == {"For teachers", "For students", "For partners of others"}
    client.force_login(cast.teacher)
    assert listed(client, mine="on") == {"For teachers"}


def test_a_card_says_for_whom_it_is(two):
    text = Client().get(PAGE).content.decode()
    assert "teachers, and adults" not in text
    assert "teachers · north" in text
    assert "students of the years 5 to 9 · south" in text


def entries(page):
    return [(it.day.isoformat(), [entry.clock for entry in it.entries]) for it in page.context["days"] if it.entries]


def test_the_week_begins_on_monday_and_shows_its_sessions_in_the_zone_of_the_cluster(cast):
    offered("At night", at=datetime(2027, 3, 2, 21, 30, tzinfo=UTC))  # half past midnight on Wednesday in Moscow
    offered("Next week", at=datetime(2027, 3, 8, 9, tzinfo=UTC))
    page = Client().get(PAGE, {"view": "week", "on": "2027-03-04"})
    assert page.context["stretch"].first == date(2027, 3, 1)
    assert entries(page) == [("2027-03-03", ["00:30–02:00"])]
    assert "Times: Moscow time." in page.content.decode()


def test_a_reader_elsewhere_sees_their_own_time_beside(cast):
    offered("Talk", at=datetime(2027, 3, 2, 16, tzinfo=UTC))
    cast.teacher.time_zone = "Asia/Seoul"
    cast.teacher.save()
    client = Client()
    client.force_login(cast.teacher)
    text = client.get(PAGE, {"view": "week", "on": "2027-03-02"}).content.decode()
    assert "19:00–20:30" in text
    assert "3 March, 01:00 Seoul time" in text
    assert "Times: Moscow time. Your zone: Seoul time" in text


@pytest.mark.parametrize("view", ["week", "timetable"])
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "0001-01-02", "2000-01-01"])
def test_a_day_that_no_calendar_reaches_counts_as_none(client, view, day):
    response = client.get(PAGE, {"view": view, "on": day})
    assert response.status_code == 200
    assert response.context["stretch"] == client.get(PAGE, {"view": view}).context["stretch"]


def test_drafts_cancelled_runs_and_cancelled_sessions_stand_in_no_week(cast):
    for state in ("draft", "cancelled", "closed"):
        offered(state, state=state)
    run = offered("Live")
    Session.objects.filter(run=run).update(state="cancelled")
    page = Client().get(PAGE, {"view": "week", "on": "2027-03-02"})
    assert entries(page) == []
    assert "No session in these days" in page.content.decode()


def test_the_week_is_narrowed_as_the_list_is_and_keeps_what_was_asked(two):
    page = Client().get(PAGE, {"view": "week", "on": "2027-03-02", "kind": "workshop"})
    assert [entry.session.run for it in page.context["days"] for entry in it.entries] == [two[0]]
    text = page.content.decode()
    assert 'href="?view=timetable&amp;kind=workshop"' in text
    assert 'href="?view=week&amp;on=2027-03-08&amp;kind=workshop" rel="next"' in text
    assert '<input type="hidden" name="view" value="week"' in text


def test_the_timetable_shows_four_weeks_from_a_day(two):
    page = Client().get(PAGE, {"view": "timetable", "on": "2027-02-03"})
    assert entries(page) == [("2027-03-02", ["16:00–17:30", "16:00–17:30"])]
    assert entries(Client().get(PAGE, {"view": "timetable", "on": "2027-02-02"})) == []


@pytest.mark.parametrize("view", ["", "week", "timetable"])
def test_each_way_to_draw_it_can_be_printed(two, view):
    page = Client().get(PAGE, {"view": view, "on": "2027-03-02", "kind": "workshop", "paper": "yes"})
    assert [it.name for it in page.templates][:2] == ["courses/programme_paper.html", "print.html"]
    assert ("Robots" in page.content.decode(), "Ethics" in page.content.decode()) == (True, False)


def test_hours_from_the_first_beginning_to_the_last_end_make_the_grid():
    sessions = [
        make.SessionFactory.build(run=None, starts_at=at, ends_at=at + timedelta(hours=1))
        for at in (datetime(2027, 3, 2, 9, tzinfo=MOSCOW), datetime(2027, 3, 4, 12, 15, tzinfo=MOSCOW))
    ]
    days, hours = days_of(week_of(date(2027, 3, 7), MOSCOW), sessions, today=date(2027, 3, 4))
    assert hours == ["09:00", "10:00", "11:00", "12:00", "13:00"]
    assert [[(block.row, block.rows) for block in it.blocks] for it in days[1:4]] == [[(1, 1)], [], [(4, 2)]]
    assert [it.is_today for it in days] == [False, False, False, True, False, False, False]


def test_a_week_has_seven_days_also_when_the_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")
    stretch = week_of(date(2027, 3, 28), berlin)
    assert (stretch.until - stretch.since, stretch.before, stretch.last) == (
        timedelta(days=7), date(2027, 3, 15), date(2027, 3, 28),
    )  # fmt: skip
    assert stretch.until.astimezone(UTC) - stretch.since.astimezone(UTC) == timedelta(days=6, hours=23)
    assert weeks_from(date(2027, 3, 1), berlin).last == date(2027, 3, 28)


def test_in_ones_own_zone_nothing_stands_beside():
    at = datetime(2027, 3, 2, 9, tzinfo=MOSCOW)
    session = make.SessionFactory.build(run=None, starts_at=at, ends_at=at + timedelta(hours=1))
    with timezone.override(MOSCOW):
        days, _hours = days_of(week_of(at.date(), MOSCOW), [session], today=at.date())
    assert [entry.own for it in days for entry in it.entries] == [""]


@pytest.mark.parametrize("asked", [{}, {"view": "week"}, {"view": "timetable"}, {"paper": "yes"}, {"mine": "on"}])
def test_three_rows_cost_as_many_queries_as_one(cast, asked):
    client = Client()
    client.force_login(cast.teacher)
    asked |= {"on": "2027-03-02"}

    def one_more():
        run = offered("More", host=make.InstitutionFactory())
        run.regions.add(cast.school.region or make.RegionFactory())

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PAGE, asked).status_code == 200
        return len(captured)

    one_more()
    count()
    before = count()
    one_more()
    one_more()
    assert count() == before
    assert before <= 25


def test_what_was_closed_stands_in_its_own_past_week_only(cast):
    run = offered("Closed since", at=now() - timedelta(days=7), state="closed")
    make.SessionFactory(run=run, starts_at=now() + timedelta(days=7))
    today = Cluster.current().today()  # by the clock of its zone: a week begins there while it is Sunday in UTC
    weeks = [{"view": "week", "on": (today + timedelta(days=days)).isoformat()} for days in (-7, 7)]
    assert [Client().get(PAGE, asked).context["count"] for asked in weeks] == [1, 0]


def test_what_was_on_is_listed_the_latest_first_with_its_recordings(cast):
    offered("Ahead")
    offered("Cancelled", at=now() - timedelta(days=2), state="cancelled")
    first = offered("Long ago", at=now() - timedelta(days=40))
    offered("Of late", at=now() - timedelta(days=2), state="closed")
    make.MaterialFactory(run=first, kind="recording", is_public=True)
    make.MaterialFactory(run=first)
    page = Client().get(PAGE, {"view": "past"})
    shown = [(it.course.title, getattr(it, "noted", "")) for it in page.context["page"]]
    assert shown == [("Of late", ""), ("Long ago", "1 material")]
    assert "1 material" in page.content.decode()


def test_a_recording_is_found_by_clicking_from_the_run_that_is_open(cast):
    course = make.CourseFactory()
    ahead, over = make.RunFactory(course=course), make.RunFactory(course=course, state="closed")
    make.SessionFactory(run=ahead, starts_at=now() + timedelta(days=7))
    make.SessionFactory(run=over, starts_at=now() - timedelta(days=7))
    make.MaterialFactory(run=over, kind="recording", is_public=True)
    assert f'href="{course.get_absolute_url()}"' in Client().get(ahead.get_absolute_url()).content.decode()
    page = Client().get(course.get_absolute_url())
    assert (page.context["runs"], page.context["earlier"]) == ([ahead], [over])
    assert [it.noted for it in page.context["earlier"]] == ["1 material"]


def test_an_entry_spans_its_hours_and_stands_with_those_beside_it():
    times = [(9, 0, 150), (10, 0, 60), (13, 0, 60), (23, 0, 120)]
    sessions = [
        make.SessionFactory.build(run=None, starts_at=at, ends_at=at + timedelta(minutes=minutes))
        for at, minutes in ((datetime(2027, 3, 2, hour, minute, tzinfo=MOSCOW), last) for hour, minute, last in times)
    ]
    days, hours = days_of(week_of(date(2027, 3, 2), MOSCOW), sessions, today=date(2027, 3, 4))
    assert (hours[0], hours[-1]) == ("09:00", "23:00")
    assert [(len(it.entries), it.row, it.rows) for it in days[1].blocks] == [(2, 1, 3), (1, 5, 1), (1, 15, 1)]


def test_in_the_week_the_title_of_the_session_is_the_link(cast):
    run = offered("Robots")
    run.sessions.update(title="Sensors")
    text = Client().get(PAGE, {"view": "week", "on": "2027-03-02"}).content.decode()
    assert f'<a href="{run.get_absolute_url()}">Sensors</a></p><p>Robots</p>' in text


def test_the_week_is_printed_across_the_page(cast):
    offered("Robots")
    text = Client().get(PAGE, {"view": "week", "on": "2027-03-02", "paper": "yes"}).content.decode()
    assert '<main class="sheet landscape">' in text


def test_a_list_on_paper_says_when_there_are_more(cast, monkeypatch):
    monkeypatch.setattr("courses.programme.MOST_ON_PAPER", 2)
    for number in range(3):
        offered(f"Course {number}")
    assert "these are the first 2." in Client().get(PAGE, {"paper": "yes"}).content.decode()


def test_regions_stand_as_people_count():
    for name in ("Region 10", "Region 2", "region 1", "Alpha"):
        make.RegionFactory(name=name, slug=name.lower().replace(" ", "-"))
    assert [it.name for it in Region.objects.in_order()] == ["Alpha", "region 1", "Region 2", "Region 10"]
    page = Client().get(PAGE)
    assert [label for _slug, label in page.context["narrow"].fields["region"].choices][1:] == [
        "Alpha", "region 1", "Region 2", "Region 10",
    ]  # fmt: skip
