"""Being erased: what goes, what must be handed over first, who may do it, and that nothing opens afterwards."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail as locmem
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localdate, now

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.links import signed_link, signed_token
from cluster_portal.models import AuditEntry, OutboxMail, Upload
from cluster_portal.moves import Refused
from courses.models import Enrolment
from members import actions
from members.models import Affiliation, Guardianship, Person, Purpose
from tests import factories as make
from tests.browsing import at

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-password"


@pytest.fixture
def ivanova(cast):
    """A teacher who signs in with a password."""
    person = Person.objects.create_user("ivanova@example.org", PASSWORD, family_name="Ivanova", given_name="Anna")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    make.AffiliationFactory(person=person, institution=cast.school)
    cache.clear()
    return person


@pytest.fixture
def child(cast):
    """Ten years old, with a guardian."""
    child = make.ChildFactory()
    make.AffiliationFactory(person=child, institution=cast.school, role="student")
    guardian = Person.objects.create_user("guardian@example.org", PASSWORD, family_name="Petrova")
    Guardianship.objects.create(guardian=guardian, child=child, how="paper")
    cache.clear()
    return child


def guardian_of(child):
    return child.guarded_by.get().guardian


def is_erased(person):
    return Person.objects.get(pk=person.pk).erased_at is not None


def test_an_erased_person_is_called_so_in_the_readers_language(ivanova):
    actions.erase_person(ivanova, by=ivanova)
    person = Person.objects.get(pk=ivanova.pk)
    assert (person.full_name, person.email, person.has_usable_password()) == ("Erased person", None, False)
    with translation.override("ru"):
        assert person.full_name == translation.gettext("Erased person")


def test_affiliations_places_and_guardianships_end(cast, ivanova, child, run, pool):
    pool.taken = 1
    pool.save()
    place = make.EnrolmentFactory(run=run, pool=pool, person=ivanova)
    Guardianship.objects.create(guardian=ivanova, child=child, how="paper")
    make.AffiliationFactory(person=ivanova, state="asked")
    actions.erase_person(ivanova, by=ivanova)
    place.refresh_from_db()
    pool.refresh_from_db()
    assert (place.state, pool.taken) == (Enrolment.State.CANCELLED, 0)
    assert sorted(ivanova.affiliations.values_list("state", flat=True)) == ["declined", "ended"]
    assert [it.guardian for it in child.guarded_by.now()] == [guardian_of_only(child, ivanova)]


def guardian_of_only(child, but):
    return child.guarded_by.exclude(guardian=but).get().guardian


def test_the_next_in_the_queue_is_offered_the_place(ivanova, run, pool):
    pool.places = pool.taken = 1
    pool.save()
    make.EnrolmentFactory(run=run, pool=pool, person=ivanova)
    waiting = make.EnrolmentFactory(run=run, pool=pool, state="waiting")
    actions.erase_person(ivanova, by=ivanova)
    waiting.refresh_from_db()
    assert waiting.state == Enrolment.State.OFFERED


def test_no_mail_leaves_for_an_erased_person(ivanova, run, pool):
    pool.taken = 1
    pool.save()
    make.EnrolmentFactory(run=run, pool=pool, person=ivanova)
    actions.erase_person(ivanova, by=ivanova)
    assert deliver_due_mail() == 0
    assert set(OutboxMail.objects.values_list("state", "body_text")) == {("cancelled", "")}


def test_erasing_says_in_the_audit_who_did_it_and_nothing_else(ivanova):
    actions.erase_person(ivanova, by=ivanova)
    entry = AuditEntry.objects.get(verb="members.person.erase")
    assert (entry.actor, entry.object_id, entry.values) == (ivanova.public_id, ivanova.public_id, {})


def test_entries_merged_into_the_person_are_erased_with_it(ivanova):
    double = make.PersonFactory(merged_into=ivanova, email=None, family_name="Ivanova")
    actions.erase_person(ivanova, by=ivanova)
    assert (is_erased(double), Person.objects.get(pk=double.pk).family_name) == (True, "")


def test_a_slip_that_somebody_else_loaded_up_loses_the_name_of_the_child(cast, child):
    make.ConsentTextFactory()
    for about, name in ((child, "Zyablikova.txt"), (make.GuardianshipFactory().child, "Another.txt")):
        guardian, scan = about.guarded_by.get().guardian, SimpleUploadedFile(name, b"Signed.")
        words = {Purpose.TAKING_PART: "granted"}
        actions.record_paper(about, guardian, words, localdate(), by=cast.teacher, scan=scan)
    actions.erase_person(child, by=None)
    assert sorted(Upload.objects.values_list("name", flat=True)) == ["Another.txt", "file.txt"]


def test_erasing_twice_is_refused(ivanova):
    actions.erase_person(ivanova, by=ivanova)
    with pytest.raises(Refused, match="erased already"):
        actions.erase_person(ivanova, by=ivanova)


def test_the_last_coordinator_hands_over_first(cast):
    with pytest.raises(Refused, match=r"Nobody else coordinates the whole cluster\. Hand over first"):
        actions.erase_person(cast.coordinator, by=cast.coordinator)
    make.CoordinatorFactory()
    actions.erase_person(cast.coordinator, by=cast.coordinator)
    assert is_erased(cast.coordinator)


def test_a_suspended_coordinator_does_not_count_as_another(cast):
    make.CoordinatorFactory(person__suspended_at=now())
    with pytest.raises(Refused, match="Nobody else coordinates"):
        actions.erase_person(cast.coordinator, by=cast.coordinator)


def test_the_last_who_speaks_for_a_member_hands_over_first(cast):
    with pytest.raises(Refused, match=r"Nobody else answers for School 1\. Hand over first"):
        actions.erase_person(cast.contact, by=cast.contact)
    make.AffiliationFactory(institution=cast.school, role="head")
    actions.erase_person(cast.contact, by=cast.contact)
    assert is_erased(cast.contact)


def test_the_last_who_speaks_for_an_institution_outside_may_go(db):
    head = make.AffiliationFactory(role="head").person
    actions.erase_person(head, by=head)
    assert is_erased(head)


def test_a_refused_erasure_changes_nothing(cast):
    with pytest.raises(Refused):
        actions.erase_person(cast.contact, by=cast.contact)
    assert (cast.contact.affiliations.get().state, AuditEntry.objects.count()) == (Affiliation.State.ACTIVE, 0)


def test_the_page_says_what_goes_and_what_stays_before_anything_happens(ivanova, run, pool):
    make.EnrolmentFactory(run=run, pool=pool, person=ivanova)
    page = at(ivanova).get(reverse("members:erase")).content.decode()
    assert "Addresses you sign in with (1)" in page
    assert "That somebody took part stays, without a name: the reports count people." in page
    assert not is_erased(ivanova)


def test_the_page_says_what_to_hand_over_and_shows_no_button(cast):
    page = at(cast.contact).get(reverse("members:erase")).content.decode()
    assert "Nobody else answers for School 1." in page
    assert "Erase for good" not in page


def test_erasing_oneself_needs_the_password(ivanova):
    client = at(ivanova)
    page = client.post(reverse("members:erase"), {"password": "something else"}).content.decode()
    assert "This is not your password." in page
    assert not is_erased(ivanova)
    client.post(reverse("members:erase"), {"password": PASSWORD})
    assert is_erased(ivanova)
    assert client.get("/me/").status_code == 302  # signed out


def test_every_other_browser_is_signed_out_too(ivanova):
    elsewhere = Client()
    elsewhere.post(reverse("account_login"), {"login": ivanova.email, "password": PASSWORD})
    assert elsewhere.get("/me/").status_code == 200
    actions.erase_person(ivanova, by=ivanova)
    assert elsewhere.get("/me/").status_code == 302
    assert (
        Client().post(reverse("account_login"), {"login": "ivanova@example.org", "password": PASSWORD}).status_code
        == 200
    )


def test_guessing_the_password_is_slowed_down(ivanova):
    client = at(ivanova)
    for _ in range(10):
        client.post(reverse("members:erase"), {"password": "guess"})
    client.post(reverse("members:erase"), {"password": PASSWORD})
    assert not is_erased(ivanova)


def test_erasing_oneself_by_the_mailed_link(ivanova):
    at(ivanova).post(reverse("members:erase"), {"answer": "link"})
    deliver_due_mail()
    (mail,) = locmem.outbox
    link = signed_link("members.erasure", ivanova.public_id).removeprefix("http://testserver")
    path = next(word for word in mail.body.split() if "/erase/" in word).removeprefix("http://testserver")
    assert (mail.to, len(path)) == (["ivanova@example.org"], len(link))
    assert not OutboxMail.objects.filter(body_text__contains="/erase/").exists()
    assert Client().get(path).status_code == 200
    assert not is_erased(ivanova)
    Client().post(path)
    assert is_erased(ivanova)
    assert Client().get(path).status_code == 404


def test_a_link_is_not_promised_without_an_address(db):
    person = make.PersonFactory(email=None)
    with pytest.raises(Refused, match="no e-mail address"):
        actions.ask_for_erasure(person, by=person)


@pytest.mark.parametrize("purpose", ["members.claim", "members.invitation"])
def test_a_link_for_something_else_erases_nobody(ivanova, purpose):
    path = reverse("members:erase_by_link", args=[signed_token(purpose, ivanova.public_id)])
    assert Client().post(path).status_code == 404
    assert not is_erased(ivanova)


def test_a_link_older_than_a_day_erases_nobody(ivanova):
    path = reverse("members:erase_by_link", args=[signed_token("members.erasure", ivanova.public_id)])
    with time_machine.travel(now() + timedelta(days=1, minutes=1)):
        assert Client().post(path).status_code == 404
    assert not is_erased(ivanova)


def test_a_guardian_erases_their_child(child):
    url = reverse("members:erase_child", args=[child.public_id])
    at(guardian_of(child)).post(url, {"password": PASSWORD})
    assert (is_erased(child), is_erased(guardian_of(child))) == (True, False)


def test_a_guardian_does_not_erase_who_has_grown_up(child):
    Person.objects.filter(pk=child.pk).update(birth_date="2000-01-01")
    url = reverse("members:erase_child", args=[child.public_id])
    assert at(guardian_of(child)).post(url, {"password": PASSWORD}).status_code == 404


@pytest.mark.parametrize("reader", ["teacher", "contact", "coordinator", "outsider"])
def test_a_child_of_others_is_unknown(cast, child, reader):
    url = reverse("members:erase_child", args=[child.public_id])
    assert at(getattr(cast, reader)).get(url).status_code == 404


def test_a_former_guardian_has_no_child_any_more(child):
    child.guarded_by.update(ended_at=now())
    url = reverse("members:erase_child", args=[child.public_id])
    assert at(guardian_of(child)).get(url).status_code == 404


def test_a_coordinator_erases_who_asked_by_letter(cast, ivanova, demo):
    client, url = at(cast.coordinator), reverse("members:desk_erase", args=[ivanova.public_id])
    assert client.get(url).status_code == 200
    client.post(url)  # the box is not ticked
    assert not is_erased(ivanova)
    client.post(url, {"asked": "on"})
    assert is_erased(ivanova)
    assert AuditEntry.objects.get(verb="members.person.erase").reason == "asked by letter"


@pytest.mark.parametrize(("reader", "status"), [("contact", 403), ("teacher", 403)])
def test_nobody_but_coordinators_erases_others(cast, ivanova, demo, reader, status):
    url = reverse("members:desk_erase", args=[ivanova.public_id])
    assert at(getattr(cast, reader)).post(url, {"asked": "on"}).status_code == status


def test_a_regional_coordinator_erases_in_their_region_only(cast, ivanova, demo):
    region = make.RegionFactory()
    client, url = (
        at(make.CoordinatorFactory(region=region).person),
        reverse("members:desk_erase", args=[ivanova.public_id]),
    )
    assert client.get(url).status_code == 404
    make.AffiliationFactory(person=ivanova, institution__region=region, state="ended")
    assert client.get(url).status_code == 404
    actions.end_affiliation(ivanova.affiliations.active().get(), by=ivanova)
    assert client.get(url).status_code == 200


KEPT_FROM_A_REGION = {
    "invited": {"state": "invited"},
    "asked": {"state": "asked"},
    "at home elsewhere": {},
    "coordinator": {},
    "superuser": {},
}


@pytest.mark.parametrize("case", KEPT_FROM_A_REGION)
def test_a_regional_coordinator_erases_nobody_who_is_not_theirs_alone(case, demo):
    region, person = make.RegionFactory(), make.PersonFactory(is_superuser=case == "superuser")
    make.AffiliationFactory(person=person, institution__region=region, **KEPT_FROM_A_REGION[case])
    if case == "at home elsewhere":
        make.AffiliationFactory(person=person, institution__region=make.RegionFactory())
    if case == "coordinator":
        make.CoordinatorFactory(person=person)
        make.CoordinatorFactory()
    regional = make.CoordinatorFactory(region=region).person
    url = reverse("members:desk_erase", args=[person.public_id])
    assert at(regional).post(url, {"asked": "on"}).status_code == 404
    with pytest.raises(Refused, match="cannot erase this person"):
        actions.erase_person(person, by=regional)
    assert not is_erased(person)


def test_the_rule_is_asked_again_when_somebody_is_erased(cast, ivanova):
    with pytest.raises(Refused, match="cannot erase this person"):
        actions.erase_person(ivanova, by=cast.contact)
    assert not is_erased(ivanova)


@pytest.mark.django_db(transaction=True)
def test_two_who_erase_at_once_erase_once(together):
    person = make.PersonFactory()
    first, second = (lambda: actions.erase_person(person, by=person) for _ in range(2))
    assert sorted(together(first, second)) == ["done", "refused"]


@pytest.mark.django_db(transaction=True)
def test_of_two_last_coordinators_one_stays(together):
    people = [make.CoordinatorFactory().person for _ in range(2)]
    assert sorted(together(*(lambda it=it: actions.erase_person(it, by=it) for it in people))) == ["done", "refused"]
