"""The desk of mentorship in numbers: what a coordinator reads, what leaves as a spreadsheet, who is not named in it."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localdate, now
from openpyxl import load_workbook

from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
PAGES = ["desk_mentorship", "desk_institutions", "desk_unserved", "desk_figures_xlsx"]


def page(name):
    return reverse(f"mentorship:{name}")


def said(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def filled(cast):
    """One of each: a paired request with an outcome of two students, one that waits, one that is late."""
    own = cast.teacher.affiliations.get()
    request = pair.MentorRequestFactory(affiliation=own, state="paired", asked_at=now() - timedelta(days=4))
    it = pair.PairingFactory(request=request, proposed_at=now() - timedelta(days=2))
    outcome = pair.OutcomeFactory(pairing=it, day=localdate())
    outcome.students.add(*[pair.PairingStudentFactory(pairing=it, person__family_name="Secretchild") for _ in range(2)])
    pair.MentorRequestFactory(affiliation=make.AffiliationFactory(person__family_name="Neverserved"))
    pair.MentorRequestFactory(risen_at=now(), asked_at=now() - timedelta(days=30))
    make.AffiliationFactory(person=it.mentor.person)
    return it


@pytest.fixture
def sheets(client, cast):
    def read(address=""):
        client.force_login(cast.coordinator)
        answer = client.get(address or page("desk_figures_xlsx"))
        assert answer.headers["Cache-Control"] == "private, no-store"
        book = load_workbook(io.BytesIO(answer.content))
        return {it.title: [list(row) for row in it.values] for it in book}

    return read


@pytest.mark.parametrize("name", PAGES)
def test_figures_are_for_coordinators(client, cast, name):
    for person in (cast.teacher, cast.contact):
        client.force_login(person)
        assert client.get(page(name)).status_code == 403
    client.logout()
    assert client.get(page(name)).url.startswith("/accounts/login/")


@pytest.mark.parametrize("name", PAGES)
def test_pages_open_where_nothing_is(client, cast, name):
    client.force_login(cast.coordinator)
    assert client.get(page(name)).status_code == 200


def test_the_overview_says_how_it_goes(client, cast):
    filled(cast)
    client.force_login(cast.coordinator)
    text = said(client, page("desk_mentorship"))
    for words in (
        "past the time to answer",
        "Whoever waits longest for a mentor asked 30 days ago.",
        "2 teachers asked, and never had a mentor",
        "2 institutions asked, and never had a mentor",
        "0 institutions never asked for a mentor",
        "1 of 2",
        "until a mentor is asked, or the search ends",
    ):
        assert words in text


def test_how_long_it_takes_is_said_from_five_answers_on(client, cast):
    own = cast.teacher.affiliations.get()

    def times():
        client.force_login(cast.coordinator)
        return [row[1:] for row in client.get(page("desk_mentorship")).context["period_tables"][0].rows]

    for number in range(4):
        it = pair.MentorRequestFactory(affiliation=own, state="paired", asked_at=now() - timedelta(days=number))
        pair.PairingFactory(request=it)
    assert times() == [[4, 4, "too few answers", "too few answers"]] * 2
    it = pair.MentorRequestFactory(affiliation=own, state="proposed", asked_at=now() - timedelta(days=9))
    pair.PairingFactory(request=it, state="proposed")
    pair.MentorRequestFactory(affiliation=own, asked_at=now() - timedelta(days=30))
    assert times() == [[6, 5, "2 days", "not yet"], [6, 4, "too few answers", "too few answers"]]


def test_what_is_older_than_a_year_is_asked_for(client, cast):
    ended = pair.PairingFactory(state="completed", ended_on=localdate() - timedelta(days=500))
    pair.OutcomeFactory(pairing=ended, day=localdate() - timedelta(days=500), level="world")
    client.force_login(cast.coordinator)
    for address, shown in ((page("desk_mentorship"), False), (f"{page('desk_mentorship')}?period=all", True)):
        assert ("International" in said(client, address)) == shown
    assert "period=all" in said(client, f"{page('desk_mentorship')}?period=all")
    assert client.get(f"{page('desk_mentorship')}?period=nonsense").status_code == 200


@pytest.mark.parametrize(
    ("narrowed", "found"),
    [
        ("", {"School 1", "Lyceum", "Never"}),
        ("?reached=never-asked", {"Never"}),
        ("?reached=never-served", {"Lyceum"}),
        ("?reached=outcomes", {"School 1"}),
        ("?kind=university", set()),
        ("?reached=nonsense", {"School 1", "Lyceum", "Never"}),
    ],
)
def test_institutions_that_never_asked_or_never_had_a_mentor_are_found(client, cast, narrowed, found):
    it = pair.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    pair.OutcomeFactory(pairing=it)
    pair.MentorRequestFactory(affiliation__institution__name="Lyceum")
    make.PartyFactory(agreement=cast.agreement, institution__name="Never")
    client.force_login(cast.coordinator)
    rows = client.get(f"{page('desk_institutions')}{narrowed}").context["page"]
    assert {it.name for it in rows} == found


@pytest.mark.parametrize(("students", "words"), [(0, 0), (1, "1 or 2"), (2, "1 or 2"), (3, 3)])
def test_one_or_two_students_are_not_counted_out(client, cast, sheets, students, words):
    it = pair.PairingFactory(request__affiliation=cast.teacher.affiliations.get())
    outcome = pair.OutcomeFactory(pairing=it)
    outcome.students.add(*[pair.PairingStudentFactory(pairing=it) for _ in range(students)])
    client.force_login(cast.coordinator)
    assert [it.students for it in client.get(page("desk_institutions")).context["page"]] == [words]
    assert sheets()["Institutions"][1][-1] == words


def test_a_spreadsheet_has_all_figures_and_names_no_teacher_and_no_student(cast, sheets):
    it = filled(cast)
    found = sheets()
    assert list(found) == [
        "What waits for an answer", "How long it takes", "Pairings", "Outcomes", "Mentors", "Institutions",
    ]  # fmt: skip
    assert found["What waits for an answer"][1:] == [
        ["0 to 3 days", 1, 0, 0, 1], ["4 to 7 days", 0, 0, 0, 0], ["past the time to answer", 1, 0, 0, 1],
    ]  # fmt: skip
    assert found["Outcomes"] == [
        ["Level", "Winner", "Second place", "Third place", "Prize or special mention", "Took part", "All"],
        ["City or region", 0, 1, 0, 0, 0, 1],
    ]
    assert found["Mentors"][1][0] == it.mentor.person.full_name
    cells = str(found)
    for name in (cast.teacher.family_name + " ", "Secretchild", "Neverserved"):
        assert name not in cells


def test_teachers_who_never_had_a_mentor_stand_with_their_latest_request(client, cast):
    own = cast.teacher.affiliations.get()
    pair.MentorRequestFactory(affiliation=own, state="withdrawn", asked_at=now() - timedelta(days=9))
    last = pair.MentorRequestFactory(affiliation=own, title="Robots for beginners")
    client.force_login(cast.coordinator)
    text = said(client, page("desk_unserved"))
    assert "Robots for beginners" in text
    assert last.get_absolute_url() in text
    assert [it.asked for it in client.get(page("desk_unserved")).context["page"]] == [2]


@pytest.mark.parametrize("name", PAGES)
def test_figures_ask_as_much_for_one_as_for_three(client, cast, name):
    client.force_login(cast.coordinator)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            filled(cast)
            make.PartyFactory(agreement=cast.agreement)
        client.get(page(name))
        with CaptureQueriesContext(connection) as seen:
            assert client.get(page(name)).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 30
