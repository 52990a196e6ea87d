"""The example of the consortium, loaded, and its story played through by the pages."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate

from cluster_portal.models import OutboxMail
from coordination.examples.consortium import LINK
from courses import actions
from courses.certificates import lines_of
from courses.completion import completions_of
from courses.models import Enrolment, Material, Pool, Run
from members.models import Certificate, Coverage, Institution, Person
from tests.coordination.conftest import loaded_once

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def example(django_db_setup, django_db_blocker, tmp_path_factory):
    with loaded_once("consortium", django_db_blocker, tmp_path_factory.mktemp("files")):
        yield


@pytest.fixture
def was(db):
    return Run.objects.get(state="closed")


@pytest.fixture
def coming(db):
    return Run.objects.with_dates().get(state="published")


def at(name):
    client = Client()
    if name:
        client.force_login(Person.objects.get(email=f"{name}@example.org"))
    return client


def enrol(name, run, sort):
    """Enrol by the page; the client, and what became of it."""
    client = at(name)
    pool = run.pools.get(sort=sort)
    client.post(reverse("courses:enrol", args=[run.public_id]), {"pool": pool.public_id})
    return client, Enrolment.objects.get(run=run, person__email=f"{name}@example.org")


def found(query=""):
    with CaptureQueriesContext(connection) as captured:
        page = Client().get(reverse("members:directory") + query).context["page"]
    return page.paginator.count, len(captured)


def titles(name, run):
    return [it.title for it in at(name).get(run.get_absolute_url()).context["materials"]]


def test_more_than_110_stand_in_one_directory_that_is_narrowed_in_as_few_queries():
    counts = {query: found(query) for query in ("", "?kind=company", "?region=region-1", "?q=skool+12")}
    assert {query: count for query, (count, _queries) in counts.items()} == {
        "": 114, "?kind=company": 50, "?region=region-1": 13, "?q=skool+12": counts["?q=skool+12"][0],
    }  # fmt: skip
    assert counts["?q=skool+12"][0] > 0
    assert max(queries for _count, queries in counts.values()) <= 12


def test_schools_are_members_by_the_roll_and_the_others_are_partners():
    roll = Coverage.objects.values_list("document", flat=True)
    assert (len(roll), set(roll)) == (32, {"Roll of the association"})
    today = localdate()
    assert Institution.objects.members_on(today).count() == 34
    assert Institution.objects.partners_on(today).exclude(pk__in=Institution.objects.members_on(today)).count() == 80


def test_places_in_the_room_and_online_are_counted_apart(coming):
    before = {pool.sort: pool.taken for pool in coming.pools.all()}
    _client, it = enrol("teacher", coming, "online")
    assert (it.state, it.is_online) == ("confirmed", True)
    assert {pool.sort: pool.taken for pool in coming.pools.all()} == before | {"online": before["online"] + 1}
    assert [(p.taken, p.counted) for p in Pool.objects.with_people() if p.taken != p.counted] == []


def test_people_of_partners_take_part_too(coming):
    _client, it = enrol("mentor", coming, "room")
    assert (it.state, it.affiliation.institution.name) == ("confirmed", "Company 1")


def test_the_link_reaches_only_those_online_and_at_the_right_time(coming):
    client, online = enrol("teacher", coming, "online")
    in_room, _enrolment = enrol("contact", coming, "room")
    page, other = client.get(coming.get_absolute_url()), in_room.get(coming.get_absolute_url())
    assert [LINK in it.content.decode() for it in (page, other, at(None).get(coming.get_absolute_url()))] == [False] * 3
    assert (bool(page.context["join"]), other.context["join"]) == (True, "")
    assert client.post(page.context["join"], follow=True).headers.get("Refresh") is None
    with time_machine.travel(coming.first_start - timedelta(minutes=5)):
        assert LINK not in client.get(page.context["join"]).content.decode()
        assert client.post(page.context["join"]).headers["Refresh"] == f"0; url={LINK}"
    assert list(online.attendance.values_list("mark", "how")) == [("present", "joined")]


def test_the_recording_and_the_materials_of_what_was_are_there(was):
    assert titles(None, was) == ["Recording of the broadcast", "Slides of the speakers"]
    assert titles("teacher", was) == ["Recording of the broadcast", "Notes of the meeting", "Slides of the speakers"]
    file = reverse("file", args=[Material.objects.get(kind="file").upload.public_id])
    opened = at("teacher").get(file)
    assert (b"seven heads" in b"".join(opened.streaming_content), at("student").get(file).status_code) == (True, 404)


def test_a_recording_appears_when_the_meeting_is_over(coming):
    facts = {"title": "Recording", "kind": "recording", "url": "https://video.example.org/new", "is_public": True}
    actions.add_material(coming, by=Person.objects.get(email="coordinator@example.org"), shown="after", **facts)
    assert titles(None, coming) == []
    with time_machine.travel(coming.last_end + timedelta(hours=1)):
        assert titles(None, coming) == ["Recording"]


def test_who_was_there_long_enough_has_completed_what_was(was):
    completions = completions_of(list(was.enrolments.all()))
    assert (len(completions), sum(it.is_complete for it in completions.values())) == (26, 23)


def test_heads_see_the_hours_of_their_own_teachers(was):
    year = Run.objects.with_dates().get(pk=was.pk).last_end.year
    page = at("head").get(reverse("members:desk_hours"), {"year": year}).context["page"]
    hours = {it.email: it.hours for it in page}
    assert {name: hours[f"{name}@example.org"] for name in ("teacher", "contact")} == {"teacher": 6, "contact": 0}
    assert "person2@example.org" not in hours  # of another school
    assert at("teacher").get(reverse("members:desk_hours")).status_code == 403


def test_the_coordinator_issues_the_certificates_of_the_other_schools(was):
    mine = Certificate.objects.get(person__email="teacher@example.org")
    assert mine.number in at(None).get(mine.get_absolute_url()).content.decode()
    lines = lines_of(was)
    assert (sum(it.has_one for it in lines), sum(it.is_due for it in lines)) == (3, 20)


def test_nobody_is_written_to_about_what_was(was):
    about = [*was.enrolments.values_list("public_id", flat=True), was.public_id]
    assert not OutboxMail.objects.filter(about_id__in=about, template__startswith="courses/").exists()


def test_the_meeting_that_was_has_the_dates_of_then(was):
    first, last = was.sessions.first().starts_at, was.sessions.last().ends_at
    assert all(it.asked_at < first and it.state_since < first for it in was.enrolments.all())
    assert (was.state_since > last, all(it.added_at > last for it in was.materials.all())) == (True, True)
