"""The jury: asked, accepted, declared conflicts, left; and what it is written."""

from datetime import timedelta

import pytest
import time_machine

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, available_moves
from cluster_portal.reminders import queue_due_reminders
from competitions import actions
from competitions.conflicts import reviews_in_conflict
from competitions.models import DeclaredConflict, Juror, Review, Score
from members.models import Person, Tie
from members.ties import tie_together
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def competition():
    it = make.CompetitionFactory(jurors_per_entry=1)
    make.CriterionFactory(competition=it)
    return it


@pytest.fixture
def juror(competition):
    return make.JurorFactory(competition=competition)


def admitted(competition, **author):
    entry = make.EntryFactory(competition=competition, state="admitted")
    make.AuthorshipFactory(entry=entry, **author)
    return entry


def assigned(juror, entry, **facts):
    return make.ReviewFactory(juror=juror, entry=entry, **facts)


def templates_to(person):
    return list(OutboxMail.objects.filter(to=person).order_by("pk").values_list("template", flat=True))


def test_somebody_known_is_asked_by_mail(cast, competition):
    juror = actions.invite_juror(competition, cast.colleague.email.upper(), by=cast.coordinator)
    assert (juror.person, juror.state) == (cast.colleague, "invited")
    assert templates_to(cast.colleague) == ["competitions/juror_asked"]


def test_somebody_new_is_asked_by_mail_and_claims_their_person_by_it(cast, competition):
    juror = actions.invite_juror(competition, "new@example.org", by=cast.coordinator, family_name="New")
    mail = OutboxMail.objects.get(to=juror.person)
    assert juror.person.family_name == "New"
    assert "⟦claim⟧" in mail.body_text


@pytest.mark.parametrize("state", ["invited", "active"])
def test_nobody_is_asked_twice(cast, competition, state):
    make.JurorFactory(competition=competition, person=cast.colleague, state=state)
    with pytest.raises(Refused, match="in the jury already"):
        actions.invite_juror(competition, cast.colleague.email, by=cast.coordinator)


@pytest.mark.parametrize("state", ["invited", "confirmed"])
def test_an_author_is_not_asked(cast, competition, state):
    entry = make.EntryFactory(competition=competition)
    make.AuthorshipFactory(entry=entry, person=cast.teacher, state=state, is_lead=False)
    with pytest.raises(Refused, match="Whoever is an author"):
        actions.invite_juror(competition, cast.teacher.email, by=cast.coordinator)


def test_the_last_coordinator_is_not_made_blind(cast, competition):
    with pytest.raises(Refused, match="nobody else could keep"):
        actions.invite_juror(competition, cast.coordinator.email, by=cast.coordinator)
    make.CoordinatorFactory()
    assert actions.invite_juror(competition, cast.coordinator.email, by=cast.coordinator).state == "invited"


def test_accepting_says_how_many_and_what_one_knows(competition):
    nomination = make.NominationFactory(competition=competition)
    juror = make.JurorFactory(competition=competition, state="invited")
    actions.accept_juror(juror, by=juror.person, capacity=7, nominations=[nomination])
    juror.refresh_from_db()
    assert (juror.state, juror.capacity, list(juror.nominations.all())) == ("active", 7, [nomination])


def test_whoever_became_an_author_meanwhile_does_not_accept(competition):
    juror = make.JurorFactory(competition=competition, state="invited")
    admitted(competition, person=juror.person)
    with pytest.raises(Refused, match="Whoever is an author"):
        actions.accept_juror(juror, by=juror.person, capacity=7)


@pytest.mark.parametrize("state", ["concluded", "cancelled"])
def test_a_competition_that_is_over_takes_no_jurors(cast, state):
    with pytest.raises(Refused, match="over"):
        actions.invite_juror(make.CompetitionFactory(state=state), "a@example.org", by=cast.coordinator)


