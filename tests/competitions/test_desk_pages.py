"""The desk of entries, results and diplomas: what its pages show, to whom, and what may not be pressed any more."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal import mailtext
from cluster_portal.models import OutboxMail
from competitions import actions
from competitions.desk_rows import entries_waiting, results
from competitions.models import Competition, Entry, Review, Score
from members.models import Certificate
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
PAGES = ["desk_entries", "desk_results", "desk_publish", "desk_diplomas", "desk_results_xlsx", "desk_protocol"]
POSTED = ["desk_admit_all", "desk_propose"]


@pytest.fixture
def competition():
    it = make.CompetitionFactory(opens_at=now() - timedelta(days=60), jurors_per_entry=1)
    make.CriterionFactory(competition=it)
    make.JurorFactory(competition=it)
    return it


@pytest.fixture
def desk(cast, client):
    client.force_login(cast.coordinator)
    return client


def judged(competition, score=4, **facts) -> Entry:
    entry = make.EntryFactory(competition=competition, state="admitted", **facts)
    author = make.AuthorshipFactory(entry=entry)
    author.affiliation = make.AffiliationFactory(person=author.person)
    author.save()
    facts = {"state": Review.State.COMPLETED, "for_author": f"Words for {entry.title}.", "for_jury": "Between us."}
    review = make.ReviewFactory(entry=entry, juror=competition.jurors.first(), **facts)
    Score.objects.create(review=review, criterion=competition.criteria.get(), value=score)
    return entry


def at(name, competition, *rest):
    return reverse(f"competitions:{name}", args=[competition.slug, *rest])


def said(client, page):
    answer = client.get(page)
    assert answer.status_code == 200
    return answer.content.decode()


def concluded(competition, cast):
    actions.propose_places(competition, by=cast.coordinator)
    actions.conclude_competition(competition, by=cast.coordinator)


@pytest.mark.parametrize("page", PAGES)
def test_who_keeps_a_competition_sees_its_pages_and_nobody_else_does(cast, client, competition, page):
    judged(competition)
    statuses = {}
    for name in ("coordinator", "teacher", "contact"):
        client.force_login(getattr(cast, name))
        statuses[name] = client.get(at(page, competition)).status_code
    assert statuses == {"coordinator": 200, "teacher": 403, "contact": 403}
    client.force_login(make.CoordinatorFactory(region=make.RegionFactory()).person)
    assert client.get(at(page, competition)).status_code == 404


def test_who_judges_blindly_is_shown_no_way_to_what_is_hidden_and_is_told_why(cast, desk, competition):
    ways = [at(name, competition) for name in ("desk_entries", "desk_jury", "desk_results")]
    page = said(desk, at("desk_competition", competition))
    assert ([way in page for way in ways], "Another coordinator keeps the entries" in page) == ([True] * 3, False)
    make.JurorFactory(competition=competition, person=cast.coordinator)
    page = said(desk, at("desk_competition", competition))
    assert ([way in page for way in ways], "Another coordinator keeps the entries" in page) == ([False] * 3, True)


@pytest.mark.parametrize(("state", "blind", "status"), [
    ("published", True, 404), ("cancelled", True, 404), ("published", False, 200), ("concluded", True, 200),
])  # fmt: skip
@pytest.mark.parametrize(
    "page", ["desk_entries", "desk_results", "desk_diplomas", "desk_results_xlsx", "desk_protocol"]
)
def test_a_coordinator_in_the_jury_sees_nothing_before_the_results(cast, desk, page, state, blind, status):
    it = make.CompetitionFactory(state=state, is_blind=blind)
    make.CriterionFactory(competition=it)
    make.JurorFactory(competition=it, person=cast.coordinator)
    assert desk.get(at(page, it)).status_code == status


@pytest.mark.parametrize("page", POSTED)
def test_what_changes_something_is_posted(desk, competition, page):
    assert desk.get(at(page, competition)).status_code == 405


@pytest.mark.parametrize("page", ["desk_entries", "desk_results", "desk_publish", "desk_diplomas"])
def test_three_rows_cost_as_many_queries_as_one(cast, desk, competition, page):
    counts = []
    if page == "desk_diplomas":
        Competition.objects.filter(pk=competition.pk).update(state="concluded")
    facts = {"place": "first"} if page == "desk_diplomas" else {"planned_place": "first"}
    for more in (1, 2):
        for _number in range(more):
            judged(competition, **facts)
        desk.get(at(page, competition))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            said(desk, at(page, competition))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 40


def test_entries_are_admitted_one_by_one_or_all_at_once(desk, competition):
    one, other = (make.EntryFactory(competition=competition, state="submitted") for _number in range(2))
    page = said(desk, at("desk_entries", competition))
    assert ("Admit all that wait" in page, page.count("Disqualify<")) == (True, 2)
    desk.post(at("desk_act_on_entry", competition, one.public_id), {"move": "admit"})
    answer = desk.post(at("desk_admit_all", competition), follow=True)
    assert "1 entry is admitted." in answer.content.decode()
    assert [Entry.objects.get(pk=it.pk).state for it in (one, other)] == ["admitted", "admitted"]
    assert "Admit all that wait" not in said(desk, at("desk_entries", competition))


def test_nothing_is_admitted_while_its_authors_can_still_change_it(desk):
    entry = make.EntryFactory(state="submitted")
    text = said(desk, at("desk_entries", entry.competition))
    assert ("it is admitted afterwards" in text, "Admit<" in text, "Admit all" in text) == (True, False, False)
    for page, sent in ((at("desk_admit_all", entry.competition), {}),
                       (at("desk_act_on_entry", entry.competition, entry.public_id), {"move": "admit"})):  # fmt: skip
        answer = desk.post(page, sent, follow=True)
        assert "Until the deadline authors can still change what they handed in." in answer.content.decode()
    entry.refresh_from_db()
    assert entry.state == "submitted"


def test_the_desk_says_what_waits_for_an_answer_and_which_results_are_due(cast, competition):
    assert [(it.count, it.button) for it in results(cast.coordinator)] == [(1, "See the results")]
    for _number in range(2):
        make.EntryFactory(competition=competition, state="submitted")
    [row] = entries_waiting(cast.coordinator)
    assert (row.count, row.url) == (2, at("desk_entries", competition))
    own = make.AuthorshipFactory(entry__competition=competition, person=cast.coordinator)
    assert [*entries_waiting(cast.coordinator), *results(cast.coordinator)] == []
    own.delete()
    make.JurorFactory(competition=competition, person=cast.coordinator)
    assert [*entries_waiting(cast.coordinator), *results(cast.coordinator), *results(cast.teacher)] == []


def test_disqualifying_says_whom_it_writes_to_and_wants_a_reason(desk, competition):
    entry = judged(competition)
    page = at("desk_disqualify", competition, entry.public_id)
    assert "1 author will get a mail about this." in said(desk, page)
    assert "This field is required" in desk.post(page, {"reason": ""}).content.decode()
    assert desk.post(page, {"reason": "It was published before."}).status_code == 302
    entry.refresh_from_db()
    assert (entry.state, entry.refusal) == ("disqualified", "It was published before.")


def test_after_the_results_nothing_is_admitted_or_disqualified(cast, desk, competition):
    entry = judged(competition)
    concluded(competition, cast)
    assert "Disqualify" not in said(desk, at("desk_entries", competition))
    answer = desk.post(at("desk_disqualify", competition, entry.public_id), {"reason": "Late."}, follow=True)
    assert "or the results are out." in answer.content.decode()
    entry.refresh_from_db()
    assert (entry.state, entry.place) == ("admitted", "first")


def test_places_are_saved_or_proposed(desk, competition):
    entry, other = judged(competition), judged(competition)
    page = at("desk_results", competition)
    answer = desk.post(page, {entry.public_id: "second", other.public_id: ""}, follow=True)
    assert "1 place is changed. Nobody is told yet." in answer.content.decode()
    desk.post(at("desk_propose", competition), {"by": "mean"})
    assert set(Entry.objects.values_list("planned_place", flat=True)) == {"first"}


def test_a_second_opinion_is_asked_with_one_click(desk, competition):
    entry = judged(competition)
    make.JurorFactory(competition=competition)
    answer = desk.post(at("desk_second_opinion", competition, entry.public_id), follow=True)
    assert "One more juror is asked to read" in answer.content.decode()
    assert entry.reviews.filter(is_second_opinion=True).count() == 1
    assert ">1 of 2<" in said(desk, at("desk_results", competition))


def test_before_publishing_one_sees_what_is_missing_then_whom_it_tells(cast, desk, competition):
    entry, page = judged(competition), at("desk_publish", competition)
    text = said(desk, page)
    assert ("1 entry has no place yet." in text, "Publish the results and write" in text) == (True, False)
    desk.post(at("desk_propose", competition), {"by": "mean"})
    text = said(desk, page)
    assert "Authors: 1" in text
    assert "Jurors: 1" in text
    assert entry.title in text
    assert desk.post(page).headers["Location"] == at("desk_diplomas", competition)
    competition.refresh_from_db()
    assert competition.state == "concluded"
    assert desk.get(page).headers["Location"] == at("desk_results", competition)


def test_before_publishing_one_reads_each_kind_of_mail_as_it_will_be_sent(cast, desk, competition):
    entry = judged(competition, title="Plan of the year")
    child = make.AuthorshipFactory(entry=entry, person=make.ChildFactory(given_name="Masha"), is_lead=False).person
    alone = make.AuthorshipFactory(entry=entry, person=make.ChildFactory(), is_lead=False).person
    guardian = make.GuardianshipFactory(child=child).guardian
    desk.post(at("desk_propose", competition), {"by": "mean"})
    text, before = said(desk, at("desk_publish", competition)), OutboxMail.objects.count()
    foretold = actions.results_foretold(competition)
    assert [it.who for it in foretold.examples] == ["Authors", "Guardians", "Jurors"]
    assert foretold.silent == [alone]
    assert all(it.subject in text for it in foretold.examples)
    assert (text.count("Plan of the year: First place"), text.count("Plan of the year (")) == (1, 1)
    assert "Thank you for reading and judging." in text
    assert "They have no address. Tell them yourself." in text
    assert (alone.full_name in text, OutboxMail.objects.count() - before) == (True, 0)
    actions.conclude_competition(competition, by=cast.coordinator)
    sent = OutboxMail.objects.filter(template="competitions/results")
    assert {it.to for it in sent} >= {guardian}
    assert {mailtext.blocks(mailtext.masked(it.body_text))[1] for it in sent} >= {
        it.blocks[1] for it in foretold.examples[:2]
    }


@pytest.mark.parametrize("state", ["concluded", "cancelled"])
def test_of_what_is_over_the_results_only_show(desk, competition, state):
    judged(competition)
    Competition.objects.filter(pk=competition.pk).update(state=state)
    text = said(desk, at("desk_results", competition))
    assert [word for word in ("Save the places", "On to publishing", "Second opinion", "<select") if word in text] == []


def test_papers_are_issued_from_their_page(cast, desk, competition):
    judged(competition)
    assert "Publish these first." in said(desk, at("desk_diplomas", competition))
    concluded(competition, cast)
    assert "Issue 2 papers, and write to their owners" in said(desk, at("desk_diplomas", competition))
    text = desk.post(at("desk_diplomas", competition), follow=True).content.decode()
    numbers = Certificate.objects.values_list("number", flat=True)
    assert [text.count(it) for it in numbers] == [1, 1]


def test_a_cell_of_the_spreadsheet_is_never_a_formula_and_numbers_are_numbers(desk, competition):
    judged(competition, title="=HYPERLINK(1)")
    answer = desk.get(at("desk_results_xlsx", competition))
    [_head, row] = openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
    assert (row[0], row[5]) == ("'=HYPERLINK(1)", 80.0)


def test_papers_bear_the_longest_titles(cast, desk, competition):
    entry = judged(competition, title="Ж" * 160)
    Competition.objects.filter(pk=competition.pk).update(title="W" * 160)
    assert desk.get(at("desk_protocol", competition)).content.startswith(b"%PDF-")
    competition.refresh_from_db()
    concluded(competition, cast)
    desk.post(at("desk_diplomas", competition))
    titles = [it.title for it in entry.authorships.get().person.certificates.all()]
    assert [(len(it), it[-1]) for it in titles] == [(250, "…")]


def test_authors_read_what_the_jury_says_and_not_who(cast, client, competition):
    entry = judged(competition)
    juror = competition.jurors.first().person
    page = reverse("competitions:entry_feedback", args=[entry.public_id])
    lead = entry.authorships.get().person
    client.force_login(lead)
    assert client.get(page).status_code == 404
    concluded(competition, cast)
    assert page in said(client, entry.get_absolute_url())
    text = said(client, page)
    assert f"Words for {entry.title}." in text
    assert [it for it in ("Between us.", juror.family_name, juror.public_id) if it in text] == []
    asked = make.AuthorshipFactory(entry=entry, is_lead=False, state="invited").person
    for stranger in (asked, juror, cast.teacher):
        client.force_login(stranger)
        assert client.get(page).status_code == 404


# Bad input that a browser does not send


def test_what_is_no_id_names_no_juror(desk, competition):
    entry = judged(competition)
    page = at("desk_jury_entry", competition, entry.public_id)
    assert [desk.post(page, {"juror": sent}).status_code for sent in ("\0", "x", "")] == [404, 404, 404]


@pytest.mark.parametrize("year", ["9999", "0019", "2226"])
def test_a_year_out_of_reach_is_a_slip(desk, competition, year):
    answer = desk.post(at("desk_hold_again", competition), {"title": "Again", "opens_on": f"{year}-12-31"})
    assert "This is more than 20 years away. Check the year." in answer.content.decode()


def test_what_was_given_stays_when_the_results_are_out(cast, desk, competition):
    entry = judged(competition)
    review = entry.reviews.first()
    concluded(competition, cast)
    page = at("desk_act_on_jury_review", competition, review.public_id)
    answer = desk.post(page, {"move": "withdraw"}, follow=True)
    assert "The jury reads while the competition is published" in answer.content.decode()
    answer = desk.post(at("desk_act_on_juror", competition, review.juror.public_id), {"move": "end"}, follow=True)
    assert "This competition is over, so its jury stays as it was." in answer.content.decode()
    review.refresh_from_db()
    assert (review.state, review.juror.state) == ("completed", "active")
