"""Signing up, claiming, asking, inviting: through the pages, with bad input too."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal.links import signed_token
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, available_moves
from members import actions
from members.models import Affiliation, Person
from tests import factories as make

pytestmark = pytest.mark.django_db
ANNA = {
    "email": "Anna@Example.org", "password1": "a long enough password", "family_name": "Соколова", "given_name": "Анна",
    "birth_date": "1990-05-17",
}  # fmt: skip


@pytest.fixture
def signed_in():
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def sign_up(client, **changes):
    return client.post(reverse("account_signup"), ANNA | changes)


def errors(response):
    return response.context["form"].errors if response.context and "form" in response.context else {}


def test_signing_up_makes_a_person_and_asks_to_confirm(client):
    response = sign_up(client)
    assert response.status_code == 302, errors(response)
    person = Person.objects.get()
    assert (person.email, person.family_name, str(person.birth_date)) == ("anna@example.org", "Соколова", "1990-05-17")
    assert OutboxMail.objects.get().template == "account/confirm_email"
    assert client.get("/me/").status_code == 302


def test_the_language_of_signing_up_is_the_persons(client):
    client.cookies["django_language"] = "ru"
    sign_up(client)
    assert Person.objects.get().language == "ru"


@pytest.mark.parametrize("email", ["anna@example.org", "ANNA@example.ORG"])
def test_a_taken_address_in_any_case_makes_nobody_and_tells_its_owner(client, email):
    owner = make.PersonFactory(email="anna@example.org")
    response = sign_up(client, email=email)
    assert response.status_code == 302
    assert Person.objects.get() == owner
    mail = OutboxMail.objects.get()
    assert (mail.template, mail.to) == ("account/already_registered", owner)


def test_who_was_entered_by_a_school_gets_a_link_to_claim(client, cast):
    known = actions.enter_person(by=cast.contact, email="anna@example.org", family_name="Соколова")
    OutboxMail.objects.all().delete()
    sign_up(client)
    mail = OutboxMail.objects.get()
    assert (mail.template, mail.to) == ("account/claim", known)
    page = client.get(reverse("members:invitation", args=[signed_token("members.claim", known.public_id)]))
    assert "Your place in the portal is ready" in page.content.decode()


WRONG = [
    ({"email": ""}, "email"),
    ({"email": "no address"}, "email"),
    ({"family_name": "Ж" * 300}, "family_name"),
    ({"family_name": "http://evil.test"}, "family_name"),
    ({"given_name": "<b>Anna</b>"}, "given_name"),
    ({"given_name": ""}, "given_name"),
    ({"birth_date": "2999-01-01"}, "birth_date"),
    ({"birth_date": "1789-07-14"}, "birth_date"),
    ({"birth_date": "soon"}, "birth_date"),
    ({"password1": "short"}, "password1"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_bad_input_is_said_at_its_field_and_makes_nobody(client, changes, field):
    response = sign_up(client, **changes)
    assert list(errors(response)) == [field]
    assert not Person.objects.exists()


def test_a_300_letter_name_is_told_how_long_it_may_be(client):
    (sentence,) = errors(sign_up(client, family_name="Ж" * 300))["family_name"]
    assert re.search("at most 100 characters", sentence)


@pytest.fixture
def invitation(cast):
    return actions.invite_person(cast.school, "new@example.org", "teacher", by=cast.contact, family_name="New")


def link(affiliation):
    return reverse("members:invitation", args=[signed_token("members.invitation", affiliation.public_id)])


CLAIM = {"password": "a long enough password", "birth_date": "1990-05-17"}


def test_an_invitation_is_claimed_from_its_link(invitation, client):
    assert "School 1 invites you" in client.get(link(invitation)).content.decode()
    response = client.post(link(invitation), CLAIM)
    assert (response.status_code, response["Location"]) == (302, "/me/")
    assert client.get("/me/").status_code == 200
    invitation.refresh_from_db()
    assert (invitation.state, invitation.person.has_claimed) == ("active", True)


def test_who_was_entered_by_others_claims_from_the_link_and_is_signed_in(cast, client):
    known = actions.enter_person(by=cast.contact, email="anna@example.org", family_name="Соколова")
    response = client.post(reverse("members:invitation", args=[signed_token("members.claim", known.public_id)]), CLAIM)
    assert (response.status_code, response["Location"]) == (302, "/me/")
    assert client.get("/me/").status_code == 200
    known.refresh_from_db()
    assert (known.has_claimed, str(known.birth_date)) == (True, CLAIM["birth_date"])


def test_reading_an_invitation_changes_nothing(invitation, client):
    client.get(link(invitation))
    invitation.refresh_from_db()
    assert (invitation.state, invitation.person.has_claimed) == ("invited", False)


def test_a_used_invitation_says_so(invitation, client):
    client.post(link(invitation), CLAIM)
    response = Client().post(link(invitation), CLAIM | {"password": "another long password"})
    assert (response.status_code, "answered already" in response.content.decode()) == (409, True)
    assert Person.objects.get(pk=invitation.person_id).check_password(CLAIM["password"])


def test_an_expired_invitation_says_what_helps(invitation, client, time_machine):
    url = link(invitation)
    time_machine.move_to(now().replace(year=now().year + 1))
    response = client.get(url)
    assert (response.status_code, "Ask whoever invited you" in response.content.decode()) == (404, True)


def test_somebody_elses_invitation_is_not_redeemed(invitation, cast, signed_in):
    response = signed_in(cast.outsider).post(link(invitation), CLAIM)
    assert (response.status_code, "is for somebody else" in response.content.decode()) == (409, True)
    invitation.refresh_from_db()
    assert invitation.state == "invited"


@pytest.mark.parametrize("token", ["x", "zzzzzzzzzzzz:1:abc", "%00"])
def test_a_forged_invitation_is_not_found(client, db, token):
    assert client.get(f"/invitation/{token}/").status_code == 404


def test_a_token_of_another_purpose_opens_nothing(invitation, client):
    token = signed_token("courses.offer", invitation.public_id)
    assert client.get(reverse("members:invitation", args=[token])).status_code == 404


def test_a_weak_password_is_refused_with_the_reason(invitation, client):
    response = client.post(link(invitation), CLAIM | {"password": "12345"})
    assert list(errors(response)) == ["password"]


def test_who_has_an_account_signs_in_before_accepting(cast, client):
    cast.outsider.set_password("a long enough password")
    cast.outsider.save()
    it = actions.invite_person(cast.school, cast.outsider.email, "staff", by=cast.contact)
    response = client.post(link(it))
    assert response["Location"] == f"/accounts/login/?next={link(it)}"
    it.refresh_from_db()
    assert it.state == "invited"
    client.force_login(cast.outsider)
    client.post(link(it))
    it.refresh_from_db()
    assert it.state == "active"


def test_an_invitation_is_declined_from_its_link_without_a_password(invitation, client):
    client.post(link(invitation), {"answer": "decline"})
    invitation.refresh_from_db()
    assert (invitation.state, invitation.person.has_claimed) == ("declined", False)


def test_a_withdrawn_invitation_opens_nothing(invitation, cast, client):
    actions.recall_invitation(invitation, by=cast.contact)
    assert client.post(link(invitation), CLAIM).status_code == 409
    assert not Person.objects.get(pk=invitation.person_id).has_claimed


def test_an_invitation_does_not_tell_whose_address_it_is(cast, signed_in, demo):
    cast.outsider.set_password("a long enough password")
    cast.outsider.save()
    actions.invite_person(cast.school, cast.outsider.email, "staff", by=cast.contact)
    page = signed_in(cast.contact).get(reverse("members:desk_people")).content.decode()
    assert (cast.outsider.email in page, cast.outsider.full_name in page) == (True, False)
    search = signed_in(cast.contact).get(reverse("coordination:search"), {"q": cast.outsider.family_name})
    assert cast.outsider.full_name not in search.content.decode()


@pytest.mark.parametrize("role", ["head", "contact"])
def test_a_contact_appoints_no_speakers_and_ends_no_head(cast, role):
    with pytest.raises(Refused, match="invited by the head or the coordinator"):
        actions.invite_person(cast.school, "new@example.org", role, by=cast.contact, family_name="New")
    head = make.AffiliationFactory(institution=cast.school, role="head")
    assert set(available_moves(cast.contact, head)) == set()
    assert actions.invite_person(cast.school, "new@example.org", role, by=head.person, family_name="New")


def test_an_address_of_somebody_who_was_invited_is_not_added(cast, signed_in, invitation):
    response = signed_in(cast.teacher).post(reverse("account_email"), {"action_add": "", "email": "New@example.org"})
    assert "belongs to somebody else" in str(errors(response))


def test_without_a_speaker_the_coordinators_are_asked(cast):
    lonely = make.InstitutionFactory()
    actions.ask_to_join(cast.outsider, lonely, "teacher", by=cast.outsider)
    assert OutboxMail.objects.get().to == cast.coordinator


def test_terminating_is_asked_twice_and_wants_a_second_factor(cast, signed_in, settings):
    url = reverse("members:desk_terminate", args=[cast.agreement.public_id])
    client = signed_in(cast.coordinator)
    facts = {"on": localdate().isoformat(), "because": "It has reached its aim."}
    assert client.post(url, facts | {"confirmed": "yes"})["Location"] == reverse("mfa_index")
    settings.DEMO = True
    assert "It cannot be taken back" in client.post(url, facts).content.decode()
    client.post(url, facts | {"confirmed": "yes"})
    cast.agreement.refresh_from_db()
    assert cast.agreement.state == "terminated"


def test_asking_to_join_and_being_admitted(cast, signed_in, demo):
    signed_in(cast.outsider).post(reverse("members:join", args=[cast.school.slug]), {"role": "teacher"})
    it = cast.outsider.affiliations.get()
    assert it.state == "asked"
    signed_in(cast.contact).post(reverse("members:desk_act_on_affiliation", args=[it.public_id]), {"move": "admit"})
    it.refresh_from_db()
    assert it.state == "active"


@pytest.mark.parametrize("reader", ["outsider", "teacher"])
def test_nobody_else_admits(cast, signed_in, demo, reader):
    it = make.AffiliationFactory(institution=cast.school, state="asked")
    url = reverse("members:desk_act_on_affiliation", args=[it.public_id])
    assert signed_in(getattr(cast, reader)).post(url, {"move": "admit"}).status_code == 403


def test_a_contact_does_not_see_another_schools_people(cast, signed_in, demo):
    it = make.AffiliationFactory(state="asked")
    url = reverse("members:desk_act_on_affiliation", args=[it.public_id])
    assert signed_in(cast.contact).post(url, {"move": "admit"}).status_code == 404
    assert it.person.family_name not in signed_in(cast.contact).get(reverse("members:desk_people")).content.decode()


def test_a_contact_invites_into_their_own_institution_only(cast, signed_in, demo):
    client = signed_in(cast.contact)
    facts = {"role": "teacher", "email": "NEW@example.org", "family_name": "New", "given_name": "Anna"}
    client.post(reverse("members:desk_invite"), facts | {"institution": make.InstitutionFactory().pk})
    assert not Affiliation.objects.invited().exists()
    client.post(reverse("members:desk_invite"), facts | {"institution": cast.school.pk})
    assert Affiliation.objects.invited().get().person.email == "new@example.org"


def test_the_desk_asks_for_a_second_factor(cast, signed_in):
    response = signed_in(cast.contact).get(reverse("coordination:desk"))
    assert (response.status_code, response["Location"]) == (302, reverse("mfa_index"))


def test_the_profile_keeps_what_was_right_when_something_is_wrong(cast, signed_in):
    response = signed_in(cast.teacher).post(
        reverse("members:profile"), {"family_name": "www.evil.test", "language": "xx"}
    )
    assert {"family_name", "language"} <= set(errors(response))
    assert Person.objects.get(pk=cast.teacher.pk).family_name == cast.teacher.family_name


def test_the_language_is_chosen_for_good_and_never_leads_away(cast, signed_in):
    client = signed_in(cast.teacher)
    response = client.post(reverse("members:language"), {"language": "ru", "next": "https://evil.test/"})
    assert response["Location"] == "/"
    cast.teacher.refresh_from_db()
    assert cast.teacher.language == "ru"
    assert client.get("/me/")["Content-Language"] == "ru"


def test_a_suspended_person_is_out(cast, signed_in):
    client = signed_in(cast.teacher)
    Person.objects.filter(pk=cast.teacher.pk).update(suspended_at=now())
    assert client.get("/me/").status_code == 302