def test_who_leaves_gives_back_what_is_not_read_and_is_told_when_taken_out(cast, juror):
    open_one, given = admitted(juror.competition), admitted(juror.competition)
    assigned(juror, open_one)
    assigned(juror, given, state="completed")
    actions.end_juror(juror, by=cast.coordinator)
    assert sorted(juror.reviews.values_list("state", flat=True)) == ["completed", "withdrawn"]
    assert templates_to(juror.person) == ["competitions/juror_out"]


def test_what_was_declared_is_held_against_the_reading_at_night_and_not_before(juror):
    theirs = make.AffiliationFactory()
    hit, named, other = (admitted(juror.competition, **facts) for facts in ({"person": theirs.person}, {}, {}))
    for entry in (hit, named):
        assigned(juror, entry)
    kept = assigned(juror, other)
    author = Person.objects.get(authorships__entry=named)
    actions.declare_conflict(juror, by=juror.person, institution=theirs.institution)
    actions.declare_conflict(juror, by=juror.person, email=author.email.upper())
    assert juror.reviews.assigned().count() == 3
    actions.recheck_all()
    assert list(juror.reviews.assigned()) == [kept]


def test_declaring_says_the_same_of_everybody_and_twice_is_once(juror):
    author = Person.objects.get(authorships__entry=admitted(juror.competition))
    for email in (author.email, "nobody@example.org", author.email, "nobody@example.org"):
        assert actions.declare_conflict(juror, by=juror.person, email=email) is None
    assert list(juror.conflicts.order_by("pk").values_list("person", flat=True)) == [author.pk, None]
    kept = [it.address for it in juror.conflicts.all()]
    assert [len(it) for it in kept] == [64, 64]
    assert author.email not in kept


def test_whoever_comes_later_by_a_declared_address_is_recognised_at_night(juror):
    actions.declare_conflict(juror, by=juror.person, email="Late@Example.org")
    entry = admitted(juror.competition, person=make.PersonFactory(email="late@example.org"))
    assigned(juror, entry)
    actions.recheck_all()
    assert list(juror.reviews.assigned()) == []
    assert juror.conflicts.get().person == entry.authorships.get().person


def test_giving_a_review_tells_nothing_of_what_was_declared_today(juror):
    entry = admitted(juror.competition)
    review = assigned(juror, entry)
    Score.objects.create(review=review, criterion=juror.competition.criteria.get(), value=3)
    author = Person.objects.get(authorships__entry=entry)
    actions.declare_conflict(juror, by=juror.person, email=author.email)
    actions.complete_review(review, by=juror.person)
    assert list(reviews_in_conflict([review]).values()) == [["has declared a conflict of interest"]]


def test_a_mistaken_declaration_is_taken_back_until_it_was_checked(juror):
    for email in ("nobody@example.org", make.PersonFactory().email):
        actions.declare_conflict(juror, by=juror.person, email=email)
    kept, mistaken = juror.conflicts.order_by("pk")
    actions.take_back_conflict(juror, by=juror.person, declared=mistaken)
    actions.recheck_all()
    with pytest.raises(Refused, match="was checked against it already"):
        actions.take_back_conflict(juror, by=juror.person, declared=kept)
    assert list(DeclaredConflict.objects.all()) == [kept]


def test_what_another_bond_brings_up_early_is_checked_too(juror):
    entry = admitted(juror.competition)
    assigned(juror, entry)
    author = Person.objects.get(authorships__entry=entry)
    actions.declare_conflict(juror, by=juror.person, email=author.email)
    tie_together([juror.person, make.PersonFactory()], Tie.Kind.CO_AUTHOR, about=entry)
    assert juror.conflicts.exclude(checked_at=None).count() == 1
    with pytest.raises(Refused, match="was checked"):
        actions.take_back_conflict(juror, by=juror.person, declared=juror.conflicts.get())


def test_a_new_tie_takes_the_assignment_back_in_the_same_transaction(juror):
    entry = admitted(juror.competition)
    review = assigned(juror, entry)
    author = Person.objects.get(authorships__entry=entry)
    tie_together([juror.person, author], Tie.Kind.MENTOR, about=entry)
    review.refresh_from_db()
    assert review.state == "withdrawn"
    assert templates_to(author) == []


