"""Asking, inviting, claiming, admitting, ending: who belongs where."""

from datetime import date

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.utils import timezone

from cluster_portal.hooks import mail_kinds
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from members import actions
from members.models import Affiliation, Cluster, Coordinator, Person
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Affiliation.State


def mails(template):
    return [mail.to for mail in OutboxMail.objects.filter(template=template).select_related("to")]


def test_who_asks_waits_and_the_contact_is_told(cast):
    it = actions.ask_to_join(cast.outsider, cast.school, "teacher", by=cast.outsider)
    assert (it.state, mails("members/asked")) == (State.ASKED, [cast.contact])


def test_a_coordinator_is_asked_for_an_institution_that_nobody_speaks_for():
    here, elsewhere = make.RegionFactory(), make.RegionFactory()
    it = make.AffiliationFactory(institution__region=here, state="asked")
    readers = {
        "whole": make.CoordinatorFactory().person,
        "here": make.CoordinatorFactory(region=here).person,
        "elsewhere": make.CoordinatorFactory(region=elsewhere).person,
        "former": make.CoordinatorFactory(until=date(2026, 2, 1)).person,
        "teacher": make.AffiliationFactory(institution=it.institution).person,
    }
    sent = {}
    for name, reader in readers.items():
        mail = queue_mail("members/asked", about=it, to=reader)
        assert "to you as a coordinator" in mail.body_text
        sent[name] = mail_kinds["members/asked"].still_due(mail)
    assert sent == {"whole": True, "here": True, "elsewhere": False, "former": False, "teacher": False}


def test_a_mail_about_asking_goes_once_to_somebody_with_two_roles(cast):
    make.AffiliationFactory(person=cast.contact, institution=cast.school, role="head")
    actions.ask_to_join(cast.outsider, cast.school, "teacher", by=cast.outsider)
    assert mails("members/asked") == [cast.contact]


@pytest.mark.parametrize("role", ["head", "contact"])
def test_nobody_asks_to_speak_for_an_institution(cast, role):
    with pytest.raises(Refused, match="invited by the coordinator"):
        actions.ask_to_join(cast.outsider, cast.school, role, by=cast.outsider)


SENTENCES = {
    "invited": "waits for an answer already",
    "asked": "has been asked already",
    "active": "in this role already",
}


@pytest.mark.parametrize("state", SENTENCES)
def test_asking_twice_is_refused(cast, state):
    make.AffiliationFactory(person=cast.outsider, institution=cast.school, state=state)
    with pytest.raises(Refused, match=SENTENCES[state]):
        actions.ask_to_join(cast.outsider, cast.school, "teacher", by=cast.outsider)
    assert OutboxMail.objects.count() == 0


def test_who_was_refused_may_ask_again(cast):
    actions.refuse_affiliation(
        actions.ask_to_join(cast.outsider, cast.school, "staff", by=cast.outsider), by=cast.contact
    )
    assert actions.ask_to_join(cast.outsider, cast.school, "staff", by=cast.outsider).state == State.ASKED
    assert mails("members/refused") == [cast.outsider]


def test_admitting_is_told(cast):
    it = actions.ask_to_join(cast.outsider, cast.school, "teacher", by=cast.outsider)
    actions.admit_affiliation(it, by=cast.contact)
    assert (it.state, it.starts_on is not None, mails("members/admitted")) == (State.ACTIVE, True, [cast.outsider])


def test_ending_ones_own_affiliation_sends_no_mail(cast):
    (it,) = cast.teacher.affiliations.all()
    actions.end_affiliation(it, by=cast.teacher)
    assert (it.state, it.ends_on is not None, mails("members/ended")) == (State.ENDED, True, [])


def test_ending_somebody_elses_is_told(cast):
    (it,) = cast.teacher.affiliations.all()
    actions.end_affiliation(it, by=cast.contact)
    assert mails("members/ended") == [cast.teacher]


def test_an_invitation_makes_a_person_who_claims_it(cast):
    it = actions.invite_person(cast.school, " New.Teacher@Example.ORG ", "teacher", by=cast.contact, family_name="New")
    assert (it.person.email, it.person.has_claimed, it.state) == ("new.teacher@example.org", False, State.INVITED)
    person = actions.redeem_invitation(it, "a long password", None)
    it.refresh_from_db()
    assert (person.pk, person.has_claimed, it.state) == (it.person_id, True, State.ACTIVE)


def test_an_invitation_finds_who_is_known_in_any_case(cast):
    known = make.PersonFactory(email="anna@example.org")
    assert actions.invite_person(cast.school, "ANNA@example.org", "teacher", by=cast.contact).person == known


@pytest.fixture
def second_address(cast):
    EmailAddress.objects.create(user=cast.outsider, email="second@example.org", verified=True)
    return "second@example.org"


