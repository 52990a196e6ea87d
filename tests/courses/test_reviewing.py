"""The content of a course is gone through again: when it is due, who is told, what everybody sees."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal.models import AuditEntry
from courses import actions
from courses.desk_rows import due_for_review
from courses.models import Course
from members.models import Cluster, Direction
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


@pytest.mark.parametrize(
    ("reviewed_on", "months", "due_on"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 11, 22), 12, date(2026, 11, 22)),
        (date(2026, 12, 1), 13, date(2028, 1, 1)),
    ],
)
def test_the_day_is_the_same_in_python_and_in_the_database(reviewed_on, months, due_on):
    course = make.CourseFactory(reviewed_on=reviewed_on, review_months=months)
    assert course.review_due_on == due_on
    before = date.fromordinal(due_on.toordinal() - 1)
    assert [list(Course.objects.due_for_review(day)) for day in (before, due_on)] == [[], [course]]
    assert [course.is_due_for_review_on(day) for day in (before, due_on)] == [False, True]


def test_what_was_never_reviewed_is_due_first():
    old = make.CourseFactory(reviewed_on=date(2020, 1, 1))
    never = make.CourseFactory(reviewed_on=None)
    assert list(Course.objects.due_for_review(date(2026, 11, 22))) == [never, old]


def test_what_is_described_today_counts_as_reviewed_today(cast):
    course = actions.create_course(by=cast.coordinator, title="New", kind="course", summary="What one learns.")
    assert course.reviewed_on == Cluster.current().today()


def test_the_desk_counts_what_is_due_and_one_press_notes_it(client, cast):
    course = make.CourseFactory(reviewed_on=date(2020, 1, 1))
    (row,) = due_for_review(cast.coordinator)
    assert (row.text, row.count, row.url) == ("course is due for review", 1, reverse("courses:desk_review"))
    assert "Reviewed today" in client.get(row.url).content.decode()
    client.post(reverse("courses:desk_reviewed", args=[course.slug]))
    course.refresh_from_db()
    assert course.reviewed_on == Cluster.current().today()
    assert AuditEntry.objects.get(verb="courses.course.change").fields == ["reviewed_on"]
    assert list(due_for_review(cast.coordinator)) == []
    assert "Nothing is due" in client.get(row.url).content.decode()


def test_from_the_page_of_a_course_one_comes_back_to_it(client):
    course = make.CourseFactory(reviewed_on=date(2020, 1, 1))
    answer = client.post(reverse("courses:desk_reviewed", args=[course.slug]), {"next": course.get_absolute_url()})
    assert answer["Location"] == course.get_absolute_url()


def test_a_teacher_has_no_such_row_and_no_such_page(cast, demo):
    course = make.CourseFactory(reviewed_on=date(2020, 1, 1))
    client = Client()
    client.force_login(cast.teacher)
    assert list(due_for_review(cast.teacher)) == []
    assert client.get(reverse("courses:desk_review")).status_code == 403
    assert client.post(reverse("courses:desk_reviewed", args=[course.slug])).status_code == 403


def test_who_keeps_one_region_reviews_no_course_that_runs_in_another(demo):
    keeper = make.CoordinatorFactory(region=make.RegionFactory()).person
    course = make.CourseFactory(reviewed_on=date(2020, 1, 1))
    make.RunFactory(course=course, host=make.InstitutionFactory(region=make.RegionFactory()))
    client = Client()
    client.force_login(keeper)
    assert client.post(reverse("courses:desk_reviewed", args=[course.slug])).status_code == 404
    assert list(due_for_review(keeper)) == []


@pytest.mark.parametrize(
    ("reader", "said"),
    [(None, (True, False, False)), ("teacher", (True, False, False)), ("coordinator", (False, True, True))],
)
@pytest.mark.parametrize("page", ["course", "run"])
def test_stale_content_is_seen_by_everybody_and_due_for_coordinators(run, cast, demo, reader, said, page):
    Course.objects.update(reviewed_on=date(2020, 1, 1))
    client = Client()
    if reader:
        client.force_login(getattr(cast, reader))
    text = client.get({"course": run.course, "run": run}[page].get_absolute_url()).content.decode()
    assert "Content reviewed on 1 January 2020" in text or "Content reviewed on Jan. 1, 2020" in text
    assert tuple(word in text for word in ("May be out of date", "Due for review", "Reviewed today")) == said


def test_fresh_content_only_says_its_day(run, client):
    text = client.get(run.get_absolute_url()).content.decode()
    assert [word in text for word in ("Content reviewed on", "Due for review", "Reviewed today")] == [
        True,
        False,
        False,
    ]


def test_a_review_cannot_lie_ahead(client):
    course = make.CourseFactory()
    facts = {"title": "T", "kind": "course", "summary": "S", "language": "en", "reviewed_on": "2999-01-01"}
    answer = client.post(reverse("courses:desk_edit_course", args=[course.slug]), facts)
    assert answer.context["form"].errors["reviewed_on"] == [
        "This day is still ahead. Enter the day on which it was reviewed."
    ]


def test_a_course_keeps_its_level_themes_and_language(client):
    course, theme = make.CourseFactory(), Direction.objects.create(name="Robots", slug="robots")
    facts = {
        "title": "T",
        "kind": "event",
        "summary": "S",
        "language": "ko",
        "level": "basic",
        "directions": [theme.pk],
    }
    client.post(reverse("courses:desk_edit_course", args=[course.slug]), facts | {"review_months": ""})
    course.refresh_from_db()
    assert (course.level, course.language, course.review_months, list(course.directions.all())) == (
        "basic",
        "ko",
        12,
        [theme],
    )
    text = client.get(course.get_absolute_url()).content.decode()
    assert [word in text for word in ("For beginners", "Korean", theme.name)] == [True, True, True]


def test_three_courses_that_are_due_cost_as_many_queries_as_one(client):
    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("courses:desk_review"))
        return len(captured)

    make.CourseFactory(reviewed_on=None)
    count()
    before = count()
    make.CourseFactory.create_batch(2, reviewed_on=None)
    assert count() == before
