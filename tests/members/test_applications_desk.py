"""Applications at the desk: who sees them, how they are asked back, declined and accepted, also by two at once."""

import pytest
from django.test import Client
from django.urls import reverse

from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.desk_rows import waiting_applications
from members.models import Affiliation, Agreement, Application, Institution
from tests import factories as make
from tests.members.test_applications import link, mails, received

pytestmark = pytest.mark.django_db
State = Application.State


# Deciding


def test_accepting_enters_the_institution_prepares_the_addendum_and_invites_the_head(cast):
    it = received(website="https://school14.example.org", region=make.RegionFactory())
    actions.accept_application(it, cast.agreement, by=cast.coordinator)
    addendum, school = it.addendum, it.institution
    assert (school.name, school.kind, school.region, school.website) == (it.name, it.kind, it.region, it.website)
    assert (addendum.kind, addendum.state, addendum.amends) == ("addendum", "draft", cast.agreement)
    assert [party.institution for party in addendum.parties.all()] == [school]
    head = Affiliation.objects.get(institution=school)
    assert (head.person, head.role, head.state) == (it.applicant, "head", "invited")
    assert (mails("invitation"), mails("application_accepted")) == ([it.applicant], [])


def test_accepting_matches_an_institution_that_is_known(cast):
    known = make.InstitutionFactory(name="School 14")
    it = received()
    actions.accept_application(it, cast.agreement, by=cast.coordinator, institution=known)
    assert (it.institution, Institution.objects.filter(name="School 14").count()) == (known, 1)


def test_a_head_already_in_office_is_told_and_not_invited_again(cast):
    known = make.InstitutionFactory()
    it = received()
    make.AffiliationFactory(person=it.applicant, institution=known, role="head")
    actions.accept_application(it, cast.agreement, by=cast.coordinator, institution=known)
    assert (mails("invitation"), mails("application_accepted")) == ([], [it.applicant])


def test_a_member_is_not_accepted_again(cast):
    with pytest.raises(Refused, match="is a member already"):
        actions.accept_application(received(), cast.agreement, by=cast.coordinator, institution=cast.school)


def test_two_applications_of_one_school_make_one_addendum(cast):
    first, second = received(), received()
    actions.accept_application(first, cast.agreement, by=cast.coordinator)
    with pytest.raises(Refused, match="being prepared already"):
        actions.accept_application(second, cast.agreement, by=cast.coordinator, institution=first.institution)
    assert Agreement.objects.filter(kind="addendum").count() == 1


@pytest.mark.parametrize("facts", [{"kind": "memorandum"}, {"state": "terminated"}, {"state": "draft"}])
def test_only_a_network_agreement_in_force_takes_parties_in(cast, facts):
    with pytest.raises(Refused, match="Only a network agreement in force"):
        actions.accept_application(received(), make.AgreementFactory(**facts), by=cast.coordinator)


def test_an_applicant_who_was_suspended_cannot_be_invited(cast):
    it = received()
    actions.suspend_person(it.applicant, by=cast.coordinator)
    with pytest.raises(Refused, match="cannot be invited any more"):
        actions.accept_application(it, cast.agreement, by=cast.coordinator)
    assert Institution.objects.filter(name="School 14").count() == 0


def test_declining_says_why(cast):
    it = received()
    actions.decline_application(it, "All places are taken this year.", by=cast.coordinator)
    mail = OutboxMail.objects.get(template="members/application_declined")
    assert (mail.to, "All places are taken this year." in mail.body_text) == (it.applicant, True)
    assert "All places are taken this year." in Client().get(link(it)).text


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_decide_at_once(together, cast):
    it = received()
    colleague = make.CoordinatorFactory().person
    one, other = (Application.objects.get(pk=it.pk) for _ in range(2))
    outcome = together(
        lambda: actions.accept_application(one, cast.agreement, by=cast.coordinator),
        lambda: actions.accept_application(other, cast.agreement, by=colleague),
    )
    assert sorted(outcome) == ["done", "refused"]
    assert (Institution.objects.filter(name="School 14").count(), mails("invitation")) == (1, [it.applicant])


@pytest.mark.django_db(transaction=True)
def test_accepted_by_one_and_declined_by_another_at_once(together, cast):
    it = received()
    one, other = (Application.objects.get(pk=it.pk) for _ in range(2))
    outcome = together(
        lambda: actions.accept_application(one, cast.agreement, by=cast.coordinator),
        lambda: actions.decline_application(other, "No.", by=cast.coordinator),
    )
    it.refresh_from_db()
    assert sorted(outcome) == ["done", "refused"]
    assert it.notes.count() == (it.state == State.DECLINED)
    assert Agreement.objects.filter(kind="addendum").count() == (it.state == State.ACCEPTED)