def test_a_new_colleague_takes_the_assignment_back_but_what_is_given_stays(cast, juror):
    entry, other = admitted(juror.competition), admitted(juror.competition)
    for it in (entry, other):
        make.AffiliationFactory(person=it.authorships.get().person, institution=cast.school)
    review, given = assigned(juror, entry), assigned(juror, other, state="completed")
    asked = make.AffiliationFactory(person=juror.person, institution=cast.school, state="asked")
    from members import actions as members

    members.admit_affiliation(asked, by=cast.contact)
    assert [Review.objects.get(pk=it.pk).state for it in (review, given)] == ["withdrawn", "completed"]


def test_at_night_everything_is_looked_at_again(cast, juror):
    entry, withdrawn = admitted(juror.competition), admitted(juror.competition)
    review, gone = assigned(juror, entry), assigned(juror, withdrawn)
    type(withdrawn).objects.filter(pk=withdrawn.pk).update(state="submitted")
    author = Person.objects.get(authorships__entry=entry)
    there = make.AffiliationFactory(person=author).institution
    make.AffiliationFactory(person=juror.person, institution=there)
    assert actions.recheck_all() == 2
    assert actions.recheck_all() == 0
    assert {Review.objects.get(pk=it.pk).state for it in (review, gone)} == {"withdrawn"}


@pytest.mark.django_db(transaction=True)
def test_two_who_remind_at_once_send_one_mail(cast, juror, together):
    assigned(juror, admitted(juror.competition))
    remind = [lambda: actions.remind_juror(Juror.objects.get(pk=juror.pk), by=cast.coordinator)] * 2
    assert sorted(together(*remind)) == ["done", "refused"]
    assert templates_to(juror.person) == ["competitions/reviews_waiting"]


def test_a_juror_is_reminded_by_hand_once_a_day(cast, juror):
    with pytest.raises(Refused, match="nothing left"):
        actions.remind_juror(juror, by=cast.coordinator)
    assigned(juror, admitted(juror.competition))
    actions.remind_juror(juror, by=cast.coordinator)
    with pytest.raises(Refused, match="less than a day"):
        actions.remind_juror(juror, by=cast.coordinator)
    assert templates_to(juror.person) == ["competitions/reviews_waiting"]


def test_jurors_with_something_to_read_are_reminded_seven_and_two_days_before(competition):
    busy, idle = make.JurorFactory(competition=competition), make.JurorFactory(competition=competition)
    assigned(busy, admitted(competition))
    for days in (7, 2):
        with time_machine.travel(competition.judged_until - timedelta(days=days), tick=False):
            queue_due_reminders()
    due = OutboxMail.objects.filter(template="competitions/reviews_due")
    assert [it.to for it in due] == [busy.person, busy.person]
    assert idle.person not in {it.to for it in due}


def test_an_invitation_is_asked_about_once_more(competition):
    juror = make.JurorFactory(competition=competition, state="invited")
    with time_machine.travel(juror.invited_at + timedelta(days=5), tick=False):
        queue_due_reminders()
        queue_due_reminders()
    assert templates_to(juror.person) == ["competitions/juror_waits"]


ALLOWED = {
    ("juror", "invited"): {"accept", "decline", "end"},
    ("juror", "active"): {"end"},
    ("coordinator", "invited"): {"end"},
    ("coordinator", "active"): {"end"},
}


@pytest.mark.parametrize("state", Juror.State)
@pytest.mark.parametrize("role", ["juror", "coordinator", "contact", "outsider"])
def test_moves_of_a_juror_by_role_and_state(cast, competition, role, state):
    juror = make.JurorFactory(competition=competition, state=state)
    person = juror.person if role == "juror" else getattr(cast, role)
    assert set(available_moves(person, juror)) == ALLOWED.get((role, state), set())


def test_a_coordinator_who_judges_keeps_no_jury(cast, competition):
    make.JurorFactory(competition=competition, person=cast.coordinator)
    assert available_moves(cast.coordinator, make.JurorFactory(competition=competition)) == {}
