"""Open Badges 3.0: verified from the file alone, broken by one byte, signed by a key that is made once and kept."""

import base64
import json
from datetime import date

import pytest
from django.urls import reverse
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier

from members import actions
from members.certificates import Paper
from members.models import BadgeKey, Certificate
from tests import factories as make

pytestmark = pytest.mark.django_db
PAPER = Paper("completion", "ИИ для учителя", "ITMO", date(2026, 3, 2), date(2026, 4, 27), "ru", 36, "online")


@pytest.fixture
def issue(cast):
    return lambda person: actions.issue_certificate(person, PAPER, make.RunFactory(), by=cast.coordinator)


@pytest.fixture
def it(issue):
    return issue(make.PersonFactory(family_name="Иванова", given_name="Анна"))


def read_badge(token):
    """What a credential says, once its signature holds for the key that its issuer is."""
    return OB3Verifier.for_issuer_did(part(token, 1)["iss"]).verify(token).raw


def part(token, number):
    text = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_the_credential_says_what_the_paper_says(it):
    said = read_badge(it.badge)
    subject = said["credentialSubject"]
    assert said["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert (said["issuer"]["name"], said["id"]) == ("ITMO", f"http://testserver/verify/{it.public_id}/")
    assert [one["identityHash"] for one in subject["identifier"]] == ["Иванова Анна"]
    assert (subject["achievement"]["name"], subject["creditsEarned"]) == ("ИИ для учителя", 36)
    assert subject["achievement"]["achievementType"] == "CertificateOfCompletion"


def test_it_holds_no_address_and_no_key_of_the_person(it):
    said = json.dumps(part(it.badge, 1), ensure_ascii=False)
    assert [word in said for word in (it.person.email, it.person.public_id, it.about_id)] == [False, False, False]


def test_the_file_alone_verifies_with_no_more_than_the_standard(it, db):
    """As a stranger's program does it: the key is the issuer, and no network is asked (the tests forbid it)."""
    issuer = part(it.badge, 1)["iss"]
    assert OB3Verifier.for_issuer_did(issuer).verify(it.badge).issuer.name == "ITMO"


def test_one_byte_changed_anywhere_fails(it):
    verifier = OB3Verifier.for_issuer_did(part(it.badge, 1)["iss"])
    passed = []
    for place, sign in enumerate(it.badge):
        for other in {chr(ord(sign) ^ 1), "B" if sign == "A" else "A"}:
            try:
                verifier.verify(it.badge[:place] + other + it.badge[place + 1 :])
                passed.append((place, other))
            except OB3VerificationError:
                pass
    assert passed == []


def test_the_key_is_made_once_and_kept(it, issue):
    other = issue(make.PersonFactory())
    key = BadgeKey.objects.get()
    assert {part(one.badge, 1)["iss"] for one in (it, other)} == {key.did}
    assert "PRIVATE" not in key.sealed


def test_a_new_secret_of_the_portal_that_remembers_the_old_keeps_the_key(it, issue, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another long secret"
    issue(make.PersonFactory())
    assert BadgeKey.objects.count() == 1


def test_without_it_a_new_key_signs_and_the_old_one_goes_on_verifying(it, issue, settings, client):
    settings.SECRET_KEY = "another long secret"
    fresh = issue(make.PersonFactory())
    assert [read_badge(one.badge)["credentialSubject"]["creditsEarned"] for one in (it, fresh)] == [36, 36]
    keys = client.get(reverse("members:verify_keys")).json()["keys"]
    assert [one["kid"] for one in keys] == [part(one.badge, 1)["iss"] for one in (fresh, it)]
    assert {tuple(sorted(one)) for one in keys} == {("crv", "kid", "kty", "x")}


def test_the_page_of_verifying_names_the_keys(it, client):
    assert BadgeKey.objects.get().did in client.get(reverse("members:verify_any")).content.decode()


def test_a_corrected_certificate_has_a_badge_of_its_own(it, cast):
    fresh = actions.correct_certificate(it, by=cast.coordinator, name="Смирнова Анна")
    assert read_badge(fresh.badge)["credentialSubject"]["identifier"][0]["identityHash"] == "Смирнова Анна"
    assert Certificate.objects.get(pk=it.pk).badge == it.badge
