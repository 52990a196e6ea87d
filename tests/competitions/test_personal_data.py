"""Whoever is erased or merged: what becomes of their entries, juries, plans in the library, of what they said."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from competitions import actions
from competitions.models import Authorship, Competition, DeclaredConflict, Entry, Juror, Plan, Review, Thanks
from competitions.personal_data import export, merge
from competitions.retention import CONFLICT_DAYS, JURY_DAYS, LEFT_DAYS
from members.actions import erase_person
from members.retention import run_retention
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper():
    return make.CoordinatorFactory().person


def plan_by(person) -> Plan:
    competition = make.CompetitionFactory(state=Competition.State.CONCLUDED)
    entry = make.EntryFactory(competition=competition, state="admitted", place="first")
    it = make.AuthorshipFactory(entry=entry, person=person)
    actions.decide_publishing(it, by=person, yes=True)
    return entry.plan


def test_whoever_is_erased_leaves_draft_jury_and_library(keeper):
    person = make.PersonFactory()
    plan, draft = plan_by(person), make.AuthorshipFactory(person=person).entry
    juror = make.JurorFactory(person=person)
    review = make.ReviewFactory(juror=juror, for_jury="Between us.")
    erase_person(person, by=keeper, reason="asked")
    for it in (plan, draft, juror, review):
        it.refresh_from_db()
    assert (plan.state, draft.state, juror.state) == ("withdrawn", "withdrawn", "ended")
    assert (review.state, review.for_jury) == ("withdrawn", "")


def test_a_co_author_leads_on_when_the_lead_is_erased(keeper):
    lead = make.AuthorshipFactory()
    other = make.AuthorshipFactory(entry=lead.entry, is_lead=False)
    erase_person(lead.person, by=keeper, reason="asked")
    other.refresh_from_db()
    assert (other.is_lead, Entry.objects.get(pk=lead.entry_id).state) == (True, "draft")


def test_of_two_authorships_in_one_entry_the_confirmed_one_stays():
    kept, gone = make.PersonFactory(), make.PersonFactory()
    asked = make.AuthorshipFactory(person=kept, state="invited", is_lead=False)
    sure = make.AuthorshipFactory(person=gone, entry=asked.entry)
    merge(kept, gone)
    assert [(it.pk, it.is_lead) for it in Authorship.objects.standing().filter(person=kept)] == [(sure.pk, True)]
    assert not Authorship.objects.filter(person=gone).exists()


def test_a_no_to_publishing_stays_a_no_when_two_become_one():
    kept, gone = make.PersonFactory(), make.PersonFactory()
    one = make.AuthorshipFactory(person=kept, may_be_published=True, decided_at=now())
    make.AuthorshipFactory(person=gone, entry=one.entry, is_lead=False, may_be_published=False, decided_at=now())
    merge(kept, gone)
    [stays] = Authorship.objects.standing().filter(person=kept)
    assert stays.may_be_published is False


def test_two_seats_in_one_jury_become_one_with_what_each_read():
    kept, gone = make.PersonFactory(), make.PersonFactory()
    one = make.JurorFactory(person=kept)
    other = make.JurorFactory(person=gone, competition=one.competition)
    both, only = (make.EntryFactory(competition=one.competition, state="admitted") for _number in range(2))
    make.ReviewFactory(juror=one, entry=both)
    make.ReviewFactory(juror=other, entry=both)
    make.ReviewFactory(juror=other, entry=only)
    DeclaredConflict.objects.create(juror=other, entry=only)
    merge(kept, gone)
    [juror] = Juror.objects.bound().filter(person=kept)
    assert sorted(Review.objects.standing().filter(juror=juror).values_list("entry", flat=True)) == [both.pk, only.pk]
    assert DeclaredConflict.objects.get().juror == juror


def test_a_review_that_was_given_is_not_lost_for_one_that_is_still_to_be_read():
    kept, gone = make.PersonFactory(), make.PersonFactory()
    one = make.JurorFactory(person=kept)
    other = make.JurorFactory(person=gone, competition=one.competition)
    entry = make.EntryFactory(competition=one.competition, state="admitted")
    make.ReviewFactory(juror=one, entry=entry)
    given = make.ReviewFactory(juror=other, entry=entry, state="completed")
    merge(kept, gone)
    given.refresh_from_db()
    assert (given.state, given.juror.person) == ("completed", kept)


def test_a_copy_does_not_tell_an_author_who_of_the_jury_knows_them():
    declared = DeclaredConflict.objects.create(juror=make.JurorFactory(), person=make.PersonFactory())
    copies = [dict(export(person)) for person in (declared.person, declared.juror.person)]
    assert [len(copy.get("The conflicts of interest that you declared", [])) for copy in copies] == [0, 1]


def test_what_a_juror_declared_goes_with_whom_it_was_about(keeper):
    declared = DeclaredConflict.objects.create(juror=make.JurorFactory(), person=make.PersonFactory())
    erase_person(declared.person, by=keeper, reason="asked")
    assert not DeclaredConflict.objects.exists()


def test_a_draft_whose_competition_is_over_is_emptied_too(keeper):
    over = make.CompetitionFactory(state=Competition.State.CONCLUDED)
    draft = make.AuthorshipFactory(entry__competition=over, entry__abstract="Of mine.").entry
    erase_person(draft.authorships.get().person, by=keeper, reason="asked")
    draft.refresh_from_db()
    assert (draft.title, draft.abstract) == ("", "")


def test_who_is_asked_to_be_an_author_is_told_when_the_entry_goes(keeper):
    lead = make.AuthorshipFactory()
    asked = make.AuthorshipFactory(entry=lead.entry, is_lead=False, state="invited")
    erase_person(lead.person, by=keeper, reason="asked")
    asked.refresh_from_db()
    entry = Entry.objects.get(pk=lead.entry_id)
    assert (asked.state, entry.state, entry.title) == ("ended", "withdrawn", "")
    assert list(OutboxMail.objects.filter(template="competitions/withdrawn").values_list("to", flat=True)) == [
        asked.person_id
    ]


def test_thanks_of_both_count_once():
    kept, gone = make.PersonFactory(), make.PersonFactory()
    plan = plan_by(make.PersonFactory())
    for person in (kept, gone):
        actions.thank_authors(plan, by=person)
    merge(kept, gone)
    assert list(Thanks.objects.values_list("person", flat=True)) == [kept.pk]


def test_what_nobody_needs_any_more_goes_after_its_time():
    past = now() - timedelta(days=max(LEFT_DAYS, CONFLICT_DAYS, JURY_DAYS) + 1)
    competition = make.CompetitionFactory(state="concluded", state_since=past)
    left = make.EntryFactory(competition=competition, state="withdrawn")
    left.steps.create(position=1, title="Begin")
    juror = make.JurorFactory(competition=competition)
    judged = make.EntryFactory(competition=competition, state="admitted", place="first")
    review = make.ReviewFactory(juror=juror, entry=judged, state="completed", for_jury="A", for_author="B")
    DeclaredConflict.objects.create(juror=juror, entry=judged)
    done = run_retention()
    assert {name: done[name] for name in ("left_entries", "declared_conflicts", "jury_comments")} == {
        "left_entries": 1, "declared_conflicts": 1, "jury_comments": 1,
    }  # fmt: skip
    review.refresh_from_db()
    left.refresh_from_db()
    assert (review.for_jury, review.for_author, left.abstract, left.steps.count()) == ("", "B", "", 0)
    again = run_retention()
    assert {again[name] for name in ("left_entries", "declared_conflicts", "jury_comments")} == {0}


def test_a_copy_holds_what_somebody_wrote():
    person = make.PersonFactory()
    entry = make.AuthorshipFactory(person=person).entry
    said = dict(hooks.personal_data["competitions"].export(person))
    assert [it["title"] for it in said["The lesson plans that you entered"]] == [entry.title]
