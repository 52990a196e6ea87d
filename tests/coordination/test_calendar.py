"""One's own dates under a secret address: made, read, taken back; the same as mail has put into one's calendar."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.calendar import uid_of
from cluster_portal.models import AuditEntry, CalendarFeed
from cluster_portal.requests import masked
from courses import actions, calendars
from courses.attendance import join_path
from courses.models import Enrolment, Session
from members.models import Cluster, Person
from mentorship import actions as mentoring
from tests import factories as make
from tests.cluster_portal.test_calendar import weekly
from tests.mentorship import factories as pair
from tests.rfc5546 import Calendar, parse, read_feed

pytestmark = pytest.mark.django_db
PAGE = "/me/calendar/"


@pytest.fixture
def run():
    run = make.RunFactory(time_zone="Europe/Berlin")
    weekly(run)
    make.PoolFactory(run=run, places=1)
    return run


@pytest.fixture
def client(cast):
    client = Client()
    client.force_login(cast.teacher)
    return client


def press(client, what):
    return client.post(reverse("coordination:change_my_calendar"), {"what": what})


def address_of(person):
    return reverse("coordination:my_calendar_ics", args=[CalendarFeed.objects.get(person=person).token])


def read(person):
    return Client().get(address_of(person))


def meetings(person):
    return read_feed(read(person).content.decode())


def test_the_page_makes_an_address_and_shows_it(client, cast):
    assert "Make the address" in client.get(PAGE).content.decode()
    assert press(client, "renew")["Location"] == PAGE
    page = client.get(PAGE)
    assert f"http://testserver{address_of(cast.teacher)}" in page.content.decode()
    assert f"webcal://testserver{address_of(cast.teacher)}" in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_looking_makes_nothing(client):
    client.get(PAGE)
    assert CalendarFeed.objects.count() == 0


def test_a_new_address_revokes_the_old_one(client, cast):
    press(client, "renew")
    old = address_of(cast.teacher)
    assert Client().get(old).status_code == 200
    press(client, "renew")
    assert (Client().get(old).status_code, read(cast.teacher).status_code) == (404, 200)
    assert CalendarFeed.objects.count() == 1


def test_without_an_address_nobody_reads_it(client, cast):
    press(client, "renew")
    old = address_of(cast.teacher)
    press(client, "end")
    assert (Client().get(old).status_code, CalendarFeed.objects.count()) == (404, 0)
    press(client, "end")
    verbs = ["members.person.renew_calendar_address", "members.person.end_calendar_address"]
    assert (
        list(AuditEntry.objects.filter(verb__endswith="calendar_address").order_by("pk").values_list("verb", flat=True))
        == verbs
    )


def test_another_word_is_no_button(client):
    assert press(client, "burn").status_code == 404


def test_who_is_not_signed_in_has_no_page():
    assert Client().get(PAGE).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
def test_a_guessed_address_is_nowhere(token, client):
    press(client, "renew")
    assert Client().get(f"{PAGE}{token}.ics").status_code == 404


@pytest.mark.parametrize("gone", ["suspended_at", "erased_at"])
def test_who_is_suspended_or_erased_is_out(client, cast, gone):
    press(client, "renew")
    Person.objects.filter(pk=cast.teacher.pk).update(**{gone: "2026-11-01T00:00Z"})
    assert read(cast.teacher).status_code == 404


def test_the_token_stands_in_no_log(client, cast):
    press(client, "renew")
    token = CalendarFeed.objects.get().token
    assert token not in masked(f'GET {address_of(cast.teacher)} HTTP/1.1" 200')
    assert not AuditEntry.objects.filter(values__icontains=token).exists()


def test_the_feed_shows_just_what_the_mails_have_put_into_the_calendar(client, cast, run):
    mine = Calendar()
    enrolment = make.EnrolmentFactory(run=run, person=cast.teacher)
    messages = calendars.invite(enrolment)
    session = run.sessions.first()
    Session.objects.filter(pk=session.pk).update(place="Hall")
    messages += calendars.sessions_changed(run, [enrolment])[enrolment.pk]
    for _method, text in messages:
        mine.take(text)
    press(client, "renew")
    assert meetings(cast.teacher) == mine.meetings()
    assert {it.uid for it in mine.meetings()} == {uid_of(run.public_id, cast.teacher)}
    (whole,) = [it for it in parse(read(cast.teacher).content.decode()).named("VEVENT") if not it.get("RECURRENCE-ID")]
    assert whole.value("SEQUENCE") == str(max(it.sequence for it in cast.teacher.calendar_entries.all()))


@pytest.mark.parametrize(
    ("state", "status"), [("confirmed", "confirmed"), ("waiting", "tentative"), ("held", "tentative")]
)
def test_a_place_is_certain_and_a_queue_or_a_held_place_is_not(client, cast, run, state, status):
    calendars.invite(make.EnrolmentFactory(run=run, person=cast.teacher, state=state))
    press(client, "renew")
    assert [it.status for it in meetings(cast.teacher)] == [status] * 6


def test_who_waits_by_the_action_stands_tentatively_and_who_leaves_not_at_all(client, cast, run):
    actions.enrol(run, cast.colleague, by=cast.colleague)
    actions.enrol(run, cast.teacher, by=cast.teacher)
    press(client, "renew")
    assert {it.status for it in meetings(cast.teacher)} == {"tentative"}
    actions.cancel_enrolment(Enrolment.objects.get(person=cast.teacher), by=cast.teacher)
    assert meetings(cast.teacher) == set()


def test_nobody_elses_dates_stand_in_it(client, cast, run):
    calendars.invite(make.EnrolmentFactory(run=run, person=cast.colleague))
    press(client, "renew")
    assert meetings(cast.teacher) == set()


def test_only_the_owner_may_keep_it_and_unchanged_it_is_not_sent_again(client, cast, run):
    calendars.invite(make.EnrolmentFactory(run=run, person=cast.teacher))
    press(client, "renew")
    first = read(cast.teacher)
    assert first["Cache-Control"] == "private, no-cache"
    again = Client().get(address_of(cast.teacher), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_it_names_nobody_and_is_no_invitation(client, cast, run):
    calendars.invite(make.EnrolmentFactory(run=run, person=cast.teacher))
    press(client, "renew")
    text = read(cast.teacher).content.decode()
    assert re.findall("METHOD|ATTENDEE|ORGANIZER|@example", text) == []


@pytest.fixture
def online(cast):
    """A run in a hall and online; the teacher takes part online."""
    run = make.RunFactory(place="Hall", online_link="https://meet.example/secret")
    make.SessionFactory(run=run, starts_at=now() + timedelta(days=9), place="Room 7")
    make.PoolFactory(run=run, sort="room")
    return make.EnrolmentFactory(run=run, person=cast.teacher, pool=make.PoolFactory(run=run, sort="online"))


def test_who_takes_part_online_is_sent_to_the_joining_page_and_to_no_room(client, cast, online):
    press(client, "renew")
    (messages,) = calendars.invite(online)
    page = f"http://testserver/runs/{online.run.public_id}/join/"
    for text in (messages[1], read(cast.teacher).content.decode()):
        (event,) = parse(text).named("VEVENT")
        assert [event.value(name) for name in ("LOCATION", "URL", "DESCRIPTION")] == ["", page, page]


def test_the_joining_page_leads_on_to_the_session_that_comes_next(client, cast, online):
    page = reverse("courses:join_next", args=[online.run.public_id])
    assert client.get(page)["Location"] == join_path(online.run.sessions.get(), online)
    other = Client()
    other.force_login(cast.outsider)
    assert other.get(page)["Location"] == online.run.get_absolute_url()
    assert Client().get(page)["Location"].startswith("/accounts/login/")


def test_it_holds_what_one_teaches_and_the_sessions_of_ones_children(client, cast, run):
    press(client, "renew")
    taught = make.SessionFactory(run__course__title="Robots", starts_at=now() + timedelta(days=3))
    taught.run.instructors.add(cast.teacher)
    child = make.GuardianshipFactory(guardian=cast.teacher, child=make.ChildFactory(given_name="Lena")).child
    other = make.SessionFactory(run__course__title="Songs", starts_at=now() + timedelta(days=4))
    calendars.invite(make.EnrolmentFactory(run=other.run, person=child))
    events = parse(read(cast.teacher).content.decode()).named("VEVENT")
    assert {(it.value("SUMMARY"), it.value("UID")) for it in events} == {
        ("Lena: Songs", uid_of(other.public_id, child)),
        ("Robots", uid_of(taught.public_id, cast.teacher)),
    }


def test_it_has_another_name_than_the_public_one(client, cast):
    press(client, "renew")
    names = [parse(text.content.decode()).value("NAME") for text in (read(cast.teacher), Client().get("/calendar.ics"))]
    assert names == [f"{Cluster.current().name}: my dates", Cluster.current().name]


def test_who_only_teaches_is_not_told_that_nothing_is_planned(client, cast):
    make.SessionFactory(starts_at=now() + timedelta(days=3)).run.instructors.add(cast.teacher)
    text = client.get("/me/").content.decode()
    assert ["Nothing is planned for you yet" in text, "What I teach" in text] == [False, True]


def test_meetings_of_a_pairing_stand_in_it_as_mailed_until_they_are_cancelled(client, cast):
    request = pair.MentorRequestFactory(affiliation=cast.teacher.affiliations.get(), state="paired")
    pairing, begins = pair.PairingFactory(request=request), now() + timedelta(days=3)
    facts = {"time_zone": "Europe/Berlin", "online_link": "https://meet.example/secret"}
    facts |= {"starts_at": begins, "ends_at": begins + timedelta(hours=1)}
    meeting = mentoring.plan_meeting(pairing, by=pairing.mentor.person, **facts)
    press(client, "renew")
    (event,) = parse(read(cast.teacher).content.decode()).named("VEVENT")
    assert event.value("UID") == uid_of(meeting.public_id, cast.teacher)
    assert event.value("SUMMARY") == f"Mentoring: {request.title}"
    assert "secret" not in read(cast.teacher).content.decode()
    mentoring.cancel_meeting(meeting, by=cast.teacher)
    assert meetings(cast.teacher) == set()
