"""Final works: handed in, returned with a note, handed in again, accepted; who may, and who is told."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, available_moves
from cluster_portal.uploads import uploads_about
from courses import actions
from courses.completion import completion_of
from courses.desk_rows import works_to_read
from courses.models import FinalWork
from courses.retention import MARK_DAYS, WORK_DAYS
from members.actions import decide
from members.retention import run_retention
from tests import factories as make
from tests.browsing import at

pytestmark = pytest.mark.django_db


def file(name="lesson.txt", text=b"A lesson on agents."):
    return SimpleUploadedFile(name, text)


def opened(client, address):
    response = client.get(address)
    if response.streaming:
        b"".join(response.streaming_content)
    return response.status_code


@pytest.fixture
def mine(cast):
    run = make.RunFactory(course__title="AI", needs_work=True)
    make.SessionFactory(run=run)
    run.instructors.add(cast.teacher)
    return make.EnrolmentFactory(run=run, person=cast.colleague)


@pytest.fixture
def work(mine):
    return actions.hand_in_work(mine, by=mine.person, text="My lesson", files=[file()])


def mails(person):
    rows = OutboxMail.objects.filter(to=person, template__contains="work_").order_by("pk")
    return [(it.template.partition("work_")[2], it.state) for it in rows]


def test_a_work_is_handed_in_and_the_instructor_is_told(work, mine, cast):
    assert (work.state, work.text, [it.name for it in uploads_about(work)]) == (
        "handed_in", "My lesson", ["lesson.txt"],
    )  # fmt: skip
    assert mails(cast.teacher) == [("handed_in", "queued")]


def test_what_is_handed_in_waits_and_is_not_handed_in_twice(work, mine):
    with pytest.raises(Refused, match="Your work is handed in already"):
        actions.hand_in_work(mine, by=mine.person, text="Another")


def test_it_is_returned_with_a_note_revised_and_accepted(work, mine, cast):
    actions.return_work(work, by=cast.teacher, note="Shorter, please.")
    assert mails(mine.person) == [("returned", "queued")]
    again = actions.hand_in_work(mine, by=mine.person, text="My short lesson", files=[file("short.txt", b"Short.")])
    assert (again.state, [it.name for it in uploads_about(again)]) == ("handed_in", ["short.txt"])
    actions.accept_work(again, by=cast.teacher)
    assert completion_of(mine).parts[1].done
    assert mails(mine.person) == [("returned", "cancelled"), ("accepted", "queued")]
    assert mails(cast.teacher) == [("handed_in", "cancelled"), ("handed_in", "cancelled")]


def test_the_files_stay_when_no_new_ones_come(work, mine, cast):
    actions.return_work(work, by=cast.teacher, note="A word is missing.")
    again = actions.hand_in_work(mine, by=mine.person, text="My lesson, whole")
    assert [it.name for it in uploads_about(again)] == ["lesson.txt"]


def test_nothing_is_returned_without_a_note(work, cast):
    with pytest.raises(Refused, match="Say in the note what is to be changed"):
        actions.return_work(work, by=cast.teacher, note=" ")


def test_what_is_accepted_stays_accepted(work, mine, cast):
    actions.accept_work(work, by=cast.teacher)
    stale = FinalWork.objects.get()
    with pytest.raises(Refused):
        actions.return_work(stale, by=cast.teacher, note="Changed my mind")
    with pytest.raises(Refused, match="handed in already"):
        actions.hand_in_work(mine, by=mine.person, text="Another")


def test_nobody_hands_in_where_no_work_is_asked_for(mine):
    mine.run.needs_work = False
    mine.run.save()
    with pytest.raises(Refused, match="No final work is asked for here"):
        actions.hand_in_work(mine, by=mine.person, text="Mine")


def test_who_only_waits_hands_nothing_in(mine):
    waiting = make.EnrolmentFactory(run=mine.run, state="waiting")
    with pytest.raises(Refused, match="handed in by those whose place is certain"):
        actions.hand_in_work(waiting, by=waiting.person, text="Mine")


MOVES = {
    ("author", "returned"): {"hand_in"},
    ("instructor", "handed_in"): {"accept", "return"},
    ("instructor", "returned"): {"accept"},
    ("coordinator", "handed_in"): {"accept", "return"},
    ("coordinator", "returned"): {"accept"},
}


@pytest.mark.parametrize("state", FinalWork.State.values)
@pytest.mark.parametrize("role", ["author", "instructor", "coordinator", "stranger"])
def test_moves_by_role_and_state(role, state, mine, cast):
    work = FinalWork.objects.create(enrolment=mine, state=state)
    person = {
        "author": mine.person, "instructor": cast.teacher, "coordinator": cast.coordinator, "stranger": cast.outsider,
    }[role]  # fmt: skip
    assert set(available_moves(person, work)) == MOVES.get((role, state), set())


def test_an_instructor_does_not_read_their_own_work(work, mine):
    mine.run.instructors.add(mine.person)
    assert set(available_moves(mine.person, work)) == set()
    assert at(mine.person).get(work.get_absolute_url()).status_code == 404


def test_the_author_hands_in_on_a_page_and_reads_the_answer(mine, cast):
    author, address = at(mine.person), reverse("courses:hand_in", args=[mine.public_id])
    assert "nothing to hand in yet" in author.post(address, {"text": " "}).content.decode()
    assert author.post(address, {"text": "My lesson", "files": file()})["Location"] == mine.run.get_absolute_url()
    assert author.get(address).context["form"] is None
    actions.return_work(FinalWork.objects.get(), by=cast.teacher, note="Shorter, please.")
    page = author.get(address)
    assert page.context["form"] is not None
    assert "Shorter, please." in page.content.decode()


def test_the_instructor_reads_and_answers_on_a_page(work, mine, cast):
    teacher = at(cast.teacher)
    listed = teacher.get(reverse("courses:works", args=[mine.run.public_id])).context["page"]
    assert (list(listed), list(teacher.get(reverse("courses:works_to_read")).context["page"])) == ([work], [work])
    refused = teacher.post(work.get_absolute_url(), {"move": "return", "note": ""}, follow=True)
    assert [str(it) for it in refused.context["messages"]] == [
        "Say in the note what is to be changed, then return the work."
    ]
    teacher.post(work.get_absolute_url(), {"move": "accept", "note": "Very good."})
    work.refresh_from_db()
    assert (work.state, work.note) == ("accepted", "Very good.")
    assert teacher.post(work.get_absolute_url(), {"move": "fly"}).status_code == 404


def test_works_and_their_files_are_for_their_readers_only(work, mine, cast, demo):
    stored = uploads_about(work).get()
    addresses = [work.get_absolute_url(), reverse("file", args=[stored.public_id])]
    seen = {
        name: [opened(at(person), it) for it in addresses]
        for name, person in (
            ("author", mine.person), ("instructor", cast.teacher), ("coordinator", cast.coordinator),
            ("stranger", cast.outsider),
        )
    }  # fmt: skip
    assert seen == {
        "author": [404, 200], "instructor": [200, 200], "coordinator": [200, 200], "stranger": [404, 404],
    }  # fmt: skip
    assert Client().get(addresses[1]).status_code in {302, 404}


def test_a_guardian_hands_in_for_a_child_and_is_told(mine, cast, text):
    it = make.GuardianshipFactory()
    enrolment = make.EnrolmentFactory(run=mine.run, person=it.child)
    decide(it.child, "taking_part", "granted", by=it.guardian, channel="link", text=text)
    guardian, address = at(it.guardian), reverse("courses:hand_in", args=[enrolment.public_id])
    assert guardian.post(address, {"text": "A robot"})["Location"] == reverse(
        "members:child", args=[it.child.public_id]
    )
    actions.return_work(FinalWork.objects.get(), by=cast.teacher, note="A picture, too.")
    assert mails(it.guardian) == [("returned", "queued")]
    assert at(cast.outsider).get(address).status_code == 404


def test_the_desk_says_how_many_works_wait(work, mine, cast):
    rows = list(works_to_read(cast.coordinator))
    assert [(it.count, it.since, it.url) for it in rows] == [(1, work.state_since, reverse("courses:works_to_read"))]
    assert list(works_to_read(cast.outsider)) == []


def test_as_many_queries_for_three_works_as_for_one(work, mine, cast):
    teacher, counts = at(cast.teacher), []
    for size in (0, 2):
        for _number in range(size):
            other = make.EnrolmentFactory(run=mine.run, pool=mine.pool)
            FinalWork.objects.create(enrolment=other, text="x")
        with CaptureQueriesContext(connection) as queries:
            assert teacher.get(reverse("courses:works_to_read")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20


def test_who_was_returned_a_work_finds_it_when_the_run_is_closed(work, mine, cast):
    actions.return_work(work, by=cast.teacher, note="Shorter, please.")
    author, address = at(mine.person), reverse("courses:hand_in", args=[mine.public_id])
    for state in ("published", "closed"):
        type(mine.run).objects.update(state=state)
        for page in (mine.run.get_absolute_url(), reverse("coordination:me")):
            assert address in author.get(page).content.decode(), (state, page)
    assert author.post(address, {"text": "Short"}).status_code == 302


def test_accepting_without_a_word_keeps_what_was_said_before(work, cast):
    actions.return_work(work, by=cast.teacher, note="Shorter, please.")
    actions.accept_work(work, by=cast.teacher)
    assert FinalWork.objects.get().note == "Shorter, please."


def test_works_and_marks_are_forgotten_in_their_time(work, mine, cast):
    session = mine.run.sessions.get()
    make.AttendanceFactory(session=session, enrolment=mine)
    left = []
    for days in (WORK_DAYS - 1, WORK_DAYS + 1, MARK_DAYS + 1):
        over = now() - timedelta(days=days)
        mine.run.sessions.update(starts_at=over - timedelta(hours=1), ends_at=over)
        run_retention()
        work.refresh_from_db()
        left.append((bool(work.text), uploads_about(work).count(), mine.attendance.count()))
    assert left == [(True, 1, 1), (False, 0, 1), (False, 0, 0)]
    assert work.state == "handed_in"
