"""Nobody is in two places at once: a clash is said before one presses, refused after, and shown before a move."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal.models import CalendarEntry
from cluster_portal.moves import Refused
from courses import actions
from courses.chain import chain_of
from courses.clashes import clashes_of, people_with_clashes
from courses.opened import open_run
from tests import factories as make

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 3, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SENTENCE = (
    "At that time you have “Robots at school”: 24 March 2027, 12:00, Moscow time."
    " Leave it first, or choose something at another time."
)


def a_run(title, *starts, **facts):
    run = make.RunFactory(course__title=title, **facts)
    make.PoolFactory(run=run, places=9)
    for start in starts:
        make.SessionFactory(run=run, starts_at=start, ends_at=start + HOUR)
    return run


def parallel(run, title, start=NOON):
    session = make.SessionFactory(run=run, title=title, starts_at=start, ends_at=start + HOUR)
    make.PoolFactory(run=None, session=session, places=3)
    return session


@pytest.fixture
def robots(cast):
    """A run at noon in which the teacher is."""
    run = a_run("Robots at school", NOON)
    actions.enrol(run, cast.teacher, by=cast.teacher)
    return run


def test_enrolling_in_what_clashes_is_refused_with_its_name_and_time(robots, cast):
    other = a_run("AI", NOON + timedelta(minutes=59))
    with pytest.raises(Refused) as refused:
        actions.enrol(other, cast.teacher, by=cast.teacher)
    assert str(refused.value) == SENTENCE
    assert not other.enrolments.exists()


def test_who_acts_for_another_reads_whose_it_is(robots, cast):
    with pytest.raises(Refused, match=f"At that time {cast.teacher.given_name} has “Robots at school”"):
        actions.enrol(a_run("AI", NOON), cast.teacher, by=cast.coordinator)


def test_what_only_touches_does_not_clash(robots, cast):
    for start in (NOON + HOUR, NOON - HOUR):
        assert actions.enrol(a_run("AI", start), cast.teacher, by=cast.teacher).state == "confirmed"


def test_others_are_free(robots, cast):
    assert actions.enrol(a_run("AI", NOON), cast.colleague, by=cast.colleague).state == "confirmed"


def test_what_was_left_clashes_no_more(robots, cast):
    actions.cancel_enrolment(cast.teacher.enrolments.get(), by=cast.teacher)
    assert actions.enrol(a_run("AI", NOON), cast.teacher, by=cast.teacher).state == "confirmed"


def test_who_waits_or_is_held_clashes_too(cast):
    full = a_run("Robots at school", NOON)
    full.pools.update(places=1, taken=1)
    assert actions.enrol(full, cast.teacher, by=cast.teacher).state == "waiting"
    held = a_run("Robots at school", NOON, needs_approval=True)
    assert actions.enrol(held, cast.colleague, by=cast.colleague).state == "held"
    for person in (cast.teacher, cast.colleague):
        with pytest.raises(Refused, match="Robots at school"):
            actions.enrol(a_run("AI", NOON), person, by=person)


def test_a_cancelled_session_clashes_with_nothing(robots, cast):
    other = a_run("AI", NOON, NOON + 9 * HOUR)
    actions.cancel_session(other.sessions.first(), by=cast.coordinator)
    assert actions.enrol(other, cast.teacher, by=cast.teacher).state == "confirmed"


def test_what_is_chosen_does_not_hinder_enrolling_but_choosing(robots, cast):
    event = a_run("Meeting", NOON + 5 * HOUR)
    session = parallel(event, "Mobile")
    mine = actions.enrol(event, cast.teacher, by=cast.teacher)
    with pytest.raises(Refused) as refused:
        actions.choose_seat(mine, session, by=cast.teacher)
    assert (str(refused.value), mine.seats.count()) == (SENTENCE, 0)
    with pytest.raises(Refused, match="Robots at school"):
        actions.wish(mine, session, by=cast.teacher)


def test_a_wish_counts_as_what_one_has(cast):
    event = a_run("Robots at school", NOON - 5 * HOUR)
    session = parallel(event, "Mobile")
    session.pools.update(places=1)
    theirs, mine = (actions.enrol(event, it, by=it) for it in (cast.colleague, cast.teacher))
    actions.choose_seat(theirs, session, by=cast.colleague)
    actions.wish(mine, session, by=cast.teacher)
    with pytest.raises(Refused, match="Robots at school"):
        actions.enrol(a_run("AI", NOON), cast.teacher, by=cast.teacher)


def test_something_else_in_the_calendar_is_named_so(cast):
    CalendarEntry.objects.create(
        person=cast.teacher, about_model="mentorship.meeting", about_id="x", uid="u", status="tentative",
        starts_at=NOON, ends_at=NOON + HOUR,
    )  # fmt: skip
    with pytest.raises(Refused, match="you have “something else”"):
        actions.enrol(a_run("AI", NOON), cast.teacher, by=cast.teacher)


def test_one_query_however_many_sessions(robots, cast):
    for hours in (1, 30):
        run = a_run("AI", *(NOON + number * HOUR for number in range(hours)))
        sessions = list(run.sessions.all())
        with CaptureQueriesContext(connection) as queries:
            found = clashes_of(cast.teacher, run, sessions)
        assert (len(queries), [it.session for it in found]) == (1, sessions[:1])


def test_the_page_says_it_instead_of_a_button(robots, cast):
    other = open_run(AnonymousUser(), a_run("AI", NOON).public_id)
    link = next(it for it in chain_of(other, cast.teacher, None) if it["status"] == "broken")
    assert (link["title"], link["text"]) == ("Enrolment", SENTENCE)
    client = Client()
    client.force_login(cast.teacher)
    text = client.get(other.get_absolute_url()).content.decode()
    assert (SENTENCE in text, 'name="pool"' in text) == (True, False)


def test_the_list_of_sessions_says_it_instead_of_a_button(robots, cast):
    event = a_run("Meeting", NOON + 5 * HOUR)
    parallel(event, "Mobile")
    actions.enrol(event, cast.teacher, by=cast.teacher)
    client = Client()
    client.force_login(cast.teacher)
    text = client.get(event.get_absolute_url()).content.decode()
    assert (SENTENCE in text, 'value="choose"' in text) == (True, False)


@pytest.fixture
def desk(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


def move_form(session, start):
    wall = (start + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    end = (start + timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M")
    return {"title": session.title, "starts_at": wall, "ends_at": end, "place": "", "speakers": "", "online_link": ""}


def test_a_move_that_makes_clashes_is_shown_before_anybody_is_mailed(robots, cast, desk):
    other = a_run("AI", NOON + 5 * HOUR)
    for person in (cast.teacher, cast.colleague):
        actions.enrol(other, person, by=person)
    session = other.sessions.get()
    url = reverse("courses:desk_edit_session", args=[other.public_id, session.public_id])
    text = desk.post(url, move_form(session, NOON)).content.decode()
    assert "1 person has something else in their calendar at that time." in text
    session.refresh_from_db()
    assert session.starts_at == NOON + 5 * HOUR
    desk.post(url, move_form(session, NOON) | {"confirmed": "yes"})
    session.refresh_from_db()
    assert session.starts_at == NOON


def test_of_a_chosen_session_only_those_count_who_chose_it(robots, cast, desk):
    event = a_run("Meeting", NOON + 5 * HOUR)
    session = parallel(event, "Mobile", NOON + 7 * HOUR)
    for person in (cast.teacher, cast.colleague):
        mine = actions.enrol(event, person, by=person)
    actions.choose_seat(mine, session, by=cast.colleague)
    url = reverse("courses:desk_edit_session", args=[event.public_id, session.public_id])
    text = desk.post(url, move_form(session, NOON)).content.decode()
    assert ("something else" in text, "Confirmed: 1" in text, "1 person will get a mail" in text) == (False, True, True)
    assert people_with_clashes(event, NOON, NOON + HOUR) == 1
