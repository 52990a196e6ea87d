"""The postman, against a real SMTP server."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
import time_machine
from django.core.management import call_command
from django.utils.timezone import now

from cluster_portal import delivery, hooks
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import hold_mail, queue_mail, retry_mail
from courses import calendars
from courses.mails import about_enrolment
from courses.models import Enrolment
from members.models import Cluster
from tests.factories import EnrolmentFactory, PersonFactory, RunFactory, SessionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.smtp]
State = OutboxMail.State


def queue(enrolment=None, template="courses/confirmed", **options):
    enrolment = enrolment or EnrolmentFactory()
    return queue_mail(template, about=enrolment, to=enrolment.person, **options)


def later():
    """When a run that begins now would end."""
    return now() + delivery.RUN_LASTS


def state_of(mail):
    mail.refresh_from_db()
    return mail.state


def test_mail_goes_out_once_and_says_who_answers(sink):
    Cluster.objects.create(pk=1, name="Кластер", contact_email="office@example.org", time_zone="Europe/Moscow")
    mail = queue(EnrolmentFactory(person__email="anna@example.org"))
    assert (delivery.deliver_due_mail(), delivery.deliver_due_mail()) == (1, 0)
    (sent,) = sink.mails
    assert {name: sent[name] for name in ("To", "From", "Reply-To", "Subject", "Message-ID", "Auto-Submitted")} == {
        "To": "anna@example.org",
        "From": "portal@example.org",
        "Reply-To": "office@example.org",
        "Subject": mail.subject,
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
    }
    assert sent["List-Unsubscribe"] is None
    assert [part.get_content_type() for part in sent.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert state_of(mail) == State.SENT
    assert mail.sent_at is not None


def test_history_tells_every_step(sink):
    mail = queue()
    delivery.deliver_due_mail()
    verbs = AuditEntry.objects.filter(object_id=mail.public_id).order_by("pk").values_list("verb", flat=True)
    assert [verb.rpartition(".")[2] for verb in verbs] == ["queue", "claim", "send"]


def test_invitation_travels_as_clients_want_it(sink):
    run = RunFactory(course__title="Очень длинное название курса о работе с искусственным интеллектом в школе")
    SessionFactory(run=run, starts_at=now() + timedelta(days=3))
    enrolment = EnrolmentFactory(run=run)
    queue(enrolment, calendar=calendars.invite(enrolment))
    delivery.deliver_due_mail()
    (sent,) = sink.mails
    mixed = list(sent.iter_parts())
    alternative, attached = list(mixed[0].iter_parts()), mixed[1]
    assert [part.get_content_type() for part in alternative] == ["text/plain", "text/html", "text/calendar"]
    calendar = alternative[2]
    assert dict(calendar["Content-Type"].params) == {"method": "REQUEST", "charset": "UTF-8"}
    assert b"text/calendar; method=REQUEST; charset=UTF-8" in sink.raw[0]
    assert attached.get_filename() == "invite.ics"
    assert attached.get_payload(decode=True) == calendar.get_payload(decode=True)
    lines = calendar.get_payload(decode=True).split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert b"ORGANIZER" in b"".join(lines)


def test_secret_links_are_made_at_sending_and_never_stored(sink):
    enrolment = EnrolmentFactory(state="offered")
    mail = queue(enrolment, "courses/offered")
    delivery.deliver_due_mail()
    (sent,) = sink.mails
    text = sent.get_body(("plain",)).get_content()
    assert f"http://testserver/offer/{enrolment.public_id}.{enrolment.person.public_id}:" in text
    assert "/offer/" not in OutboxMail.objects.get(pk=mail.pk).body_text


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"suspended_at": now()}, "the reader is suspended or erased"),
        ({"email": None}, "the reader has no address any more"),
    ],
    ids=["suspended", "without address"],
)
def test_reader_is_checked_again_at_sending(sink, facts, reason):
    mail = queue()
    type(mail.to).objects.filter(pk=mail.to_id).update(**facts)
    assert delivery.deliver_due_mail() == 0
    assert state_of(mail) == State.CANCELLED
    assert AuditEntry.objects.filter(object_id=mail.public_id).latest("pk").reason == reason
    assert sink.raw == []


def test_mail_goes_to_the_address_of_today(sink):
    mail = queue()
    type(mail.to).objects.filter(pk=mail.to_id).update(email="new@example.org")
    delivery.deliver_due_mail()
    assert sink.mails[0]["To"] == "new@example.org"


def test_mail_whose_cause_is_gone_is_cancelled(sink):
    enrolment = EnrolmentFactory()
    mail = queue(enrolment)
    Enrolment.objects.filter(pk=enrolment.pk).update(state="cancelled")
    delivery.deliver_due_mail()
    assert (state_of(mail), sink.raw) == (State.CANCELLED, [])


def test_late_mail_is_cancelled_and_early_mail_waits(sink):
    late = queue(not_after=now() + timedelta(minutes=5))
    early = queue(not_before=now() + timedelta(days=2))
    with time_machine.travel(now() + timedelta(minutes=6)):
        delivery.deliver_due_mail()
    assert (state_of(late), state_of(early), sink.raw) == (State.CANCELLED, State.QUEUED, [])


def test_held_mail_stays(sink):
    mail = queue()
    hold_mail(mail, by=PersonFactory())
    assert delivery.deliver_due_mail() == 0
    assert state_of(mail) == State.DRAFT


def test_refused_address_is_marked_and_not_tried_again(sink):
    mail, other = queue(), queue()
    sink.refused[mail.to.email] = "550 5.1.1 no such user"
    assert delivery.deliver_due_mail() == 1
    assert (state_of(mail), mail.error_code, mail.error) == (State.FAILED, "refused_550", "5.1.1 no such user")
    assert type(mail.to).objects.get(pk=mail.to_id).address_failed_at is not None
    assert state_of(other) == State.SENT
    with time_machine.travel(now() + timedelta(days=2)):
        assert delivery.deliver_due_mail() == 0
    retry_mail(mail, by=PersonFactory())
    sink.refused.clear()
    assert delivery.deliver_due_mail() == 1
    assert sink.connections == 2
    assert type(mail.to).objects.get(pk=mail.to_id).address_failed_at is None


def test_busy_server_is_asked_again_later_and_later(sink):
    mail = queue()
    sink.refused[mail.to.email] = "451 come back later"
    pauses = []
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(9):
            delivery.deliver_due_mail()
            assert state_of(mail) == State.QUEUED
            pauses.append((mail.not_before - now()).total_seconds())
            clock.move_to(mail.not_before)
    assert all(30 * 2**n <= pause <= 60 * 2**n for n, pause in enumerate(pauses[:6]))
    assert all(1800 <= pause <= 3600 for pause in pauses[6:])
    assert mail.attempts == 9


def test_refused_content_is_the_mails_fault_not_the_readers(sink):
    mail = queue()
    sink.answers = lambda content: "554 looks like spam"
    delivery.deliver_due_mail()
    assert (state_of(mail), mail.error_code) == (State.FAILED, "content_554")
    assert type(mail.to).objects.get(pk=mail.to_id).address_failed_at is None


def test_server_that_is_down_delays_one_batch_and_loses_nothing(sink, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 2)
    mails = [queue() for _ in range(3)]
    sink.stop()
    assert delivery.deliver_due_mail() == 0
    assert [state_of(mail) for mail in mails] == [State.QUEUED] * 3
    assert [mail.error_code for mail in mails] == ["no_server", "no_server", ""]
    sink.start()
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert delivery.deliver_due_mail() == 3
    assert len(sink.raw) == 3


def test_server_that_hangs_up_is_called_again(sink):
    mails = [queue() for _ in range(3)]
    answers = iter(["421 too many mails over one line", None, None, None])
    sink.answers = lambda content: next(answers)
    assert delivery.deliver_due_mail() == 2
    assert sink.connections == 2
    assert sorted(state_of(mail) for mail in mails) == ["queued", "sent", "sent"]


def test_mail_that_cannot_be_made_harms_no_other(sink):
    broken, fine = queue(), queue()
    OutboxMail.objects.filter(pk=broken.pk).update(body_text="⟦unknown⟧")
    assert delivery.deliver_due_mail() == 1
    assert (state_of(broken), broken.error_code, state_of(fine)) == (State.QUEUED, "not_made", State.SENT)


def test_mail_is_given_up_by_the_number_of_tries_and_retry_begins_anew(sink):
    mail = queue()
    sink.refused[mail.to.email] = "451 come back later"
    with time_machine.travel(now(), tick=False) as clock:
        began = now()
        while state_of(mail) != State.FAILED:
            clock.move_to(mail.not_before)
            delivery.deliver_due_mail()
        assert mail.attempts == delivery.GIVE_UP_AFTER
        assert timedelta(days=4.5) < now() - began < timedelta(days=5.5)
        retry_mail(mail, by=PersonFactory())
        delivery.deliver_due_mail()
    assert (state_of(mail), mail.attempts) == (State.QUEUED, 1)


def test_lost_worker_leaves_mail_that_goes_out_with_the_same_id(sink):
    mail = queue()
    delivery._claim()
    assert delivery.return_stuck_mail() == 0
    with time_machine.travel(now() + timedelta(minutes=16)):
        assert delivery.return_stuck_mail() == 1
        assert delivery.deliver_due_mail() == 1
    assert sink.mails[0]["Message-ID"] == mail.message_id


def test_second_copy_has_the_date_of_the_first(sink):
    mail = queue()
    with time_machine.travel(now() + timedelta(minutes=30)):
        delivery.deliver_due_mail()
    assert abs(parsedate_to_datetime(sink.mails[0]["Date"]) - mail.queued_at) < timedelta(seconds=1)


def test_old_text_is_erased_but_in_a_demonstration(sink, settings):
    done, waiting = queue(address="former@example.org"), queue(not_before=now() + timedelta(days=400))
    delivery.deliver_due_mail()
    OutboxMail.objects.filter(pk=done.pk).update(error="450 <former@example.org> is busy")
    before, later = now() - timedelta(days=1), now() + timedelta(days=1)
    settings.DEMO = True
    assert delivery.erase_old_text(later) == 0
    settings.DEMO = False
    assert (delivery.erase_old_text(before), delivery.erase_old_text(later)) == (0, 1)
    done.refresh_from_db()
    waiting.refresh_from_db()
    assert (done.subject, done.body_text, done.calendar, done.address, done.error) == ("", "", [], "", "")
    assert all((waiting.subject, waiting.body_text))


def test_mail_whose_text_was_erased_is_not_tried_again(sink):
    mail = queue()
    sink.refused[mail.to.email] = "550 5.1.1 no such user"
    delivery.deliver_due_mail()
    with time_machine.travel(now() + timedelta(days=91)):
        assert delivery.erase_old_text(now() - timedelta(days=90)) == 1
        with pytest.raises(Refused, match="text was erased"):
            retry_mail(mail, by=PersonFactory())
        assert delivery.deliver_due_mail() == 0
    assert state_of(mail) == State.FAILED


def test_one_line_serves_many_batches(sink, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH", 3)
    enrolments = [EnrolmentFactory(run=run) for run in [RunFactory()] for _ in range(8)]
    for enrolment in enrolments:
        queue(enrolment)
    assert delivery.deliver_due_mail() == 8
    assert sink.connections == 1


def test_someone_who_decides_meanwhile_wins(sink):
    """A mail that was cancelled while it was on its way stays cancelled, and the postman goes on."""
    mail, other = queue(), queue()
    batch, line = delivery._claim(), delivery._Line()
    make_move(OutboxMail.objects.get(pk=mail.pk), "cancel", by=None, reason="meanwhile")
    delivery._send_all(batch, line, later())
    line.close()
    assert (state_of(mail), state_of(other)) == (State.CANCELLED, State.SENT)
    assert len(sink.raw) == 1


def test_mail_that_another_worker_has_claimed_meanwhile_is_left_to_it(sink):
    mail = queue()
    batch, line = delivery._claim(), delivery._Line()
    with time_machine.travel(now() + delivery.STUCK_AFTER + timedelta(minutes=1)):
        delivery.return_stuck_mail()
        delivery._claim()
        assert delivery._send_all(batch, line, later()) == 0
        delivery._wait_for_server(batch, "no answer")
    assert (state_of(mail), mail.attempts, sink.raw) == (State.SENDING, 1, [])


def test_slow_server_ends_the_run_and_the_rest_of_the_batch_is_put_back(sink):
    mails = [queue() for _ in range(3)]
    with time_machine.travel(now(), tick=False) as clock:
        sink.answers = lambda content: clock.shift(delivery.RUN_LASTS)
        assert delivery.deliver_due_mail() == 1
        assert [(state_of(mail), mail.attempts) for mail in mails] == [("sent", 0), ("queued", 0), ("queued", 0)]
        sink.answers = lambda content: None
        assert delivery.deliver_due_mail() == 2
    assert len(sink.raw) == 3


def test_mail_that_was_decided_about_does_not_keep_others_from_being_put_back(sink, monkeypatch):
    mail, other = queue(), queue()
    batch = delivery._claim()
    make_move(OutboxMail.objects.get(pk=mail.pk), "cancel", by=None, reason="meanwhile")
    monkeypatch.setattr(delivery, "_is_ours", lambda mail: True)  # cancelled between our look and our move
    delivery._wait_for_server(batch, "no answer")
    assert (state_of(mail), state_of(other), other.error_code) == (State.CANCELLED, State.QUEUED, "no_server")


def test_command_prints_how_many(sink, capsys):
    queue()
    call_command("deliver_mail")
    assert capsys.readouterr().out == "1 mails sent, 0 put back that a lost worker had taken.\n"


def test_bulk_mail_can_be_unsubscribed_with_one_click(sink, monkeypatch):
    kind = hooks.MailKind(
        "courses/confirmed", lambda mail: True, context=about_enrolment, bulk=True,
        unsubscribe=lambda mail: f"http://testserver/unsubscribe/{mail.to.public_id}:1/",
    )  # fmt: skip
    monkeypatch.setitem(hooks.mail_kinds, "courses/confirmed", kind)
    mail = queue()
    delivery.deliver_due_mail()
    (sent,) = sink.mails
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent["List-Unsubscribe"].startswith(f"<http://testserver/unsubscribe/{mail.to.public_id}:")


def test_demonstration_writes_mail_into_files(settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", tmp_path
    mails = [queue(), queue()]
    assert delivery.deliver_due_mail() == 2
    (file,) = tmp_path.iterdir()
    assert all(mail.message_id in file.read_text() for mail in mails)
