"""Mail that was taken and came back later: the report of the mail server marks the address, and nothing else does."""

import io
import sys

import pytest
from django.core.management import call_command

from cluster_portal.bounces import note_bounce
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.outbox import queue_mail

pytestmark = pytest.mark.django_db
REPORT = """\
From: MAILER-DAEMON@relay.example.org
To: portal@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="edge"

--edge
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.org

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user

--edge
Content-Type: {kind}

Message-ID: {message_id}
Subject: Admitted

--edge--
"""


@pytest.fixture
def mail(cast):
    queue_mail("members/admitted", about=cast.teacher.affiliations.get(), to=cast.teacher)
    return OutboxMail.objects.get()


def report_of(mail, **facts):
    told = {"to": mail.to.address, "action": "failed", "status": "5.1.1", "kind": "message/rfc822"}
    return REPORT.format(**told | {"message_id": mail.message_id} | facts).replace("\n", "\r\n").encode()


def failed_at(mail):
    return type(mail.to).objects.get(pk=mail.to_id).address_failed_at


@pytest.mark.parametrize(
    "facts", [{}, {"kind": "text/rfc822-headers"}, {"action": "Failed", "status": "5.7.0 (policy)"}]
)
def test_a_report_marks_the_address_and_stands_in_the_history_of_the_mail(mail, facts):
    assert note_bounce(report_of(mail, to=mail.to.address.upper(), **facts)) == mail
    line = AuditEntry.objects.get(verb="cluster_portal.outboxmail.come_back")
    assert (failed_at(mail) is None, line.object_id, line.values) == (False, mail.public_id, {})


OTHERS = {
    "a delay": {"action": "delayed", "status": "4.4.1"},
    "an address of somebody else": {"to": "other@example.org"},
    "a mail that is not ours": {"message_id": "<0@example.org>"},
    "no id": {"message_id": ""},
}


@pytest.mark.parametrize("facts", OTHERS.values(), ids=OTHERS)
def test_what_is_no_final_word_about_a_mail_of_ours_marks_nobody(mail, facts):
    assert note_bounce(report_of(mail, **facts)) is None
    assert failed_at(mail) is None


def test_an_address_that_was_corrected_meanwhile_is_not_marked(mail):
    report = report_of(mail)
    type(mail.to).objects.filter(pk=mail.to_id).update(contact_email="new@example.org")
    assert (note_bounce(report), failed_at(mail)) == (None, None)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"Subject: hello\r\n\r\nAre you there?"])
def test_what_is_no_report_is_passed_over(mail, text):
    assert note_bounce(text) is None


def test_the_command_reads_a_report_and_says_what_came_of_it(mail, monkeypatch, capsys):
    for report, said in (
        (report_of(mail), f"The address of the mail {mail.public_id} is marked."),
        (b"", "Nothing was marked."),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(report)))
        call_command("note_bounce")
        assert capsys.readouterr().out.strip() == said