# The desk


@pytest.fixture
def desk(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


def test_the_desk_has_a_row_while_something_waits(cast):
    assert list(waiting_applications(cast.coordinator)) == []
    it = received()
    (row,) = waiting_applications(cast.coordinator)
    assert (row.count, row.since, row.url) == (1, it.state_since, reverse("members:desk_applications"))
    assert [list(waiting_applications(person)) for person in (cast.contact, cast.teacher)] == [[], []]


@pytest.mark.parametrize("reader", ["contact", "teacher"])
def test_the_desk_of_applications_is_for_coordinators(cast, demo, reader):
    it, client = received(), Client()
    client.force_login(getattr(cast, reader))
    pages = ["/desk/applications/", f"/desk/applications/{it.public_id}/", f"/desk/applications/{it.public_id}/accept/"]
    assert [client.get(page).status_code for page in pages] == [403, 403, 403]


@pytest.mark.parametrize("region", [True, None], ids=["another region", "no region"])
def test_an_application_outside_of_ones_region_does_not_exist(demo, region):
    regional = make.CoordinatorFactory(region=make.RegionFactory()).person
    it, client = received(region=region and make.RegionFactory()), Client()
    client.force_login(regional)
    page = f"/desk/applications/{it.public_id}/"
    assert [client.get(page).status_code, client.post(f"{page}decline/", {"text": "No"}).status_code] == [404, 404]


def test_a_double_is_told_at_the_desk_and_not_to_the_public(desk):
    first, second = received(), received(name="SCHOOL 14")
    make.InstitutionFactory(name="school 14")
    assert desk.get("/desk/applications/").text.count("applied more than once") == 2
    page = desk.get(f"/desk/applications/{first.public_id}/").text
    assert ("applied more than once" in page, second.public_id in page, "knows an institution" in page) == (
        True, True, True,
    )  # fmt: skip
    assert "more than once" not in Client().get(link(first)).text


def test_the_list_costs_the_same_for_one_and_three(desk, django_assert_num_queries):
    received()
    desk.get("/desk/applications/")
    with django_assert_num_queries(5) as captured:
        desk.get("/desk/applications/")
    received(region=make.RegionFactory())
    received(name="Other", region=make.RegionFactory())
    with django_assert_num_queries(len(captured)):
        desk.get("/desk/applications/")


def test_the_coordinator_asks_declines_and_accepts_by_forms(desk, cast):
    asked, declined, accepted = received(name="A"), received(name="B"), received(name="C")
    address = "/desk/applications/{}/{}/".format
    desk.post(address(asked.public_id, "ask_back"), {"text": "Which teachers?"})
    desk.post(address(declined.public_id, "decline"), {"text": "Not yet."})
    desk.post(address(accepted.public_id, "accept"), {"agreement": cast.agreement.pk, "institution": ""})
    states = dict(Application.objects.values_list("name", "state"))
    assert states == {"A": "questioned", "B": "declined", "C": "accepted"}
    page = desk.get(f"/desk/applications/{accepted.public_id}/")
    assert ("Accession of C" in page.text, page.context["moves"]) == (True, {})


@pytest.mark.parametrize("name", ["ask_back", "decline", "accept"])
def test_each_decision_has_its_form_and_needs_its_words(desk, cast, name):
    it = received()
    url = f"/desk/applications/{it.public_id}/{name}/"
    assert [desk.get(url).status_code, desk.post(url, {}).status_code] == [200, 200]
    it.refresh_from_db()
    assert it.state == State.RECEIVED


def test_the_form_proposes_the_known_institution_and_the_agreement(desk, cast):
    known = make.InstitutionFactory(name="SCHOOL 14")
    form = desk.get(f"/desk/applications/{received().public_id}/accept/").context["form"]
    assert (form.fields["institution"].initial, form.fields["agreement"].initial) == (known, cast.agreement)


def test_no_other_word_is_a_decision(desk):
    assert desk.get(f"/desk/applications/{received().public_id}/withdraw/").status_code == 404


def test_a_late_decision_gets_a_sentence(desk, cast):
    it = received()
    actions.withdraw_application(it, by=it.applicant)
    page = desk.post(f"/desk/applications/{it.public_id}/decline/", {"text": "No"}, follow=True)
    assert "already answered" in page.text


def test_the_coordinator_cannot_decide_about_their_own(demo):
    own = make.CoordinatorFactory(person__email="head14@example.org").person
    it, client = received(), Client()
    client.force_login(own)
    assert client.get(f"/desk/applications/{it.public_id}/accept/").status_code == 403
