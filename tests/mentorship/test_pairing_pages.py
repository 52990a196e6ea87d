"""The pages of a pairing: who opens which, what can be done there on a phone without script, how many queries."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from cluster_portal.models import OutboxMail
from members.models import RecordView
from mentorship.models import LogEntry, Message, Pairing, PairingFile
from tests import factories as make
from tests.mentorship import factories as mentoring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture
def pairing(cast):
    request = mentoring.MentorRequestFactory(
        affiliation=cast.teacher.affiliations.get(), state="paired", with_students=True
    )
    return mentoring.PairingFactory(request=request)


@pytest.fixture
def people(cast, pairing):
    student = mentoring.PairingStudentFactory(pairing=pairing, person__email="ilya@example.org")
    guardian = student.person.guarded_by.get().guardian
    return {
        "mentor": pairing.mentor.person,
        "teacher": cast.teacher,
        "student": student.person,
        "guardian": guardian,
        "coordinator": cast.coordinator,
        "contact": cast.contact,
        "colleague": cast.colleague,
        "outsider": cast.outsider,
    }


def opened(client, people, address):
    """Who may open a page."""
    found = set()
    for role, person in people.items():
        client.force_login(person)
        status = client.get(address).status_code
        assert status in {200, 404}, (role, address, status)
        found |= {role} if status == 200 else set()
    return found


READERS = {"mentor", "teacher", "student", "guardian", "coordinator", "contact"}


@pytest.mark.parametrize(
    ("page", "who"),
    [
        ("", READERS),
        ("log/", READERS),
        ("messages/", READERS),
        ("files/", READERS),
        ("plan/", {"mentor", "teacher"}),
        ("meetings/", {"mentor", "teacher"}),
        ("end/", {"mentor", "teacher", "coordinator"}),
        ("students/", {"teacher", "coordinator"}),
    ],
)
def test_who_opens_which_page(client, pairing, people, page, who):
    assert opened(client, people, f"{pairing.get_absolute_url()}{page}") == who


def test_with_no_students_messages_are_between_the_two(client, pairing, people):
    pairing.students.all().delete()
    type(pairing).objects.update(with_students=False)
    assert opened(client, people, f"{pairing.get_absolute_url()}messages/") == {"mentor", "teacher"}
    assert opened(client, people, pairing.get_absolute_url()) == {"mentor", "teacher", "coordinator"}


@pytest.mark.parametrize("state", ["proposed", "accepted", "declined", "refused", "lapsed", "withdrawn"])
def test_nobody_opens_what_is_not_agreed(client, pairing, people, state):
    answer_by = pairing.request.answer_by if state in {"proposed", "accepted"} else None
    Pairing.objects.update(state=state, answer_by=answer_by)
    assert opened(client, people, pairing.get_absolute_url()) == set()


def test_whoever_is_not_signed_in_is_asked_to(client, pairing):
    assert client.get(pairing.get_absolute_url()).status_code == 302


def test_looks_of_coordinator_and_school_at_children_are_written_down(client, pairing, people):
    child = people["student"]
    for role in ("mentor", "teacher", "guardian", "student"):
        client.force_login(people[role])
        client.get(pairing.get_absolute_url())
    assert RecordView.objects.filter(child=child).count() == 0
    for role in ("coordinator", "contact"):
        client.force_login(people[role])
        client.get(pairing.get_absolute_url())
    viewers = set(RecordView.objects.filter(child=child).values_list("viewer", flat=True))
    assert viewers == {people["coordinator"].public_id, people["contact"].public_id}


def test_contact_data_is_shown_to_nobody(client, pairing, people):
    mentoring.MessageFactory(pairing=pairing, by=people["student"])
    emails = {it.email for it in people.values()}
    for role in READERS:
        client.force_login(people[role])
        for page in ("", "messages/", "files/", "log/"):
            text = client.get(f"{pairing.get_absolute_url()}{page}").text
            assert not any(email in text for email in emails - {people[role].email}), (role, page)


def test_the_mentor_reads_first_name_and_initial_of_a_student(client, pairing, people):
    child = people["student"]
    child.family_name = "Gorbunov"
    child.save()
    shown = {}
    for role in ("mentor", "teacher", "guardian", "student", "contact"):
        client.force_login(people[role])
        shown[role] = "Gorbunov Ilya" in client.get(pairing.get_absolute_url()).text.partition("<main")[2]
    assert shown == {"mentor": False, "teacher": True, "guardian": True, "student": True, "contact": False}


def test_a_log_entry_takes_one_form_with_day_and_length_filled_in(client, pairing, people):
    client.force_login(people["mentor"])
    page = client.get(pairing.get_absolute_url()).text
    assert page.count("<textarea") == 0
    assert f'value="{localdate().isoformat()}"' in page
    client.post(
        f"{pairing.get_absolute_url()}log/", {"day": localdate().isoformat(), "minutes": "60", "what": "Graphs"}
    )
    assert LogEntry.objects.get().what == "Graphs"
    assert "Graphs" in client.get(pairing.get_absolute_url()).text


def test_a_wrong_log_entry_stays_filled_in_with_its_sentence(client, pairing, people):
    client.force_login(people["mentor"])
    page = client.post(f"{pairing.get_absolute_url()}log/", {"day": "2027-06-01", "minutes": "60", "what": "Graphs"})
    assert "This day is still to come." in page.text
    assert 'value="Graphs"' in page.text


def test_an_entry_of_ones_own_is_taken_back(client, pairing, people):
    entry = mentoring.LogEntryFactory(pairing=pairing)
    address = f"{pairing.get_absolute_url()}log/{entry.public_id}/remove/"
    client.force_login(people["student"])
    assert client.post(address).status_code == 404
    client.force_login(people["mentor"])
    client.post(address)
    assert LogEntry.objects.count() == 0


def test_goals_and_milestones_on_one_page(client, pairing, people):
    client.force_login(people["teacher"])
    address = f"{pairing.get_absolute_url()}plan/"
    client.post(address, {"goals": "A prize"})
    client.post(address, {"title": "Mock contest", "due_on": ""})
    step = pairing.milestones.get()
    client.post(f"{address}{step.public_id}/act/", {"act": "reach"})
    pairing.refresh_from_db()
    step.refresh_from_db()
    assert (pairing.goals, step.title, step.done_on) == ("A prize", "Mock contest", localdate())
    assert client.post(f"{address}{step.public_id}/act/", {"act": "explode"}).status_code == 404


def test_a_student_writes_to_everybody(client, pairing, people):
    client.force_login(people["student"])
    client.post(f"{pairing.get_absolute_url()}messages/", {"text": "I have solved it"})
    assert Message.objects.get().by == people["student"]
    client.force_login(people["guardian"])
    page = client.get(f"{pairing.get_absolute_url()}messages/").text
    assert ("I have solved it" in page, "<textarea" in page) == (True, False)


def test_a_guardian_who_posts_hears_that_they_only_read(client, pairing, people):
    client.force_login(people["guardian"])
    page = client.post(f"{pairing.get_absolute_url()}messages/", {"text": "Hello"})
    assert (page.status_code, Message.objects.count()) == (200, 0)
    assert "You read here, and others write." in page.text


def test_files_are_shared_opened_and_taken_back(client, pairing, people):
    client.force_login(people["mentor"])
    address = f"{pairing.get_absolute_url()}files/"
    client.post(address, {"file": SimpleUploadedFile("problems.txt", b"Two problems")})
    file = PairingFile.objects.get()
    client.force_login(people["guardian"])
    answer = client.get(f"/files/{file.upload.public_id}/")
    assert b"".join(answer.streaming_content) == b"Two problems"
    client.force_login(people["outsider"])
    assert client.get(f"/files/{file.upload.public_id}/").status_code == 404
    client.force_login(people["mentor"])
    client.post(f"{address}{file.public_id}/remove/")
    assert (PairingFile.objects.count(), PairingFile.objects.shown().count()) == (1, 0)
    assert file.upload.name not in client.get(address).text


def test_a_file_of_a_wrong_kind_has_its_sentence(client, pairing, people):
    client.force_login(people["mentor"])
    page = client.post(f"{pairing.get_absolute_url()}files/", {"file": SimpleUploadedFile("a.exe", b"MZ\x00\x01")})
    assert "We take PDF, Word" in page.text


def test_a_meeting_needs_a_place(client, pairing, people):
    client.force_login(people["mentor"])
    facts = {"starts_at": "2027-03-01T10:00", "ends_at": "2027-03-01T11:00", "time_zone": "Europe/Moscow"}
    page = client.post(f"{pairing.get_absolute_url()}meetings/", facts)
    assert "Say where you meet, or enter a joining link." in page.text
    page = client.post(f"{pairing.get_absolute_url()}meetings/", facts | {"time_zone": "Mars/Olympus", "place": "x"})
    assert (page.status_code, pairing.meetings.count()) == (200, 0)


def test_a_meeting_is_moved_and_cancelled_on_its_page(client, pairing, people):
    meeting = mentoring.MeetingFactory(pairing=pairing)
    address = f"{pairing.get_absolute_url()}meetings/{meeting.public_id}/"
    client.force_login(people["teacher"])
    form = client.get(address).context["form"]
    facts = {
        "starts_at": "2027-03-05T10:00",
        "ends_at": "2027-03-05T11:00",
        "time_zone": "Europe/Moscow",
        "place": "Room 5",
        "seen": form["seen"].value(),
    }
    client.post(address, facts)
    meeting.refresh_from_db()
    assert (meeting.place, meeting.starts_at.isoformat()) == ("Room 5", "2027-03-05T07:00:00+00:00")
    client.force_login(people["student"])
    assert client.post(f"{address}act/", {"move": "cancel"}).status_code == 404
    client.force_login(people["mentor"])
    client.post(f"{address}act/", {"move": "cancel"})
    meeting.refresh_from_db()
    assert meeting.state == "cancelled"


def test_the_pairing_is_ended_on_a_page_that_says_what_it_means(client, pairing, people):
    client.force_login(people["teacher"])
    address = f"{pairing.get_absolute_url()}end/"
    assert "nobody’s fault" in client.get(address).text
    client.post(address, {"move": "complete", "because": "They won"})
    pairing.refresh_from_db()
    assert (pairing.state, pairing.because) == ("completed", "They won")
    assert client.get(address).status_code == 302
    assert client.get(pairing.get_absolute_url()).status_code == 200


def test_ones_own_page_lists_ones_pairings(client, pairing, people):
    for role, wanted in (("mentor", True), ("teacher", True), ("student", True), ("outsider", False)):
        client.force_login(people[role])
        assert (pairing.request.title in client.get("/me/").text) == wanted, role


def test_the_desk_lists_pairings_those_that_do_not_meet_first(cast, client, pairing, people):
    silent = mentoring.PairingFactory(stalled_at=pairing.proposed_at)
    client.force_login(cast.coordinator)
    page = client.get("/desk/mentorship/pairings/").text
    assert page.index(silent.request.title) < page.index(pairing.request.title)
    client.force_login(people["mentor"])
    assert client.get("/desk/mentorship/pairings/").status_code == 403


@pytest.mark.parametrize("page", ["", "log/", "messages/", "files/", "students/", "plan/"])
def test_as_many_queries_for_three_rows_as_for_one(client, pairing, people, page):
    client.force_login(people["teacher"])
    fill(pairing)
    address = f"{pairing.get_absolute_url()}{page}"
    client.get(address)
    once = count(client, address)
    fill(pairing)
    fill(pairing)
    assert count(client, address) == once


def fill(pairing):
    for one in (mentoring.MessageFactory, mentoring.LogEntryFactory, mentoring.MilestoneFactory):
        one(pairing=pairing)
    mentoring.MeetingFactory(pairing=pairing)
    mentoring.PairingFileFactory(pairing=pairing)
    make.GuardianshipFactory(child=mentoring.PairingStudentFactory(pairing=pairing, state="asked").person)


def count(client, address):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_the_desk_takes_as_many_queries_for_three_pairings_as_for_one(cast, client, pairing):
    client.force_login(cast.coordinator)
    client.get("/desk/mentorship/pairings/")
    once = count(client, "/desk/mentorship/pairings/")
    mentoring.PairingFactory()
    mentoring.PairingFactory()
    assert count(client, "/desk/mentorship/pairings/") == once


def test_every_mail_of_a_pairing_begins_with_what_to_do_and_differs(client, pairing, people):
    client.force_login(people["mentor"])
    client.post(f"{pairing.get_absolute_url()}messages/", {"text": "Hello"})
    client.post(
        f"{pairing.get_absolute_url()}meetings/",
        {"starts_at": "2027-03-01T10:00", "ends_at": "2027-03-01T11:00", "time_zone": "UTC", "place": "Room 5"},
    )
    client.post(f"{pairing.get_absolute_url()}end/", {"move": "complete"})
    firsts = {it.subject.split()[0] for it in OutboxMail.objects.filter(to=people["teacher"])}
    assert firsts == {"Read", "Keep", "Do", "Know"}
