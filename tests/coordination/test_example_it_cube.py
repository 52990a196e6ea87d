"""The example of the IT-Cube centres, loaded, and its story played through by the pages."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate

from courses.certificates import lines_of
from courses.completion import completions_of
from courses.models import Enrolment, Pool, Run, Seat
from members.models import Coordinator, Institution, Party, Person
from tests.coordination.conftest import loaded_once

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def example(django_db_setup, django_db_blocker, tmp_path_factory):
    with loaded_once("it-cube", django_db_blocker, tmp_path_factory.mktemp("files")):
        yield


@pytest.fixture
def meeting(db):
    return Run.objects.get(state="published")


def at(name):
    client = Client()
    client.force_login(Person.objects.get(email=f"{name}@example.org"))
    return client


def press(client, run, title, move):
    address = reverse("courses:seat", args=[run.public_id, run.sessions.get(title=title).public_id])
    return [str(it) for it in client.post(address, {"move": move}, follow=True).context["messages"]]


def seats(name):
    rows = Seat.objects.filter(enrolment__person__email=f"{name}@example.org", state__in=Seat.LIVE)
    return dict(rows.values_list("session__title", "state"))


def test_three_parties_sign_and_bring_the_centres_of_64_regions():
    assert list(Party.objects.values_list("institution__name", "role").order_by("pk")) == [
        ("Academy 1", "lead"), ("Academy 2", "party"), ("Partner 3", "party"),
    ]  # fmt: skip
    regions = Institution.objects.filter(coverages__isnull=False).values_list("region", flat=True)
    assert (len(regions), len(set(regions)), Institution.objects.members_on(localdate()).count()) == (64, 64, 67)


def test_each_region_has_a_coordinator_who_sees_their_own_region_only():
    assert Coordinator.objects.exclude(region=None).values("region").distinct().count() == 64
    shown = at("contact").get(reverse("members:desk_institutions")).context["page"]
    assert [it.name for it in shown] == ["IT-Cube centre 01"]
    people = at("contact").get(reverse("members:desk_people")).context["page"]
    assert {it.institution.name for it in people} == {"IT-Cube centre 01"}
    assert (
        at("contact").get(reverse("courses:desk_run", args=[Run.objects.get(state="published").public_id])).status_code
        == 404
    )


def test_the_meeting_has_two_days_of_sessions_for_all_and_workshops_to_choose(meeting):
    days = at("teacher").get(meeting.get_absolute_url()).context["days"]
    assert [[len(slot.offers) for slot in day.slots] for day in days] == [[1, 1, 6, 3], [1, 4, 1]]
    assert [slot.is_chosen for day in days for slot in day.slots] == [False, False, True, True, False, True, False]


def test_a_coordinator_enrols_chooses_swaps_and_takes_the_programme_along(meeting):
    client = at("contact")
    client.post(reverse("courses:enrol", args=[meeting.public_id]), follow=True)
    assert Enrolment.objects.get(person__email="contact@example.org").state == "confirmed"
    (full,) = press(client, meeting, "Mobile applications", "choose")
    assert full.startswith("All places in this session are taken.")
    assert press(client, meeting, "Mechatronics", "choose")[0].startswith("“Mechatronics” is yours.")
    assert press(client, meeting, "Robomathematics", "swap")[0].startswith("“Robomathematics” is yours.")
    assert press(client, meeting, "Mobile applications", "wish")[0].startswith("You wait for “Mobile applications”")
    assert press(client, meeting, "3D modelling", "choose")[0].startswith("“3D modelling” is yours.")
    assert seats("contact") == {
        "Robomathematics": "confirmed", "Mobile applications": "waiting", "3D modelling": "confirmed",
    }  # fmt: skip
    paper = client.get(reverse("courses:event_sheet", args=[meeting.public_id])).content.decode()
    assert [title in paper for title in ("Photography", "What we take home")] == [True, True]


def test_the_programme_is_subscribed_to_as_a_calendar(meeting):
    client = at("teacher2")
    press(client, meeting, "Photography", "choose")
    client.post(reverse("coordination:change_my_calendar"), {"what": "renew"})
    address = Person.objects.get(email="teacher2@example.org").calendar_feed.token
    text = Client().get(reverse("coordination:my_calendar_ics", args=[address])).content.decode()
    assert [title in text for title in ("Photography", "DJing")] == [True, False]
    assert meeting.course.title in Client().get(reverse("courses:run_ics", args=[meeting.public_id])).content.decode()


def test_counters_say_what_enrolments_and_seats_say():
    assert [(p.taken, p.counted) for p in Pool.objects.with_people() if p.taken != p.counted] == []


def test_the_home_page_names_some_of_many_and_leads_to_all():
    text = Client().get("/").content.decode()
    assert [name in text for name in ("Partner 3", "IT-Cube centre 05", "IT-Cube centre 64")] == [True, True, False]
    assert 'href="/members/?kind=supplementary">All 66</a>' in text


@pytest.fixture
def was(db):
    return Run.objects.get(state="closed")


def test_each_academy_is_host_for_a_day_in_its_own_rooms(meeting):
    days = [(it.starts_at.astimezone(meeting.zone).date(), it.place.split(",")[0]) for it in meeting.sessions.all()]
    assert sorted({name for _day, name in days}) == ["Academy 1", "Academy 2"]
    assert len(set(days)) == 2
    assert meeting.sessions.get(title="Photography").place == "Academy 2, Room 113"


def test_a_course_that_was_left_recordings_for_everybody_and_a_file_for_its_people(was):
    shown = [
        [it.title for it in client.get(was.get_absolute_url()).context["materials"]]
        for client in (Client(), at("teacher"))
    ]
    assert shown == [["Recordings of the four afternoons"], ["Recordings of the four afternoons", "List of parts"]]
    assert was in Client().get("/courses/", {"view": "past"}).context["page"].object_list


def test_what_people_said_of_it_is_read_in_groups_of_five(was):
    results = at("coordinator").get(reverse("courses:feedback_results", args=[was.public_id])).context["results"]
    assert (results.asked, results.given, results.shown, len(results.of_each)) == (26, 12, 10, 6)
    assert sum(len(it.texts) for it in results.open) > 5


def test_who_came_has_completed_it_and_two_have_their_certificates(was):
    completions = completions_of(list(was.enrolments.all()))
    assert (len(completions), sum(it.is_complete for it in completions.values())) == (26, 23)
    assert sum(it.has_one for it in lines_of(was)) == 2


def test_what_was_has_the_dates_of_then(was):
    first, last = was.sessions.first().starts_at, was.sessions.last().ends_at
    assert all(it.asked_at < first for it in was.enrolments.all())
    assert was.state_since > last
    assert all(it.added_at == was.state_since for it in was.materials.all())
