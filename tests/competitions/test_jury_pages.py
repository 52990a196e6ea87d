"""The pages of the jury: the desk's, and the juror's own."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from competitions import actions
from competitions.desk_rows import jury
from competitions.models import Juror, Review
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture
def competition():
    it = make.CompetitionFactory(jurors_per_entry=1)
    make.CriterionFactory(competition=it)
    make.NominationFactory(competition=it)
    return it


def filled(competition, count):
    for _number in range(count):
        author = make.AuthorshipFactory(entry__competition=competition, entry__state="admitted")
        make.AffiliationFactory(person=author.person)
        make.ReviewFactory(juror=make.JurorFactory(competition=competition), entry=author.entry)


def desk(name, competition, *rest):
    return reverse(f"competitions:{name}", args=[competition.slug, *rest])


def said(client, page):
    answer = client.get(page)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_desk_shows_who_is_how_far_and_whom_one_can_remind(cast, client, competition):
    filled(competition, 2)
    client.force_login(cast.coordinator)
    text = said(client, desk("desk_jury", competition))
    assert text.count("0 of 1") == 2
    juror = Juror.objects.first()
    client.post(desk("desk_act_on_juror", competition, juror.public_id), {"move": "remind"})
    assert juror.person.mails.get().template == "competitions/reviews_waiting"
    client.post(desk("desk_act_on_juror", competition, juror.public_id), {"move": "end"})
    juror.refresh_from_db()
    assert juror.state == "ended"


@pytest.mark.parametrize("name", ["desk_jury", "desk_assign_jury"])
def test_the_desk_asks_as_much_with_one_as_with_three(cast, client, competition, name):
    client.force_login(cast.coordinator)
    counts = []
    for more in (1, 2):
        filled(competition, more)
        client.get(desk(name, competition))  # what is read once stays
        with CaptureQueriesContext(connection) as asked:
            client.get(desk(name, competition))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_assigning_shows_first_and_then_does_just_that(cast, client, competition):
    make.AuthorshipFactory(entry__competition=competition, entry__state="admitted", entry__title="Robots")
    make.JurorFactory(competition=competition)
    client.force_login(cast.coordinator)
    page = desk("desk_assign_jury", competition)
    answer = client.get(page)
    assert "Robots" in answer.content.decode()
    assert Review.objects.count() == 0
    assert client.post(page, {"digest": "another"}).url == page
    assert client.post(page, {"digest": answer.context["proposal"].digest}).url == desk("desk_jury", competition)
    assert Review.objects.count() == 1


def test_what_cannot_be_assigned_says_why(cast, client, competition):
    make.AuthorshipFactory(entry__competition=competition, entry__state="admitted")
    client.force_login(cast.coordinator)
    assert "Lacks 1 juror." in said(client, desk("desk_assign_jury", competition))


def test_by_hand_one_sees_what_stands_against_each(cast, client, competition):
    author = make.AuthorshipFactory(entry__competition=competition, entry__state="admitted", person=cast.teacher)
    colleague = make.JurorFactory(competition=competition, person=cast.colleague)
    free = make.JurorFactory(competition=competition)
    client.force_login(cast.coordinator)
    page = desk("desk_jury_entry", competition, author.entry.public_id)
    assert "belongs to the institution of an author" in said(client, page)
    client.post(page, {"juror": colleague.public_id})
    assert Review.objects.count() == 0
    client.post(page, {"juror": free.public_id})
    review = Review.objects.get()
    client.post(desk("desk_act_on_jury_review", competition, review.public_id), {"move": "withdraw"})
    review.refresh_from_db()
    assert review.state == "withdrawn"
    assert client.post(page, {"juror": make.JurorFactory().public_id}).status_code == 404


def test_a_review_given_in_spite_of_a_conflict_is_flagged(cast, client, competition):
    author = make.AuthorshipFactory(entry__competition=competition, entry__state="admitted", person=cast.teacher)
    juror = make.JurorFactory(competition=competition, person=cast.colleague)
    make.ReviewFactory(juror=juror, entry=author.entry, state="completed")
    client.force_login(cast.coordinator)
    assert "decide whether they count" in said(client, desk("desk_jury", competition))


def test_inviting_by_the_page(cast, client, competition):
    client.force_login(cast.coordinator)
    page = desk("desk_invite_juror", competition)
    assert client.post(page, {"email": "not an address"}).status_code == 200
    client.post(page, {"email": "new@example.org", "family_name": "New"})
    assert competition.jurors.get().person.family_name == "New"
    assert "in the jury already" in client.post(page, {"email": "new@example.org"}).content.decode()


@pytest.mark.parametrize("person", ["contact", "teacher"])
def test_the_desk_is_for_coordinators(cast, client, competition, person):
    client.force_login(getattr(cast, person))
    assert client.get(desk("desk_jury", competition)).status_code == 403


def test_a_coordinator_of_another_region_finds_nothing(client, competition):
    client.force_login(make.CoordinatorFactory(region=make.RegionFactory()).person)
    assert client.get(desk("desk_jury", competition)).status_code == 404


def test_the_question_is_answered_on_ones_own_page(client, competition):
    juror = make.JurorFactory(competition=competition, state="invited")
    client.force_login(juror.person)
    assert juror.get_absolute_url() in said(client, reverse("competitions:juries"))
    page = juror.get_absolute_url()
    assert client.post(page, {"capacity": 0}).status_code == 200
    nomination = competition.nominations.get()
    client.post(page, {"capacity": 4, "nominations": [nomination.pk]})
    juror.refresh_from_db()
    assert (juror.state, juror.capacity) == ("active", 4)
    client.post(page, {"capacity": 2})
    juror.refresh_from_db()
    assert (juror.capacity, juror.nominations.count()) == (2, 0)


def test_saying_no(client, competition):
    juror = make.JurorFactory(competition=competition, state="invited")
    client.force_login(juror.person)
    client.post(reverse("competitions:act_on_juror", args=[juror.public_id]), {"move": "decline"})
    juror.refresh_from_db()
    assert juror.state == "declined"
    assert client.get(juror.get_absolute_url()).status_code == 404


def test_the_list_has_an_order_of_its_own_and_masked_titles(client, competition):
    juror = make.JurorFactory(competition=competition)
    for order, name in ((0.9, "Zzyzxova"), (0.1, "Bbaaxova")):
        author = make.AuthorshipFactory(entry__competition=competition, entry__state="admitted")
        type(author.person).objects.filter(pk=author.person_id).update(family_name=name)
        author.entry.title = f"{name} teaches {order}"
        author.entry.save()
        make.ReviewFactory(juror=juror, entry=author.entry, reading_order=order)
    client.force_login(juror.person)
    answer = client.get(juror.get_absolute_url())
    assert [it.title for it in answer.context["reviews"]] == ["[hidden] teaches 0.1", "[hidden] teaches 0.9"]


def test_the_list_asks_as_much_with_one_as_with_three(client, competition):
    juror, counts = make.JurorFactory(competition=competition), []
    client.force_login(juror.person)
    for more in (1, 2):
        for _number in range(more):
            author = make.AuthorshipFactory(entry__competition=competition, entry__state="admitted")
            make.AffiliationFactory(person=author.person)
            make.ReviewFactory(juror=juror, entry=author.entry)
        with CaptureQueriesContext(connection) as asked:
            client.get(juror.get_absolute_url())
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_conflicts_are_declared_and_taken_back_on_the_page(client, competition):
    juror = make.JurorFactory(competition=competition)
    client.force_login(juror.person)
    page, school = reverse("competitions:declare_conflict", args=[juror.public_id]), make.InstitutionFactory()
    client.post(page, {})
    assert juror.conflicts.count() == 0
    client.post(page, {"institution": school.pk})
    assert school.name in said(client, juror.get_absolute_url())
    client.post(page, {"take_back": juror.conflicts.get().pk})
    assert juror.conflicts.count() == 0


def test_the_page_answers_alike_whoever_is_declared(client, competition):
    juror = make.JurorFactory(competition=competition)
    rival = make.AuthorshipFactory(entry=make.EntryFactory(competition=competition, state="admitted"))
    make.ReviewFactory(juror=juror, entry=rival.entry)
    client.force_login(juror.person)
    page, answers = reverse("competitions:declare_conflict", args=[juror.public_id]), []
    for email in (rival.person.email, make.PersonFactory().email, "nobody@example.org"):
        answer = client.post(page, {"email": email}, follow=True)
        answers.append([str(it) for it in answer.context["messages"]])
        assert email not in answer.content.decode()
    assert answers == [["Noted. What you are to read is checked against it at night."]] * 3
    actions.recheck_all()
    text = said(client, juror.get_absolute_url())
    assert (text.count("A person"), 'name="take_back"' in text) == (3, False)
    answer = client.post(page, {"take_back": juror.conflicts.first().pk}, follow=True)
    assert "was checked against it already" in answer.content.decode()


def test_nobody_else_opens_ones_page(cast, client, competition):
    juror = make.JurorFactory(competition=competition)
    for person in (cast.coordinator, cast.teacher):
        client.force_login(person)
        assert client.get(juror.get_absolute_url()).status_code == 404
        assert client.post(reverse("competitions:declare_conflict", args=[juror.public_id]), {}).status_code == 404


@pytest.mark.parametrize("key", ["²", "9" * 5_000, "x", "0"])
def test_what_is_no_declaration_cannot_be_taken_back(client, competition, key):
    juror = make.JurorFactory(competition=competition)
    client.force_login(juror.person)
    page = reverse("competitions:declare_conflict", args=[juror.public_id])
    assert client.post(page, {"take_back": key}).status_code == 404


def test_in_no_jury_the_page_says_so(cast, client):
    client.force_login(cast.teacher)
    assert "You are in no jury" in said(client, reverse("competitions:juries"))


def desk_texts(person):
    return [(str(row.text), row.count) for row in jury(person)]


def test_the_desk_says_which_entries_lack_jurors_and_what_was_given_in_conflict(cast, competition):
    author = make.AuthorshipFactory(entry__competition=competition, entry__state="admitted", person=cast.teacher)
    assert desk_texts(cast.coordinator) == []  # it still takes entries
    type(competition).objects.update(opens_at=now() - timedelta(days=9), closes_at=now() - timedelta(days=1))
    assert desk_texts(cast.coordinator) == [("entry lacks jurors", 1)]
    juror = make.JurorFactory(competition=competition, person=cast.colleague)
    make.ReviewFactory(juror=juror, entry=author.entry, state="completed")
    assert desk_texts(cast.coordinator) == [("review was given in spite of a conflict of interest", 1)]
    assert desk_texts(cast.contact) == []
    make.JurorFactory(competition=competition, person=cast.coordinator)
    assert desk_texts(cast.coordinator) == []