def test_the_second_address_of_somebody_known_makes_no_double(cast, second_address):
    with pytest.raises(Refused, match="signs in with another address"):
        actions.invite_person(cast.school, " Second@Example.ORG", "teacher", by=cast.contact, family_name="Double")
    with pytest.raises(Refused, match="known already"):
        actions.enter_person(by=cast.coordinator, email=second_address, family_name="Double")
    assert not Person.objects.filter(family_name="Double").exists()


def test_a_double_made_before_its_address_was_confirmed_claims_nothing(cast, second_address):
    double = make.PersonFactory(email=second_address, password="!")
    it = make.AffiliationFactory(person=double, institution=cast.school, state="invited")
    with pytest.raises(Refused, match="Somebody signs in with this address already"):
        actions.redeem_invitation(it, "a long password", None)
    double.refresh_from_db()
    assert (double.has_claimed, Affiliation.objects.get(pk=it.pk).state) == (False, State.INVITED)


def test_a_second_address_applies_for_who_has_it(cast, second_address):
    facts = {"name": "School 9", "language": "en", "names": {"family_name": "Double"}}
    facts |= {"region": cast.school.region, "kind": "school"}
    assert actions.apply_to_join(second_address, **facts).applicant == cast.outsider


def test_who_signs_in_with_a_second_address_coordinates_by_it(cast, second_address):
    assert actions.appoint_coordinator(second_address, None, by=cast.coordinator).person == cast.outsider


@pytest.mark.parametrize("zone_of_reader", ["UTC", "Pacific/Kiritimati", "Pacific/Honolulu"])
def test_offices_and_coming_of_age_follow_the_day_of_the_cluster(cast, zone_of_reader):
    Cluster.objects.create(pk=1, name="C", time_zone="Asia/Seoul")
    born = make.AffiliationFactory(institution=cast.school, person__birth_date=date(2008, 11, 23)).person
    late = make.AffiliationFactory(institution=cast.school, person__birth_date=date(2008, 11, 24)).person
    with time_machine.travel("2026-11-22T16:00Z"), timezone.override(zone_of_reader):  # the 23rd has begun in Seoul
        role = actions.appoint_coordinator(cast.outsider.email, None, by=cast.coordinator)
        assert (role.since, role in Coordinator.objects.now()) == (date(2026, 11, 23), True)
        assert set(Person.objects.possible_instructors(cast.contact)) & {born, late} == {born}
        actions.end_coordinator(role, by=cast.coordinator)
        role.refresh_from_db()
        assert (role.until, role in Coordinator.objects.now()) == (date(2026, 11, 23), False)


def test_a_recalled_invitation_takes_its_mail_back(cast):
    it = actions.invite_person(cast.school, "new@example.org", "teacher", by=cast.contact, family_name="New")
    actions.recall_invitation(it, by=cast.contact)
    (mail,) = OutboxMail.objects.about(it)
    assert (it.state, mail.state, mail.error) == (State.DECLINED, OutboxMail.State.CANCELLED, "")


def test_a_request_that_is_taken_back_takes_its_mail_back(cast):
    it = actions.ask_to_join(cast.outsider, cast.school, "teacher", by=cast.outsider)
    actions.take_back_request(it, by=cast.outsider)
    (mail,) = OutboxMail.objects.about(it)
    assert (it.state, it.starts_on, mail.state) == (State.DECLINED, None, OutboxMail.State.CANCELLED)
    assert actions.ask_to_join(cast.outsider, cast.school, "teacher", by=cast.outsider).state == State.ASKED


def test_a_reused_invitation_is_refused(cast):
    it = actions.invite_person(cast.school, "new@example.org", "teacher", by=cast.contact, family_name="New")
    actions.redeem_invitation(it, "a long password", None)
    with pytest.raises(Refused, match="used already"):
        actions.redeem_invitation(it, "another password", None)
    assert Person.objects.get(email="new@example.org").check_password("a long password")


def test_a_suspended_person_claims_nothing(cast):
    it = actions.invite_person(cast.school, "new@example.org", "teacher", by=cast.contact, family_name="New")
    Person.objects.filter(pk=it.person_id).update(suspended_at="2026-01-01T00:00Z")
    with pytest.raises(Refused):
        actions.redeem_invitation(it, "a long password", None)


def test_a_taken_address_is_refused(cast):
    with pytest.raises(Refused, match="known already"):
        actions.enter_person(by=cast.coordinator, email=cast.teacher.email.upper(), family_name="Other")


def test_no_address_is_null_and_never_empty(cast):
    people = [actions.enter_person(by=cast.coordinator, email="", family_name="Child") for _ in range(2)]
    assert [person.email for person in people] == [None, None]


def test_a_profile_change_is_audited_by_field_names_only(cast):
    changed = actions.change_profile(cast.teacher, by=cast.teacher, family_name="Ivanova", given_name="Anna")
    assert changed == ["family_name"]
    assert Person.objects.get(pk=cast.teacher.pk).sort_name == "ivanova anna"
