"""From reviews to results: what is admitted, which places are planned, what publishing does and whom it tells."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.long_work import carry_on_all
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused
from competitions import actions
from competitions.actions.entries import queue_receipts
from competitions.diplomas import lines_of
from competitions.exports import results_workbook
from competitions.models import Competition, Entry, Result, Review, Score
from competitions.protocol import protocol_pdf
from competitions.results import proposed_places, results_of, what_is_missing, who_judged
from members.models import Certificate, Tie
from members.ties import tie_together
from tests import factories as make
from tests.browsing import at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
Place, State = Entry.Place, Entry.State


@pytest.fixture
def competition():
    """One whose jury has read: three jurors, one criterion from 0 to 5."""
    it = make.CompetitionFactory(opens_at=now() - timedelta(days=60))
    make.CriterionFactory(competition=it)
    for _number in range(3):
        make.JurorFactory(competition=it)
    return it


def judged(competition, *scores: int, **facts) -> Entry:
    """An admitted entry with an author, and a review by as many jurors as there are scores."""
    entry = make.EntryFactory(competition=competition, state=State.ADMITTED, **facts)
    make.AuthorshipFactory(entry=entry)
    [criterion] = competition.criteria.all()
    for juror, value in zip(competition.jurors.order_by("pk"), scores, strict=False):
        review = make.ReviewFactory(entry=entry, juror=juror, state=Review.State.COMPLETED, for_author="Well thought.")
        Score.objects.create(review=review, criterion=criterion, value=value)
    return entry


@pytest.fixture
def entries(competition):
    """The best, the second, the worst."""
    return [judged(competition, *scores) for scores in ((5, 5, 5), (4, 4, 3), (1, 0, 2))]


def templates() -> list[str]:
    return sorted(OutboxMail.objects.values_list("template", flat=True))


def test_the_best_entry_stands_first(competition, entries):
    lines = results_of(competition).lines
    assert [line.entry for line in lines] == entries
    assert [round(line.standing.mean, 1) for line in lines] == [100, 73.3, 20]


def test_an_unfinished_review_counts_nothing_and_is_said(competition, entries):
    make.ReviewFactory(entry=entries[1], juror=make.JurorFactory(competition=competition))
    line = results_of(competition).lines[1]
    assert (line.standing.reviews, line.open_reviews) == (3, 1)


def test_a_review_without_a_score_on_a_criterion_is_left_out(competition, entries):
    make.CriterionFactory(competition=competition)
    assert [line.standing for line in results_of(competition).lines] == [None, None, None]


def test_withdrawn_and_disqualified_entries_stand_nowhere(competition, entries):
    make.EntryFactory(competition=competition, state=State.WITHDRAWN)
    make.EntryFactory(competition=competition, state=State.DISQUALIFIED)
    assert len(results_of(competition).lines) == 3


def test_places_are_proposed_in_each_nomination(competition):
    one, other = (make.NominationFactory(competition=competition) for _number in range(2))
    best, tied, also_tied = (judged(competition, n, n, n, nomination=one) for n in (5, 4, 4))
    fourth, alone = judged(competition, 1, 1, 1, nomination=one), judged(competition, 0, 0, 0, nomination=other)
    assert proposed_places(results_of(competition), adjusted=False) == {
        best.pk: Place.FIRST, tied.pk: Place.SECOND, also_tied.pk: Place.SECOND, fourth.pk: Place.LAUREATE,
        alone.pk: Place.FIRST,
    }  # fmt: skip


def test_from_the_seventh_on_they_are_participants(competition):
    entries = [judged(competition, n) for n in (5, 4, 3, 2, 1, 0)]
    last = judged(competition, 0, 0)
    places = proposed_places(results_of(competition), adjusted=False)
    assert [places[it.pk] for it in entries] == ["first", "second", "third", *["laureate"] * 3]
    assert places[last.pk] == Place.LAUREATE  # it shares the sixth rank
    better = judged(competition, 5, 5, 5)
    places = proposed_places(results_of(competition), adjusted=False)
    assert places[better.pk] == Place.FIRST
    assert places[last.pk] == Place.PARTICIPANT


def test_planning_places_tells_nobody_and_is_audited(competition, entries, cast):
    assert actions.propose_places(competition, by=cast.coordinator) == 3
    assert [it.planned_place for it in Entry.objects.order_by("pk")] == ["first", "second", "third"]
    assert actions.propose_places(competition, by=cast.coordinator) == 0
    lines = AuditEntry.objects.filter(verb="competitions.entry.plan_place").order_by("pk")
    assert [it.values["planned_place"] for it in lines] == ["first", "second", "third"]
    assert templates() == []


def test_a_place_can_be_planned_by_hand_and_taken_back(competition, entries, cast):
    assert actions.plan_places(competition, {entries[0].pk: "laureate", entries[1].pk: ""}, by=cast.coordinator) == 1
    entries[0].refresh_from_db()
    assert entries[0].planned_place == "laureate"
    assert actions.plan_places(competition, {entries[0].pk: ""}, by=cast.coordinator) == 1


def test_publishing_applies_every_place_and_writes_the_standing_down(competition, entries, cast):
    actions.propose_places(competition, by=cast.coordinator)
    actions.conclude_competition(competition, by=cast.coordinator)
    competition.refresh_from_db()
    assert competition.state == Competition.State.CONCLUDED
    rows = list(Entry.objects.order_by("pk"))
    assert [(it.place, it.planned_place) for it in rows] == [("first", ""), ("second", ""), ("third", "")]
    result = Result.objects.get(entry=entries[1])
    assert (result.reviews, round(result.mean, 1), result.rank, result.adjusted) == (3, 73.3, 2, None)


def test_publishing_tells_each_author_once_and_thanks_the_jury(competition, entries, cast):
    author = entries[0].authorships.get().person
    make.AuthorshipFactory(entry=entries[1], person=author, is_lead=False)
    make.AuthorshipFactory(entry=entries[2], is_lead=False, state="declined")
    actions.propose_places(competition, by=cast.coordinator)
    assert actions.results_foretold(competition).people == [("Authors", 3), ("Jurors", 3)]
    actions.conclude_competition(competition, by=cast.coordinator)
    assert templates() == [*["competitions/jury_thanked"] * 3, *["competitions/results"] * 3]
    mail = OutboxMail.objects.get(template="competitions/results", to=author)
    assert mail.subject == f"Read what the jury says: {competition.title}"
    assert f"{entries[0].title}: First place" in mail.body_text
    assert f"{entries[1].title}: Second place" in mail.body_text
    assert f"/entries/{entries[1].public_id}/feedback/" in mail.body_text


def test_reviews_that_were_not_given_end_with_the_results(competition, entries, cast):
    late = make.ReviewFactory(entry=entries[1], juror=make.JurorFactory(competition=competition))
    actions.propose_places(competition, by=cast.coordinator)
    actions.conclude_competition(competition, by=cast.coordinator)
    late.refresh_from_db()
    assert late.state == Review.State.WITHDRAWN


def nothing_planned(competition, _entries):
    return "3 entries have no place yet."


def one_waits(competition, _entries):
    make.EntryFactory(competition=competition, state=State.SUBMITTED)
    return "1 entry was neither admitted nor disqualified."


def one_is_unread(competition, _entries):
    judged(competition)
    return "1 entry has no review yet."


def still_open(competition, _entries):
    competition.closes_at, competition.judged_until = now() + timedelta(days=1), now() + timedelta(days=2)
    competition.save()
    return "The competition still takes entries."


@pytest.mark.parametrize("arrange", [one_waits, one_is_unread, still_open])
def test_what_is_missing_is_named_and_nothing_is_published(arrange, competition, entries, cast):
    actions.propose_places(competition, by=cast.coordinator)
    sentence = arrange(competition, entries)
    with pytest.raises(Refused, match=sentence):
        actions.conclude_competition(competition, by=cast.coordinator)
    assert Result.objects.count() == OutboxMail.objects.count() == 0
    assert set(Entry.objects.values_list("place", flat=True)) == {""}


def test_nothing_is_published_before_places_are_planned(competition, entries, cast):
    assert what_is_missing(results_of(competition)) == ["3 entries have no place yet."]
    with pytest.raises(Refused, match="3 entries have no place yet"):
        actions.conclude_competition(competition, by=cast.coordinator)


def test_results_are_published_once(competition, entries, cast):
    actions.propose_places(competition, by=cast.coordinator)
    actions.conclude_competition(competition, by=cast.coordinator)
    with pytest.raises(Refused, match="its places change no more"):
        actions.conclude_competition(competition, by=cast.coordinator)
    with pytest.raises(Refused, match="its places change no more"):
        actions.propose_places(competition, by=cast.coordinator)
    assert OutboxMail.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_two_publish_at_once_and_everybody_is_told_once(competition, entries, cast, together):
    actions.propose_places(competition, by=cast.coordinator)

    def publish():
        actions.conclude_competition(Competition.objects.get(), by=cast.coordinator)

    assert sorted(together(publish, publish)) == ["done", "refused"]
    assert (Result.objects.count(), OutboxMail.objects.count()) == (3, 6)


@pytest.mark.django_db(transaction=True)
def test_an_entry_withdrawn_meanwhile_has_no_place(competition, entries, cast, together):
    """Whoever comes first: either it is withdrawn and has no place, or it has one and stays."""
    actions.propose_places(competition, by=cast.coordinator)
    lead = entries[0].authorships.get().person
    together(
        lambda: actions.conclude_competition(Competition.objects.get(), by=cast.coordinator),
        lambda: actions.withdraw_entry(Entry.objects.get(pk=entries[0].pk), by=lead),
    )
    entry = Entry.objects.get(pk=entries[0].pk)
    assert (entry.state, entry.place) in {("withdrawn", ""), ("admitted", "first")}
    assert Result.objects.filter(entry=entry).exists() == (entry.state == "admitted")


def test_everything_handed_in_is_admitted_at_once(competition, cast):
    entry = make.EntryFactory(competition=competition, state=State.SUBMITTED)
    assert actions.admit_all(competition, by=cast.coordinator) == 1
    assert Entry.objects.get(pk=entry.pk).state == "admitted"
    with pytest.raises(Refused, match="There is nothing to admit"):
        actions.admit_all(competition, by=cast.coordinator)


def test_a_disqualified_entry_ends_its_reviews_and_its_authors_read_why(competition, cast):
    entry = judged(competition)
    review = make.ReviewFactory(entry=entry, juror=competition.jurors.first())
    make.AuthorshipFactory(entry=entry, is_lead=False)
    actions.disqualify_entry(entry, by=cast.coordinator, reason="It was published before.")
    review.refresh_from_db()
    assert (entry.state, review.state) == ("disqualified", "withdrawn")
    mails = OutboxMail.objects.filter(template="competitions/disqualified")
    assert (mails.count(), "The reason: It was published before." in mails[0].body_text) == (2, True)


def test_every_author_gets_a_diploma_and_every_juror_thanks(competition, entries, cast):
    actions.propose_places(competition, by=cast.coordinator)
    with pytest.raises(Refused, match="Diplomas follow the results"):
        actions.begin_diplomas(competition, by=cast.coordinator)
    actions.conclude_competition(competition, by=cast.coordinator)
    competition.refresh_from_db()
    actions.begin_diplomas(competition, by=cast.coordinator)
    carry_on_all()
    papers = Certificate.objects.order_by("number")
    jurors = sorted([it.person for it in competition.jurors.all()], key=lambda it: it.sort_name)
    assert [(it.kind, it.person) for it in papers] == [
        *(("award", entry.authorships.get().person) for entry in entries),
        *(("thanks", juror) for juror in jurors),
    ]  # fmt: skip
    assert papers[0].title == f"“{competition.title}”, First place: the lesson plan “{entries[0].title}”"
    assert not any(line.is_due for line in lines_of(competition))
    with pytest.raises(Refused, match="everybody has theirs"):
        actions.begin_diplomas(competition, by=cast.coordinator)


def test_the_spreadsheet_holds_numbers_and_names_who_may_be_named(competition, entries):
    sheet = openpyxl.load_workbook(io.BytesIO(results_workbook(results_of(competition)))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:5] == ("Lesson plan", "Nomination", "Authors", "Institution", "Reviews")
    assert rows[1][0] == entries[0].title
    assert len(rows) == 4


@pytest.mark.parametrize("language", ["en", "ru", "ko"])
def test_the_protocol_is_drawn_in_the_language_of_the_competition(competition, entries, language):
    competition.language = language
    assert protocol_pdf(results_of(competition)).startswith(b"%PDF-")


# Guardians of young authors


@pytest.fixture
def bond():
    return make.GuardianshipFactory(child__email="child@example.org", guardian__contact_email="guardian@example.org")


def test_guardians_read_the_results_of_a_child_without_a_link_that_they_cannot_open(competition, entries, bond, cast):
    make.AuthorshipFactory(entry=entries[0], person=bond.child, is_lead=False)
    actions.propose_places(competition, by=cast.coordinator)
    actions.conclude_competition(competition, by=cast.coordinator)
    mails = {it.to_id: it.body_text for it in OutboxMail.objects.filter(template="competitions/results")}
    link = f"/entries/{entries[0].public_id}/feedback/"
    assert f"{entries[0].title} ({bond.child.given_name}): First place" in mails[bond.guardian.pk]
    assert [link in mails[bond.guardian.pk], link in mails[bond.child.pk]] == [False, True]


def test_guardians_read_why_an_entry_of_a_child_is_out(competition, bond, cast):
    entry = make.EntryFactory(competition=competition, state=State.SUBMITTED)
    make.AuthorshipFactory(entry=entry, person=bond.child)
    actions.disqualify_entry(entry, by=cast.coordinator, reason="It was published before.")
    mails = {it.to_id: it.body_text for it in OutboxMail.objects.filter(template="competitions/disqualified")}
    about = f"This is about a lesson plan by {bond.child.given_name}."
    assert {to: about in text for to, text in mails.items()} == {bond.guardian.pk: True, bond.child.pk: False}


def test_a_receipt_goes_to_the_guardians_of_a_child_too_without_a_link_that_they_cannot_open(bond):
    it = make.AuthorshipFactory(person=bond.child, entry__submitted_at=now(), entry__state="submitted").entry
    queue_receipts(it, now())
    mails = {mail.to_id: mail.body_text for mail in OutboxMail.objects.filter(template="competitions/receipt")}
    assert {to: it.get_absolute_url() in text for to, text in mails.items()} == {
        bond.guardian.pk: False, bond.child.pk: True,
    }  # fmt: skip


# The jury is whoever judged


def test_who_left_after_giving_stands_in_the_protocol_and_is_thanked_and_who_read_nothing_does_not(
    competition, entries, cast
):
    gone, *others = competition.jurors.order_by("pk")
    idle = make.JurorFactory(competition=competition)
    actions.end_juror(gone, by=gone.person)
    assert set(who_judged(competition)) == {gone.person, *(it.person for it in others)}
    actions.propose_places(competition, by=cast.coordinator)
    actions.conclude_competition(competition, by=cast.coordinator)
    thanked = set(OutboxMail.objects.filter(template="competitions/jury_thanked").values_list("to", flat=True))
    assert (gone.person_id in thanked, idle.person_id in thanked) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_a_review_that_is_given_while_the_results_are_published_counts_or_is_refused(
    competition, entries, cast, together
):
    late = make.JurorFactory(competition=competition)
    review = make.ReviewFactory(juror=late, entry=entries[0])
    Score.objects.create(review=review, criterion=competition.criteria.get(), value=0)
    actions.propose_places(competition, by=cast.coordinator)
    together(
        lambda: actions.conclude_competition(Competition.objects.get(), by=cast.coordinator),
        lambda: actions.complete_review(Review.objects.get(pk=review.pk), by=late.person),
    )
    given = Review.objects.completed().filter(entry=entries[0]).count()
    assert Result.objects.get(entry=entries[0]).reviews == given


def test_reviews_that_count_in_spite_of_a_conflict_are_said_before_the_results_are_out(competition, entries, cast):
    juror = competition.jurors.first()
    tie_together([juror.person, entries[0].authorships.get().person], Tie.Kind.MENTOR, about=entries[0])
    for name in ("desk_results", "desk_publish"):
        page = at(cast.coordinator).get(reverse(f"competitions:{name}", args=[competition.slug]))
        assert "1 review counts in spite of a conflict of interest" in page.content.decode()


def test_places_are_tied_within_their_nomination():
    competition = make.CompetitionFactory(opens_at=now() - timedelta(days=60))
    criterion = make.CriterionFactory(competition=competition)
    jurors = [make.JurorFactory(competition=competition) for _number in range(2)]
    for title in ("Schools", "Kindergartens"):
        nomination = make.NominationFactory(competition=competition, title=title)
        for number in range(15):
            entry = make.EntryFactory(competition=competition, state=State.ADMITTED, nomination=nomination)
            for juror in jurors:
                review = make.ReviewFactory(entry=entry, juror=juror, state=Review.State.COMPLETED)
                Score.objects.create(review=review, criterion=criterion, value=number % 3)
    tied = results_of(competition).tied
    assert {title for title, _first, _last in tied} == {"Schools", "Kindergartens"}
    assert max(last for _title, _first, last in tied) <= 15
