"""The outbox: what is written, in whose words, and what nobody can smuggle into it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from cluster_portal import mailtext, outbox
from cluster_portal.hooks import WantedMail
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.outbox import cancel_mails, queue_mail, queue_mails
from tests.factories import EnrolmentFactory, PersonFactory, RunFactory, SessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrolment():
    return EnrolmentFactory()


def confirm(enrolment, **options):
    return queue_mail("courses/confirmed", about=enrolment, to=enrolment.person, **options)


def roll_back(enrolment):
    """An action that writes a mail and then fails."""
    with transaction.atomic():
        confirm(enrolment)
        transaction.set_rollback(True)


def test_mail_is_written_in_the_readers_language_and_zone():
    run = RunFactory(course__title="AI Tools")
    SessionFactory(run=run, starts_at=now() + timedelta(days=3))
    reader = PersonFactory(language="ru", time_zone="Asia/Vladivostok")
    mail = confirm(EnrolmentFactory(run=run, person=reader))
    assert mail.language == "ru"
    assert "владивостокское время" in mail.body_text
    assert "UTC+10:00" in mail.body_text


def test_repeat_adds_nothing_and_breaks_nothing(enrolment):
    first = confirm(enrolment)
    assert first.pk
    assert confirm(enrolment) is None
    assert confirm(enrolment, occasion="another") is not None
    assert OutboxMail.objects.count() == 2


def test_cancelled_mail_frees_its_key(enrolment):
    confirm(enrolment)
    assert cancel_mails(about=enrolment, reason="for a test") == 1
    assert confirm(enrolment) is not None
    assert cancel_mails(about=enrolment, templates=["courses/offered"], reason="other kind") == 0


def test_rolled_back_action_leaves_no_mail(enrolment):
    roll_back(enrolment)
    assert OutboxMail.objects.count() == 0


def test_creation_is_audited(enrolment):
    mail = confirm(enrolment)
    line = AuditEntry.objects.get(object_id=mail.public_id)
    assert (line.verb, line.actor) == ("cluster_portal.outboxmail.queue", "")


@pytest.mark.parametrize(
    "facts", [{"email": None}, {"suspended_at": now()}, {"erased_at": now()}], ids=["no address", "suspended", "erased"]
)
def test_some_people_get_no_mail(facts):
    assert confirm(EnrolmentFactory(person=PersonFactory(**facts))) is None
    assert OutboxMail.objects.count() == 0


def test_mail_that_would_be_late_is_not_written(enrolment):
    assert confirm(enrolment, not_after=now() - timedelta(seconds=1)) is None


def test_draft_waits_for_release(enrolment):
    mail = confirm(enrolment, draft=True)
    assert mail.state == OutboxMail.State.DRAFT
    coordinator = PersonFactory()
    outbox.release_mail(mail, by=coordinator)
    assert OutboxMail.objects.get().state == OutboxMail.State.QUEUED


TEMPTING = [
    "evil.com",
    "www.evil.example/login",
    "https://evil.example/x",
    "http://testserver/accounts/logout/",
    "mail me: thief@evil.example",
    "злой.рф",
    "evil。com",
    "<a href='https://evil.example'>click</a>",
    "⟦offer⟧",
    "\u202egro.live",
    "line\r\nBcc: all@example.org",
]


@pytest.mark.parametrize("title", TEMPTING)
def test_nobodys_own_text_becomes_a_link_or_markup(title):
    """The text holds no address and no secret but ours, and the HTML no element of theirs."""
    run = RunFactory(course__title=title, place=title)
    SessionFactory(run=run, starts_at=now() + timedelta(days=3), title=title)
    mail = confirm(EnrolmentFactory(run=run, person=PersonFactory(given_name=title)))
    page = f"http://testserver{run.get_absolute_url()}"
    assert mailtext._ADDRESS.findall(mail.body_text) == [page]
    assert mailtext.secrets_in(mail.body_text) == []
    html = mailtext.as_html(mail.body_text, mail.subject, "en", outbox.hooks.sender())
    assert html.count("<a ") == 1
    assert "<a href='" not in html
    assert not any(found in mail.body_text for found in ("evil.com", "evil.example", "злой.рф", "evil。com", "@evil"))
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject + mail.body_text


def test_secret_is_a_placeholder_in_the_row_and_a_link_at_sending():
    mail = queue_mail("courses/offered", about=(it := EnrolmentFactory(state="offered")), to=it.person)
    assert mailtext.secrets_in(mail.body_text) == ["offer"]
    assert "/offer/" not in mail.body_text
    sent = mailtext.resolved(mail.body_text, {"offer": "http://testserver/offer/x:y/"})
    assert [block.address for block in mailtext.blocks(sent) if block.address] == ["http://testserver/offer/x:y/"]
    assert mailtext.MASK in mailtext.masked(mail.body_text)


def test_many_mails_take_as_many_queries_as_few(django_assert_num_queries):
    run = RunFactory()
    alone, *people = [PersonFactory() for _ in range(8)]
    session = SessionFactory(run=run, starts_at=now() + timedelta(days=3))
    session.run.course  # noqa: B018 (loaded before counting)

    def wanted(some):
        return [WantedMail("courses/reminder_day", session, to, "x") for to in some]

    with django_assert_num_queries(6):  # which are there, the cluster, insert, which are new, audit, the word
        assert queue_mails(wanted(people[:2])) == 2
    with django_assert_num_queries(6):
        assert queue_mails(wanted(people)) == 5
    with django_assert_num_queries(5):  # one alone is not looked for
        assert queue_mails(wanted([alone])) == 1
    assert queue_mails(wanted(people)) == 0


@pytest.mark.django_db(transaction=True)
def test_two_transactions_write_one_mail():
    """Neither fails, neither waits for more than the other's commit, and one mail is there."""
    enrolment, barrier, results = EnrolmentFactory(), threading.Barrier(2), []

    def act():
        try:
            with transaction.atomic():
                barrier.wait()
                results.append(confirm(enrolment) is not None)
                OutboxMail.objects.count()  # the transaction is still usable
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(results) == [False, True]
    assert OutboxMail.objects.count() == 1
