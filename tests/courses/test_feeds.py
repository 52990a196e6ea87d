"""Public feeds: the sessions of what is published, with nobody's name, the same bytes until something changes."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from courses import actions, calendars
from courses.models import Pool, Session
from members.models import Cluster
from tests import factories as make
from tests.cluster_portal.test_calendar import weekly
from tests.rfc5546 import parse, read_feed

pytestmark = pytest.mark.django_db
PUBLIC = "/calendar.ics"


@pytest.fixture
def run():
    """Six Tuesdays in Berlin, over the change of clocks, one of them moved, and one session outside of the pattern."""
    run = make.RunFactory(time_zone="Europe/Berlin", online_link="https://meet.example/secret")
    sessions = weekly(run)
    Session.objects.filter(pk=sessions[2].pk).update(place="Hall", title="Agents")
    later = sessions[-1].ends_at + timedelta(days=3)
    make.SessionFactory(run=run, starts_at=later, ends_at=later + timedelta(hours=1))
    return run


def get(path, **headers):
    return Client().get(path, headers=headers)


def dates(response):
    return {(it.starts_at, it.ends_at, it.status, it.location) for it in read_feed(response.content.decode())}


def planned(*runs):
    rows = Session.objects.planned().filter(run__in=runs).select_related("run")
    return {(it.starts_at, it.ends_at, "confirmed", it.place or it.run.place) for it in rows}


def test_the_public_feed_is_the_sessions_of_what_is_published_and_not_over(run):
    other = make.SessionFactory(run__time_zone="Asia/Seoul").run
    for state in ("draft", "cancelled", "closed"):
        make.SessionFactory(run__state=state)
    response = get(PUBLIC)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert dates(response) == planned(run, other)
    zones = [it.value("TZID") for it in parse(response.content.decode()).named("VTIMEZONE")]
    assert zones == ["Asia/Seoul", "Europe/Berlin"]


def test_a_run_has_a_feed_of_its_own(run):
    make.SessionFactory()
    response = get(reverse("courses:run_ics", args=[run.public_id]))
    assert dates(response) == planned(run)
    uids = {it.uid for it in read_feed(response.content.decode())}
    assert uids == {f"{run.public_id}@cluster-portal", f"{run.sessions.last().public_id}@cluster-portal"}


def test_a_cancelled_session_is_gone_and_of_a_cancelled_run_all_are_said_to_be(run):
    Session.objects.filter(pk=run.sessions.first().pk).update(state="cancelled")
    url = reverse("courses:run_ics", args=[run.public_id])
    assert (len(dates(get(url))), dates(get(url))) == (6, planned(run))
    type(run).objects.update(state="cancelled")
    assert {it.status for it in read_feed(get(url).content.decode())} == {"cancelled"}
    assert len(dates(get(url))) == 6


def test_a_draft_has_no_feed():
    run = make.SessionFactory(run__state="draft").run
    assert get(reverse("courses:run_ics", args=[run.public_id])).status_code == 404


def test_nobody_and_no_joining_link_stands_in_it(run):
    make.EnrolmentFactory(run=run, person__family_name="Yolkina")
    text = get(PUBLIC).content.decode() + get(reverse("courses:run_ics", args=[run.public_id])).content.decode()
    assert [word in text for word in ("Yolkina", "ATTENDEE", "ORGANIZER", "mailto:", "meet.example", "METHOD")] == [
        False
    ] * 6


def test_programs_are_told_when_to_look_again(run):
    calendar = parse(get(PUBLIC).content.decode())
    assert (calendar.value("REFRESH-INTERVAL"), calendar.value("X-PUBLISHED-TTL")) == ("PT1H", "PT1H")
    assert calendar.get("REFRESH-INTERVAL").params == {"VALUE": "DURATION"}


@pytest.mark.parametrize("path", ["public", "run"])
def test_what_has_not_changed_is_not_sent_again(run, path):
    url = PUBLIC if path == "public" else reverse("courses:run_ics", args=[run.public_id])
    first = get(url)
    assert first["Cache-Control"] == "public, max-age=900"
    with time_machine.travel(now() + timedelta(minutes=5)):  # later the same bytes: no "now" stands in it
        again = get(url, if_none_match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    Session.objects.filter(run=run).update(place="Another room")
    changed = get(url, if_none_match=first["ETag"])
    assert (changed.status_code, changed["ETag"] == first["ETag"]) == (200, False)


def test_it_is_read_only(run):
    assert Client().post(PUBLIC).status_code == 405
    assert Client().head(PUBLIC).status_code == 200


def test_sessions_with_places_of_their_own_stand_in_it_one_by_one(run):
    session = run.sessions.first()
    Pool.objects.create(session=session, places=5)
    found = read_feed(get(reverse("courses:run_ics", args=[run.public_id])).content.decode())
    assert {it.starts_at for it in found if it.uid.startswith(session.public_id)} == {session.starts_at}
    assert len(found) == 7


def test_three_runs_cost_as_many_queries_as_one(run):
    def count():
        with CaptureQueriesContext(connection) as captured:
            get(PUBLIC)
        return len(captured)

    count()
    before = count()
    for _ in range(2):
        weekly(make.RunFactory(time_zone="Asia/Seoul"))
    assert count() == before


def fields(response, *names):
    """What the events of a feed say in these fields."""
    events = parse(response.content.decode()).named("VEVENT")
    return [tuple(it.value(name) for name in names) for it in events]


def test_a_moved_session_is_a_newer_edition(cast, time_machine):
    run = make.RunFactory(state_since=now() - timedelta(days=30))
    session = make.SessionFactory(run=run, starts_at=now() + timedelta(days=5))
    url = reverse("courses:run_ics", args=[run.public_id])
    names = ("UID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED")
    (uid, sequence, stamp, modified) = fields(get(url), *names)[0]
    assert stamp == modified
    at = now() + timedelta(hours=1)
    time_machine.move_to(at, tick=False)
    later = timedelta(hours=3)
    actions.move_session(session, session.starts_at + later, session.ends_at + later, by=cast.coordinator)
    written = f"{at:%Y%m%dT%H%M%SZ}"
    assert fields(get(url), *names) == [(uid, str(int(sequence) + 1), written, written)]


def test_what_changes_no_date_is_no_newer_edition(run, cast):
    make.EnrolmentFactory(run=run)
    make.MaterialFactory(run=run)
    before = get(PUBLIC).content
    actions.tell_of_materials(run, by=cast.coordinator)
    assert get(PUBLIC).content == before


def test_a_feed_without_any_date_is_a_calendar_still(db, cast):
    zones = [it.value("TZID") for it in parse(get(PUBLIC).content.decode()).named("VTIMEZONE")]
    assert zones == [Cluster.current().time_zone]


def test_who_takes_part_gets_their_own_sessions_only(run, cast):
    chosen = make.SessionFactory(run=run, starts_at=run.sessions.last().ends_at + timedelta(days=9))
    Pool.objects.create(session=chosen, places=5)
    calendars.invite(make.EnrolmentFactory(run=run, person=cast.teacher))
    client = Client()
    client.force_login(cast.teacher)
    answer = client.get(reverse("courses:run_ics", args=[run.public_id]))
    assert answer["Cache-Control"] == "private, no-cache"
    assert dates(answer) == planned(run) - {(chosen.starts_at, chosen.ends_at, "confirmed", run.place)}


def test_calendar_programs_can_subscribe_from_the_pages(run):
    pages = [get(run.get_absolute_url()), get("/courses/")]
    addresses = [
        f"webcal://testserver{reverse('courses:run_ics', args=[run.public_id])}",
        f"webcal://testserver{PUBLIC}",
    ]
    assert [address in page.content.decode() for address, page in zip(addresses, pages, strict=True)] == [True] * 2
