"""The programme of an event: its page, its buttons, on paper; the desk of sessions that people choose."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from courses import actions
from courses.event import programme_of
from courses.models import Session
from courses.opened import open_run
from members.models import Region
from tests import factories as make
from tests.browsing import at

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 3, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def meeting():
    run = make.RunFactory(course__title="Meeting", course__kind="event")
    make.PoolFactory(run=run, places=50)
    make.SessionFactory(run=run, title="Opening", starts_at=NOON, ends_at=NOON + HOUR)
    for title in ("Mobile", "Robots"):
        parallel(run, title)
    return run


def parallel(run, title, hours=1, places=1, sort="room"):
    start = NOON + hours * HOUR
    session = make.SessionFactory(run=run, title=title, starts_at=start, ends_at=start + HOUR, speakers="Dr Vega")
    make.PoolFactory(run=None, session=session, places=places, sort=sort)
    return session


def session_of(run, title):
    return run.sessions.get(title=title)


def press(client, run, title, move):
    url = reverse("courses:seat", args=[run.public_id, session_of(run, title).public_id])
    response = client.post(url, {"move": move}, follow=True)
    return [str(it) for it in response.context["messages"]] if response.status_code == 200 else response.status_code


def buttons(run, enrolment=None):
    """Topic → button, in the order of the page."""
    fresh = open_run(AnonymousUser(), run.public_id)
    days = programme_of(fresh, list(fresh.sessions.all()), enrolment, NOON - HOUR)
    return [(it.session.title, it.button) for day in days for slot in day.slots for it in slot.offers]


def test_sessions_stand_by_day_and_slot(meeting):
    parallel(meeting, "Next day", hours=24)
    fresh = open_run(AnonymousUser(), meeting.public_id)
    days = programme_of(fresh, list(fresh.sessions.all()), None, NOON)
    slots = [[[it.session.title for it in slot.offers] for slot in day.slots] for day in days]
    assert slots == [[["Opening"], ["Mobile", "Robots"]], [["Next day"]]]


def test_a_run_without_a_choice_is_a_plain_list(run, client):
    assert programme_of(run, list(run.sessions.all()), None, NOON) == []
    assert "<h2>Sessions</h2>" in client.get(run.get_absolute_url()).content.decode()
    sheet = client.get(reverse("courses:event_sheet", args=[run.public_id])).content.decode()
    assert reverse("courses:event_sheet", args=[run.public_id]) in client.get(run.get_absolute_url()).content.decode()
    assert ["Speakers" in sheet, "choose one" in sheet] == [False, False]


def test_without_a_session_there_is_no_sheet(client):
    assert client.get(reverse("courses:event_sheet", args=[make.RunFactory().public_id])).status_code == 404


def test_the_sheet_says_where_one_is_chosen_and_who_speaks(meeting, client):
    sheet = client.get(reverse("courses:event_sheet", args=[meeting.public_id])).content.decode()
    assert (sheet.count("choose one"), "Speakers" in sheet) == (2, True)


def test_the_public_reads_places_and_presses_nothing(meeting, client):
    text = client.get(meeting.get_absolute_url()).content.decode()
    assert (text.count("1 place free"), text.count("/seat/"), "Dr Vega" in text) == (2, 0, True)


def test_there_is_one_button_for_each_choice(meeting, cast):
    mine, theirs = (actions.enrol(meeting, it, by=it) for it in (cast.teacher, cast.colleague))
    assert buttons(meeting, mine) == [("Opening", ""), ("Mobile", "choose"), ("Robots", "choose")]
    actions.choose_seat(mine, session_of(meeting, "Mobile"), by=cast.teacher)
    assert buttons(meeting, mine)[1:] == [("Mobile", "give_up"), ("Robots", "swap")]
    actions.choose_seat(theirs, session_of(meeting, "Robots"), by=cast.colleague)
    assert buttons(meeting, mine)[1:] == [("Mobile", "give_up"), ("Robots", "wish")]
    actions.wish(mine, session_of(meeting, "Robots"), by=cast.teacher)
    assert buttons(meeting, mine)[1:] == [("Mobile", "give_up"), ("Robots", "give_up")]
    assert buttons(meeting)[1:] == [("Mobile", ""), ("Robots", "")]


def test_without_places_of_ones_sort_the_reason_stands_there(meeting, cast):
    parallel(meeting, "Webinar", hours=3, sort="online")
    mine = actions.enrol(meeting, cast.teacher, by=cast.teacher)
    text = at(cast.teacher).get(meeting.get_absolute_url()).content.decode()
    assert (buttons(meeting, mine)[-1], "This session has no such places" in text) == (("Webinar", ""), True)


def test_choose_swap_wish_and_give_up_by_pressing(meeting, cast):
    mine, theirs = (actions.enrol(meeting, it, by=it) for it in (cast.teacher, cast.colleague))
    client = at(cast.teacher)
    assert press(client, meeting, "Mobile", "choose") == ["“Mobile” is yours. A mail with the time is on its way."]
    assert press(client, meeting, "Robots", "swap") == ["“Robots” is yours. A mail with the time is on its way."]
    actions.choose_seat(theirs, session_of(meeting, "Mobile"), by=cast.colleague)
    (said,) = press(client, meeting, "Mobile", "wish")  # they do not wish for ours, so there is nothing to exchange
    assert said.startswith("You wait for “Mobile” and keep what you have.")
    assert "number 1 in the queue" in client.get(meeting.get_absolute_url()).content.decode()
    assert press(client, meeting, "Mobile", "give_up") == ["You gave up “Mobile”. It is free for others."]
    assert mine.seats.live().get().session.title == "Robots"


def test_an_exchange_says_so(meeting, cast):
    mine, theirs = (actions.enrol(meeting, it, by=it) for it in (cast.teacher, cast.colleague))
    actions.choose_seat(mine, session_of(meeting, "Mobile"), by=cast.teacher)
    actions.choose_seat(theirs, session_of(meeting, "Robots"), by=cast.colleague)
    actions.wish(theirs, session_of(meeting, "Mobile"), by=cast.colleague)
    assert press(at(cast.teacher), meeting, "Robots", "wish") == [
        "“Robots” is yours: you exchanged places with somebody who wished for yours."
    ]


def test_a_refusal_is_said_and_changes_nothing(meeting, cast):
    mine = actions.enrol(meeting, cast.teacher, by=cast.teacher)
    assert press(at(cast.teacher), meeting, "Mobile", "swap") == [
        "You have no place at that time that could be swapped. Choose this session instead."
    ]
    assert not mine.seats.exists()


def test_who_is_not_in_the_run_is_told_to_enrol(meeting, cast):
    assert press(at(cast.teacher), meeting, "Mobile", "choose") == [
        "You choose sessions as soon as you have a place in the run. Enrol first."
    ]


def test_what_is_no_choice_or_no_button_is_not_found(meeting, cast):
    actions.enrol(meeting, cast.teacher, by=cast.teacher)
    client = at(cast.teacher)
    pressed = (("Opening", "choose"), ("Mobile", "fly"), ("Mobile", "give_up"))
    assert [press(client, meeting, *it) for it in pressed] == [404, 404, 404]
    other = make.RunFactory()
    url = reverse("courses:seat", args=[other.public_id, session_of(meeting, "Mobile").public_id])
    assert client.post(url, {"move": "choose"}).status_code == 404


def test_reading_the_address_of_a_button_leads_to_the_run(meeting, cast):
    url = reverse("courses:seat", args=[meeting.public_id, session_of(meeting, "Mobile").public_id])
    assert at(cast.teacher).get(url)["Location"] == meeting.get_absolute_url()
    assert Client().post(url, {"move": "choose"})["Location"].startswith("/accounts/login/")


def test_only_who_has_a_seat_online_is_led_to_where_one_joins(meeting, cast):
    webinar = parallel(meeting, "Webinar", hours=3, sort="online")
    Session.objects.filter(pk=webinar.pk).update(online_link="https://meet.example.org/own")
    online = make.PoolFactory(run=meeting, sort="online", places=5)
    mine = actions.enrol(meeting, cast.teacher, by=cast.teacher, pool=online.public_id)
    client = at(cast.teacher)
    before = client.get(meeting.get_absolute_url()).content.decode()
    actions.choose_seat(mine, webinar, by=cast.teacher)
    after = client.get(meeting.get_absolute_url()).content.decode()
    assert [("/join/" in it, "meet.example.org" in it) for it in (before, after)] == [(False, False), (True, False)]


def test_the_programme_prints_by_the_clock_of_the_event(meeting, cast):
    mine = actions.enrol(meeting, cast.teacher, by=cast.teacher)
    actions.choose_seat(mine, session_of(meeting, "Mobile"), by=cast.teacher)
    text = at(cast.teacher).get(reverse("courses:event_sheet", args=[meeting.public_id])).content.decode()
    assert (text.count("✓"), "13:00–14:00" in text, "12:00–13:00" in text) == (1, True, True)


@pytest.mark.parametrize("address", ["run", "event_sheet"])
def test_as_many_queries_for_thirty_sessions_as_for_three(meeting, cast, address):
    mine = actions.enrol(meeting, cast.teacher, by=cast.teacher)
    actions.choose_seat(mine, session_of(meeting, "Mobile"), by=cast.teacher)
    client, url = at(cast.teacher), reverse(f"courses:{address}", args=[meeting.public_id])
    client.get(url)
    counts = []
    for more in (0, 27):
        for number in range(more):
            parallel(meeting, f"Extra {number}", hours=1 + number % 5)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# The desk


@pytest.fixture
def desk(cast, demo):
    return at(cast.coordinator)


def at_desk(name, run, session=None, **more):
    ids = [run.public_id, session.public_id] if session else [run.public_id]
    return reverse(f"courses:{name}", args=ids)


FORM = {"title": "Photo", "starts_at": "2027-03-24T13:00", "ends_at": "2027-03-24T14:00", "place": "Hall 2",
        "speakers": "Ms Orlova", "online_link": "https://meet.example.org/photo"}  # fmt: skip


def test_a_session_with_own_places_is_added_beside_others(meeting, desk):
    make.PoolFactory(run=meeting, sort="online")
    desk.post(at_desk("desk_new_session", meeting), FORM | {"room_places": "12", "online_places": "100"})
    session = session_of(meeting, "Photo")
    facts = (session.speakers, session.online_link, session.place)
    assert facts == ("Ms Orlova", "https://meet.example.org/photo", "Hall 2")
    assert dict(session.pools.values_list("sort", "places")) == {"room": 12, "online": 100}


def test_a_session_for_everybody_is_not_added_beside_others(meeting, desk):
    response = desk.post(at_desk("desk_new_session", meeting), FORM | {"confirmed": "yes"})
    assert "Another session of this run takes place then" in response.content.decode()
    assert not meeting.sessions.filter(title="Photo").exists()


def test_places_of_a_session_are_changed_and_who_waits_is_named_first(meeting, cast, desk):
    mine, theirs = (actions.enrol(meeting, it, by=it) for it in (cast.teacher, cast.colleague))
    mobile = session_of(meeting, "Mobile")
    actions.choose_seat(mine, mobile, by=cast.teacher)
    actions.wish(theirs, mobile, by=cast.colleague)
    url = at_desk("desk_session_places", meeting, mobile)
    assert desk.get(url).context["form"]["room_places"].value() == 1
    assert "1 person will get a mail" in desk.post(url, {"room_places": "3"}).content.decode()
    desk.post(url, {"room_places": "3", "confirmed": "yes"})
    assert list(mobile.pools.values_list("places", "taken")) == [(3, 2)]
    response = desk.post(url, {"room_places": "1", "confirmed": "yes"})
    assert "2 places are taken" in response.content.decode()


def test_places_that_there_are_cannot_be_left_empty(meeting, desk):
    url = at_desk("desk_session_places", meeting, session_of(meeting, "Mobile"))
    assert sorted(desk.post(url, {"room_places": "", "online_places": "3"}).context["form"].errors) == ["room_places"]
    opening = at_desk("desk_session_places", meeting, session_of(meeting, "Opening"))
    assert sorted(desk.post(opening, {"room_places": ""}).context["form"].errors) == ["room_places"]


def test_a_plenary_becomes_a_choice_before_anybody_is_in(meeting, desk):
    desk.post(at_desk("desk_session_places", meeting, session_of(meeting, "Opening")), {"room_places": "7"})
    assert session_of(meeting, "Opening").pools.get().places == 7


def test_cancelling_a_choice_asks_about_those_who_chose_it(meeting, cast, desk):
    mine = actions.enrol(meeting, cast.teacher, by=cast.teacher)
    actions.enrol(meeting, cast.colleague, by=cast.colleague)
    mobile = session_of(meeting, "Mobile")
    actions.choose_seat(mine, mobile, by=cast.teacher)
    url = at_desk("desk_act_on_session", meeting, mobile)
    assert "1 person will get a mail" in desk.post(url, {"move": "cancel"}).content.decode()
    desk.post(url, {"move": "cancel", "confirmed": "yes"})
    assert (session_of(meeting, "Mobile").state, mine.seats.live().exists()) == ("cancelled", False)


def test_the_roster_names_seats_then_the_queue_on_page_and_sheet(meeting, cast, desk):
    first, second = (actions.enrol(meeting, it, by=it) for it in (cast.teacher, cast.colleague))
    mobile = session_of(meeting, "Mobile")
    actions.choose_seat(second, mobile, by=cast.colleague)
    actions.wish(first, mobile, by=cast.teacher)
    page = desk.get(at_desk("desk_session_roster", meeting, mobile)).context["page"]
    assert [(it.enrolment.person, it.state) for it in page] == [
        (cast.colleague, "confirmed"), (cast.teacher, "waiting"),
    ]  # fmt: skip
    sheet = load_workbook(io.BytesIO(desk.get(at_desk("desk_session_roster_xlsx", meeting, mobile)).content)).active
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert [(row[0], row[-1]) for row in rows[1:]] == [
        (cast.colleague.family_name, "Confirmed"), (cast.teacher.family_name, "In the queue"),
    ]  # fmt: skip


def test_as_many_queries_for_thirty_on_a_roster_as_for_three(meeting, cast, desk):
    mobile = parallel(meeting, "Big", hours=3, places=40)
    counts = []
    for size in (3, 27):
        for _ in range(size):
            person = make.AffiliationFactory(institution=cast.school).person
            enrolment = make.EnrolmentFactory(run=meeting, person=person)
            mobile.seats.create(enrolment=enrolment, pool=mobile.pools.get(), state="confirmed")
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(at_desk("desk_session_roster", meeting, mobile)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_page_of_the_run_at_the_desk_asks_once_for_all_sessions(meeting, desk):
    counts = []
    for more in (0, 27):
        for number in range(more):
            parallel(meeting, f"Extra {number}", hours=1 + number % 5)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(at_desk("desk_run", meeting)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", ["desk_session_places", "desk_session_roster", "desk_session_roster_xlsx"])
def test_the_desk_is_for_its_coordinators_and_its_own_sessions(meeting, cast, desk, demo, name):
    mobile, elsewhere = session_of(meeting, "Mobile"), make.RunFactory()
    region = Region.objects.create(name="Far", slug="far")
    far = make.CoordinatorFactory(region=region).person
    got = [
        at(cast.teacher).get(at_desk(name, meeting, mobile)).status_code,
        at(far).get(at_desk(name, meeting, mobile)).status_code,
        desk.get(at_desk(name, elsewhere, mobile)).status_code,
        desk.get(at_desk(name, meeting, mobile)).status_code,
    ]
    assert got == [403, 404, 404, 200]
