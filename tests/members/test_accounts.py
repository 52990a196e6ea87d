"""Signing up, claiming, resetting: every mail of allauth goes through the outbox, with its links made at sending."""

import re
from datetime import timedelta
from pathlib import Path

import allauth
import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail as locmem
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal import hooks, mailtext
from cluster_portal.delivery import deliver_due_mail
from cluster_portal.links import read_link
from cluster_portal.models import OutboxMail
from members.accounts import MAILS, AccountAdapter, queue_account_mail
from members.models import Person
from tests import factories as make

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-password"
# allauth sends these only with settings that we do not have: codes by mail, and mail to addresses nobody knows.
SWITCHED_OFF = {
    "account/email/password_reset_code", "account/email/login_code", "account/email/unknown_account",
    "account/email/base",
}  # fmt: skip


def sign_up(client, email="new@example.org"):
    words = {
        "email": email,
        "password1": PASSWORD,
        "family_name": "Новая",
        "given_name": "Анна",
        "birth_date": "1990-05-05",
    }
    return client.post(reverse("account_signup"), words)


def link_in_mail(**found):
    deliver_due_mail()
    (mail,) = [it for it in locmem.outbox if it.to == [found.get("to", "new@example.org")]]
    return re.search(r"http://testserver(/\S+)", mail.body)[1]


def templates():
    return list(OutboxMail.objects.order_by("pk").values_list("template", flat=True))


def test_every_mail_of_allauth_is_ours_or_switched_off():
    folder = Path(allauth.__file__).parent / "templates"
    theirs = {str(it.relative_to(folder))[: -len("_message.txt")] for it in folder.glob("*/email/*_message.txt")}
    assert theirs - SWITCHED_OFF == set(MAILS)
    assert set(MAILS.values()) <= set(hooks.mail_kinds)


def test_account_mail_is_nobodys_but_the_readers():
    assert {hooks.mail_kinds[name].account for name in MAILS.values()} == {True}


def test_signing_up_and_confirming_by_the_mailed_link(client):
    sign_up(client)
    person = Person.objects.get(email="new@example.org")
    assert templates() == ["account/confirm_email"]
    path = link_in_mail()
    assert not OutboxMail.objects.filter(body_text__contains="/accounts/confirm-email/").exists()
    client.get(path)
    assert not EmailAddress.objects.get(user=person).verified  # a mail scanner's look changes nothing
    client.post(path)
    assert EmailAddress.objects.get(user=person).verified


def test_confirmation_is_not_sent_any_more_when_it_is_done(client):
    sign_up(client)
    EmailAddress.objects.update(verified=True)
    assert deliver_due_mail() == 0
    assert OutboxMail.objects.get().state == OutboxMail.State.CANCELLED


def test_taken_address_in_another_case_is_told_by_mail_only(client):
    person = make.PersonFactory(email="known@example.org")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    answer = sign_up(client, "Known@Example.org")
    assert answer.url == reverse("account_email_verification_sent")
    assert templates() == ["account/already_registered"]
    assert Person.objects.filter(email__iexact="known@example.org").count() == 1


def test_person_entered_by_others_gets_the_link_to_claim_not_already_exists(client):
    person = Person.objects.create_user("invited@example.org", None, family_name="Иванова")
    sign_up(client, "invited@example.org")
    assert templates() == ["account/claim"]
    path = link_in_mail(to="invited@example.org")
    token = path.removeprefix("/invitation/").rstrip("/")
    assert read_link("members.claim", token, timedelta(days=30)) == person.public_id
    assert read_link("members.invitation", token) is None


def test_reset_for_somebody_who_never_claimed_is_the_claim_too(client):
    Person.objects.create_user("invited@example.org", None, family_name="Иванова")
    client.post(reverse("account_reset_password"), {"email": "invited@example.org"})
    assert templates() == ["account/claim"]


def test_password_is_reset_by_the_mailed_link(client):
    person = Person.objects.create_user("new@example.org", PASSWORD, family_name="Иванова")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    client.post(reverse("account_reset_password"), {"email": "new@example.org"})
    assert templates() == ["account/reset_password"]
    path = client.get(link_in_mail()).url  # allauth moves the key into the session
    client.post(path, {"password1": "another-long-password", "password2": "another-long-password"})
    assert Person.objects.get(pk=person.pk).check_password("another-long-password")


def test_stranger_gets_no_mail(client):
    client.post(reverse("account_reset_password"), {"email": "stranger@example.org"})
    assert templates() == []


def test_address_that_was_never_confirmed_is_a_strangers():
    person = make.PersonFactory()
    address = EmailAddress.objects.create(user=person, email="claimed@example.org", verified=False)
    assert Person.objects.with_address("Claimed@example.org") is None
    EmailAddress.objects.filter(pk=address.pk).update(verified=True)
    assert Person.objects.with_address("Claimed@example.org") == person


def test_suspended_person_gets_no_mail(client):
    Person.objects.create_user("new@example.org", PASSWORD, family_name="Иванова", suspended_at=now())
    client.post(reverse("account_reset_password"), {"email": "new@example.org"})
    assert templates() == []


def test_notice_of_a_changed_address_goes_to_the_former_one(rf):
    person = make.PersonFactory(email="new@example.org")
    AccountAdapter(rf.get("/")).send_notification_mail("account/email/email_changed", person, email="old@example.org")
    deliver_due_mail()
    assert [mail.to for mail in locmem.outbox] == [["old@example.org"]]


def test_account_mail_goes_to_the_login_not_to_a_shared_mailbox():
    person = make.PersonFactory(email="own@example.org", contact_email="parents@example.org")
    queue_account_mail("account/reset_password", person, person.email)
    deliver_due_mail()
    assert [mail.to for mail in locmem.outbox] == [["own@example.org"]]


def test_link_asked_for_long_ago_is_not_sent():
    queue_account_mail("account/reset_password", person := make.PersonFactory(), person.email)
    with time_machine.travel(now() + timedelta(days=2)):
        assert deliver_due_mail() == 0


@pytest.mark.parametrize("name", sorted(set(MAILS.values()) | {"account/claim"}))
def test_every_account_mail_can_be_read_in_every_language(name):
    for language in ("en", "ru", "ko"):
        person = make.PersonFactory(language=language, email=f"{language}@example.org")
        wanted = hooks.WantedMail(name, person, person, address=person.email)
        subject, body = mailtext.rendered(wanted, hooks.sender())
        assert subject
        assert "None" not in subject + body
        assert "{" not in body
