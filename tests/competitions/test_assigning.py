"""Who reads what: assigned as proposed, by hand, as a second opinion; never against a conflict."""

import pytest

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, available_moves
from competitions import actions
from competitions.conflicts import conflicts_between
from competitions.models import DeclaredConflict, Juror, Review
from members.models import Cluster, Tie
from members.ties import tie_together
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def competition():
    return make.CompetitionFactory(jurors_per_entry=2)


def admitted(competition, **facts):
    entry = make.EntryFactory(competition=competition, state="admitted", **facts)
    author = make.AuthorshipFactory(entry=entry, person=make.AffiliationFactory().person)
    author.affiliation = author.person.affiliations.get()
    author.save()
    return entry


def juror_of(competition, **facts):
    return make.JurorFactory(competition=competition, **facts)


def why(juror, entry):
    return [str(it) for it in conflicts_between([juror], [entry]).get((juror.pk, entry.pk), [])]


def test_strangers_are_free_to_judge(competition):
    assert why(juror_of(competition), admitted(competition)) == []


def test_colleagues_now_and_within_three_years_are_not(competition):
    entry, today = admitted(competition), Cluster.current().today()
    school = entry.authorships.get().affiliation.institution
    people = {
        "now": make.AffiliationFactory(institution=school, role="head").person,
        "lately": make.AffiliationFactory(
            institution=school, state="ended", ends_on=today.replace(year=today.year - 2)
        ).person,
        "long ago": make.AffiliationFactory(
            institution=school, state="ended", starts_on="2001-01-01", ends_on=today.replace(year=today.year - 4)
        ).person,
        "asks": make.AffiliationFactory(institution=school, state="asked").person,
    }
    found = {name for name, it in people.items() if why(juror_of(competition, person=it), entry)}
    assert found == {"now", "lately"}


def test_an_institution_that_the_author_left_lately_counts_too(competition):
    entry, today = admitted(competition), Cluster.current().today()
    left = make.AffiliationFactory(person=entry.authorships.get().person, state="ended", ends_on=today)
    juror = juror_of(competition, person=make.AffiliationFactory(institution=left.institution).person)
    assert why(juror, entry) == ["belongs to the institution of an author, or did within three years"]


@pytest.mark.parametrize("kind", Tie.Kind)
def test_every_tie_is_a_conflict(competition, kind):
    entry, juror = admitted(competition), juror_of(competition)
    tie_together([juror.person, entry.authorships.get().person], kind, about=entry)
    assert len(why(juror, entry)) == 1


def test_a_guardian_does_not_judge_the_child_even_when_it_has_ended(competition):
    entry = admitted(competition)
    guardianship = make.GuardianshipFactory(child=entry.authorships.get().person, ended_at="2026-01-01T00:00Z")
    juror = juror_of(competition, person=guardianship.guardian)
    assert why(juror, entry) == ["is a relative or guardian of an author"]


def test_whoever_competes_judges_no_rival(competition):
    entry, rival = admitted(competition), admitted(competition)
    juror = juror_of(competition, person=rival.authorships.get().person)
    assert why(juror, entry) == ["takes part in this competition as an author"]


@pytest.mark.parametrize("about", ["entry", "person", "institution"])
def test_what_was_declared_is_a_conflict(competition, about):
    entry, other, juror = admitted(competition), admitted(competition), juror_of(competition)
    author = entry.authorships.get()
    facts = {"entry": entry, "person": author.person, "institution": author.affiliation.institution}
    DeclaredConflict.objects.create(juror=juror, **{about: facts[about]})
    assert why(juror, entry) == ["has declared a conflict of interest"]
    assert why(juror, other) == []


def test_whoever_is_asked_to_be_an_author_counts_as_one(competition):
    entry, juror = admitted(competition), juror_of(competition)
    asked = make.AuthorshipFactory(entry=entry, state="invited", is_lead=False)
    tie_together([juror.person, asked.person], Tie.Kind.MENTOR, about=entry)
    assert why(juror, entry) == ["is or was mentor or mentee of an author"]


@pytest.mark.parametrize("state", ["declined", "ended"])
def test_who_was_asked_to_be_an_author_has_read_the_entry_under_its_names(competition, state):
    entry, other, juror = admitted(competition), admitted(competition), juror_of(competition)
    make.AuthorshipFactory(entry=entry, person=juror.person, state=state, is_lead=False)
    assert why(juror, entry) == ["was asked to be an author of it, or was one, and so knows whose it is"]
    assert why(juror, other) == []


def test_the_queries_do_not_grow(competition, django_assert_num_queries):
    for count in (1, 3):
        jurors = [juror_of(competition) for _number in range(count)]
        entries = [admitted(competition) for _number in range(count)]
        with django_assert_num_queries(8):
            conflicts_between(jurors, entries)


def test_all_is_assigned_as_it_was_proposed(cast, competition):
    entries = [admitted(competition) for _number in range(3)]
    jurors = [juror_of(competition) for _number in range(3)]
    tie_together([jurors[0].person, entries[0].authorships.get().person], Tie.Kind.MENTOR, about=entries[0])
    proposal = actions.proposal_for(competition)
    assert Review.objects.count() == 0
    assert actions.assign_jury(competition, by=cast.coordinator, digest=proposal.digest) == 6
    assert sorted(juror.reviews.count() for juror in jurors) == [2, 2, 2]
    assert not Review.objects.filter(juror=jurors[0], entry=entries[0]).exists()
    assert OutboxMail.objects.filter(template="competitions/reviews_assigned").count() == 3
    given = Review.objects.get(juror=jurors[1], entry=entries[0])
    assert given.why.endswith("1 of 3 jurors has a conflict of interest.")
    assert actions.proposal_for(competition).plan.choices == ()


