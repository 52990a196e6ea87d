"""The time that mentors gave: of each day counts who wrote more; by year, on paper, in a spreadsheet."""

import io
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from mentorship.hours import Time, time_of, years_of
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture
def pairing(cast):
    request = pair.MentorRequestFactory(affiliation=cast.teacher.affiliations.get(), state="paired", title="Team One")
    return pair.PairingFactory(request=request)


def met(pairing, day, minutes=60, by=None, what="Graphs"):
    return pair.LogEntryFactory(pairing=pairing, day=day, minutes=minutes, by=by or pairing.mentor.person, what=what)


def test_what_both_wrote_of_one_day_counts_once(cast, pairing):
    met(pairing, date(2026, 3, 2), 60)
    met(pairing, date(2026, 3, 2), 90, by=cast.teacher)
    met(pairing, date(2026, 3, 9), 30, by=cast.teacher)
    assert time_of([pairing]) == {pairing.pk: Time(2, 120)}


def test_two_meetings_of_one_day_by_one_author_are_two(pairing):
    met(pairing, date(2026, 3, 2), 60)
    met(pairing, date(2026, 3, 2), 30, what="Trees")
    assert time_of([pairing])[pairing.pk] == Time(2, 90)


def test_a_record_is_by_year_the_latest_first(cast, pairing):
    other = pair.PairingFactory(mentor=pairing.mentor, state="dissolved")
    met(pairing, date(2025, 12, 20))
    met(pairing, date(2026, 1, 10), 45)
    met(other, date(2026, 2, 1), 90)
    met(pair.PairingFactory(), date(2026, 2, 1), 500)
    rows = [(it.year, it.time, [line.pairing for line in it.lines]) for it in years_of(pairing.mentor.person)]
    assert rows == [(2026, Time(2, 135), [pairing, other]), (2025, Time(1, 60), [pairing])]


def test_what_was_never_agreed_has_no_hours(pairing):
    met(pairing, date(2026, 3, 2))
    type(pairing).objects.update(state="withdrawn")
    assert years_of(pairing.mentor.person) == []


def test_the_page_names_no_student_and_no_teacher(client, cast, pairing):
    student = pair.PairingStudentFactory(pairing=pairing, person__family_name="Gorbunova")
    met(pairing, date(2026, 3, 2), 90)
    client.force_login(pairing.mentor.person)
    text = client.get("/mentorship/hours/").text
    assert ("Team One" in text, "1.5 h" in text, "School 1" in text) == (True, True, True)
    assert (student.person.family_name in text, cast.teacher.full_name in text) == (False, False)


def test_the_page_shows_the_letter_of_thanks(client, pairing):
    met(pairing, date(2026, 3, 2))
    facts = {"about_model": "mentorship.pairing", "about_id": pairing.public_id, "kind": "thanks", "hours": None}
    letter = make.CertificateFactory(person=pairing.mentor.person, **facts)
    client.force_login(pairing.mentor.person)
    assert letter.number in client.get("/mentorship/hours/").text


def test_the_page_is_empty_before_the_first_meeting(client, pairing):
    client.force_login(pairing.mentor.person)
    assert "No hours yet" in client.get("/mentorship/hours/").text


@pytest.mark.parametrize("page", ["hours/", "hours.pdf", "hours.xlsx"])
def test_who_is_no_mentor_has_no_record(client, cast, pairing, page):
    address = f"/mentorship/{page}"
    assert client.get(address).status_code == 302
    client.force_login(cast.teacher)
    assert client.get(address).status_code == 404


def test_the_record_is_a_sheet(client, pairing):
    met(pairing, date(2026, 3, 2), 100)
    client.force_login(pairing.mentor.person)
    sheet = load_workbook(io.BytesIO(client.get("/mentorship/hours.xlsx").content)).active
    rows = [[cell.value for cell in row] for row in sheet]
    assert rows == [
        ["Year", "What it was about", "Institution", "Meetings", "Hours"],
        [2026, "Team One", "School 1", 1, 1.7],
    ]


def test_the_record_is_a_paper(client, pairing):
    met(pairing, date(2026, 3, 2))
    client.force_login(pairing.mentor.person)
    answer = client.get("/mentorship/hours.pdf")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


def test_the_record_asks_as_much_for_three_as_for_one(client, pairing):
    client.force_login(pairing.mentor.person)
    counts = []
    for pairings in (1, 2):
        for number in range(pairings):
            met(pair.PairingFactory(mentor=pairing.mentor, state="completed"), date(2026, 3, 2 + number))
        with CaptureQueriesContext(connection) as queries:
            client.get("/mentorship/hours/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