def test_what_changed_since_it_was_looked_at_is_looked_at_again(cast, competition):
    admitted(competition)
    juror_of(competition)
    digest = actions.proposal_for(competition).digest
    juror_of(competition)
    with pytest.raises(Refused, match="have changed since"):
        actions.assign_jury(competition, by=cast.coordinator, digest=digest)
    assert OutboxMail.objects.count() == 0


def test_nothing_to_assign_says_so(cast, competition):
    with pytest.raises(Refused, match="nothing to assign"):
        actions.assign_jury(competition, by=cast.coordinator, digest=actions.proposal_for(competition).digest)


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_assign_once(cast, competition, together):
    admitted(competition)
    juror_of(competition)
    digest = actions.proposal_for(competition).digest
    press = [lambda: actions.assign_jury(competition, by=cast.coordinator, digest=digest)] * 2
    assert sorted(together(*press)) == ["done", "refused"]
    assert Review.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_assigning_while_a_tie_arises_never_leaves_a_conflict(cast, competition, together):
    entry, juror = admitted(competition), juror_of(competition)
    digest = actions.proposal_for(competition).digest
    author = entry.authorships.get().person
    together(
        lambda: actions.assign_jury(competition, by=cast.coordinator, digest=digest),
        lambda: tie_together([juror.person, author], Tie.Kind.MENTOR, about=entry),
    )
    actions.recheck_all()
    assert not Review.objects.standing().filter(juror=juror, entry=entry).exists()


def test_by_hand_refuses_conflicts_full_jurors_and_doubles(cast, competition):
    entry, other = admitted(competition), admitted(competition)
    full, tied, left = (juror_of(competition, capacity=1) for _number in range(3))
    tie_together([tied.person, entry.authorships.get().person], Tie.Kind.RELATIVE, about=entry)
    Juror.objects.filter(pk=left.pk).update(state="ended")
    actions.assign_by_hand(other, by=cast.coordinator, juror=full)
    for juror, said in ((full, "as many entries as they can"), (tied, "conflict of interest"), (left, "has left")):
        with pytest.raises(Refused, match=said):
            actions.assign_by_hand(entry, by=cast.coordinator, juror=juror)
    with pytest.raises(Refused, match="reads the entry already"):
        actions.assign_by_hand(other, by=cast.coordinator, juror=full)


def test_only_admitted_entries_are_assigned_while_the_competition_lives(cast, competition):
    entry, juror = admitted(competition), juror_of(competition)
    handed_in = make.EntryFactory(competition=competition, state="submitted")
    with pytest.raises(Refused, match="that are admitted"):
        actions.assign_by_hand(handed_in, by=cast.coordinator, juror=juror)
    type(competition).objects.filter(pk=competition.pk).update(state="concluded")
    with pytest.raises(Refused, match="results are not out"):
        actions.assign_by_hand(entry, by=cast.coordinator, juror=juror)


def test_a_second_opinion_goes_to_whoever_reads_least_and_may(cast, competition):
    entry, other = admitted(competition), admitted(competition)
    reading, busy, idle, tied = (juror_of(competition) for _number in range(4))
    make.ReviewFactory(juror=reading, entry=entry, state="completed")
    make.ReviewFactory(juror=busy, entry=other)
    tie_together([tied.person, entry.authorships.get().person], Tie.Kind.RELATIVE, about=entry)
    review = actions.ask_second_opinion(entry, by=cast.coordinator)
    assert (review.juror, review.is_second_opinion, review.state) == (idle, True, "assigned")


def test_without_anybody_left_there_is_no_second_opinion(cast, competition):
    entry = admitted(competition)
    make.ReviewFactory(juror=juror_of(competition), entry=entry)
    with pytest.raises(Refused, match="No juror is left"):
        actions.ask_second_opinion(entry, by=cast.coordinator)


def test_what_is_taken_back_goes_to_somebody_else(cast, competition):
    competition.jurors_per_entry = 1
    competition.save()
    entry, first, second = admitted(competition), juror_of(competition), juror_of(competition, capacity=1)
    review = make.ReviewFactory(juror=first, entry=entry)
    actions.withdraw_review(review, by=cast.coordinator)
    assert [it.juror for it in actions.proposal_for(competition).plan.choices] == [second.public_id]


ALLOWED = {
    ("juror", "assigned"): {"complete", "withdraw"},
    ("juror", "completed"): {"reopen", "withdraw"},
    ("coordinator", "assigned"): {"withdraw"},
    ("coordinator", "completed"): {"withdraw"},
}


@pytest.mark.parametrize("state", Review.State)
@pytest.mark.parametrize("role", ["juror", "coordinator", "contact", "outsider"])
def test_moves_of_a_review_by_role_and_state(cast, role, state):
    review = make.ReviewFactory(state=state)
    person = review.juror.person if role == "juror" else getattr(cast, role)
    assert set(available_moves(person, review)) == ALLOWED.get((role, state), set())
