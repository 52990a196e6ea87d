"""The postman: takes due mail from the outbox in batches and hands it to the mail server.

A batch is claimed in one transaction and sent outside of any, over one connection for the whole run; each result is
stored at once. SMTP cannot promise exactly once: a worker that is killed between the server's yes and our note leaves
its mail in `sending`; it goes out again with the same Message-ID. We choose a rare double over a loss.
"""

import logging
import random
import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from cluster_portal import hooks
from cluster_portal.message import message_of
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import cancel_mails

BATCH = 50
RUN_LASTS = timedelta(minutes=4)  # beat starts the next one; the broker would give a longer task to a second worker
STUCK_AFTER = timedelta(minutes=15)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
GIVE_UP_AFTER = 165  # tries: with the pauses above about five days
ERASED_AT_ONCE = 1000
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trouble:
    """Why a mail did not go: who is to blame decides what happens to it."""

    code: str
    text: str
    for_good: bool = False
    address_is_bad: bool = False
    connection_is_gone: bool = False


class NoServer(Exception):
    """The mail server cannot be reached: no other mail of this run would fare better."""


def deliver_due_mail() -> int:
    """Send what is due, until nothing is left, the server is away, or the time of one run is over; return how many."""
    ends, sent, line = now() + RUN_LASTS, 0, _Line()
    try:
        while now() < ends and (batch := _claim()):
            sent += _send_all(batch, line, ends)
    except NoServer:
        log.warning("The mail server does not answer. Mail is put back and tried again.")
    finally:
        line.close()
    return sent


@transaction.atomic
def return_stuck_mail() -> int:
    """Put mail back that a worker took and never answered for, to be sent with the same Message-ID; return how many."""
    stuck = OutboxMail.objects.stuck(now() - STUCK_AFTER).select_for_update(no_key=True, skip_locked=True)
    rows = list(stuck.order_by("pk"))
    for row in rows:
        make_move(row, "put_back", by=None, reason=gettext_noop("the worker was lost"), attempts=row.attempts + 1)
    return len(rows)


def erase_old_text(before: datetime) -> int:
    """Erase what mail said that was done with before an instant, and to which address (a demonstration keeps it).

    Returns how many.
    """
    if settings.DEMO:
        return 0
    nothing = {"subject": "", "body_text": "", "calendar": [], "address": "", "error": ""}
    erased, old = 0, OutboxMail.objects.with_old_text(before)
    while keys := list(old.values_list("pk", flat=True)[:ERASED_AT_ONCE]):
        # Asked again, because somebody may have retried one since.
        erased += old.filter(pk__in=keys).update(**nothing)
    return erased


@transaction.atomic
def _claim() -> list[OutboxMail]:
    """Take the next due mails for ourselves; other workers pass them over."""
    due = OutboxMail.objects.due(now()).select_for_update(no_key=True, skip_locked=True, of=("self",))
    return make_moves(list(due.select_related("to")[:BATCH]), "claim", by=None)


def _send_all(batch: list[OutboxMail], line: "_Line", ends: datetime) -> int:
    """Send a batch, as long as the run lasts: the rest is put back before another worker takes it for stuck."""
    sent, sender = 0, hooks.sender()
    for position, mail in enumerate(batch):
        if now() >= ends:
            _put_back(batch[position:], gettext_noop("sending took too long"))
            break
        try:
            sent += _send(mail, line, sender)
        except NoServer as error:
            _wait_for_server(batch[position:], str(error))
            raise
    return sent


def _send(mail: OutboxMail, line: "_Line", sender: hooks.Sender) -> bool:
    """Check once more, send, and store what came of it; whether it went."""
    if not _is_ours(mail):
        log.warning("The mail %s was not in our hands any more before it was sent.", mail.public_id)
        return False
    try:
        if reason := _why_not(mail):
            _store(mail, "cancel", reason=reason)
            return False
        kind = hooks.mail_kinds[mail.template]
        line.send(message_of(mail, kind, mail.address or mail.to.address, sender))
    except NoServer:
        raise
    except Exception as error:
        _fail(mail, trouble_of(error), line)
        return False
    _store(mail, "send", sent_at=now(), error="", error_code="")
    if mail.to.address_failed_at and not mail.address:
        _mark_address(mail, None)
    return True


def _is_ours(mail: OutboxMail) -> bool:
    """Whether nobody took this mail from us: not cancelled, and not put back and claimed by another worker."""
    return OutboxMail.objects.filter(pk=mail.pk, state=OutboxMail.State.SENDING, state_since=mail.state_since).exists()


def _why_not(mail: OutboxMail) -> str:
    """Why this mail must not go any more, or nothing. Asked at sending, because much happens while a mail waits."""
    if mail.template not in hooks.mail_kinds:
        return gettext_noop("this kind of mail is not known any more")
    if not mail.to.is_active:
        return gettext_noop("the reader is suspended or erased")
    if not (mail.address or mail.to.address):
        return gettext_noop("the reader has no address any more")
    if mail.not_after and mail.not_after < now():
        return gettext_noop("too late to be of use")
    if not hooks.mail_kinds[mail.template].still_due(mail):
        return gettext_noop("not due any more")
    return ""


def trouble_of(error: Exception) -> Trouble:
    """What an error of the mail server means for the mail."""
    text = f"{type(error).__name__}: {error}"[:300]
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            code, words = next(iter(refused.values()))
            for_good = 500 <= code < 600
            return Trouble(f"refused_{code}", _words(words), for_good=for_good, address_is_bad=for_good)
        case smtplib.SMTPSenderRefused(smtp_code=code, smtp_error=words):
            return Trouble(f"sender_{code}", _words(words), connection_is_gone=code == 421)
        case smtplib.SMTPDataError(smtp_code=code, smtp_error=words):
            return Trouble(f"content_{code}", _words(words), for_good=500 <= code < 600, connection_is_gone=code == 421)
        case smtplib.SMTPNotSupportedError() | UnicodeError():
            return Trouble("address_not_possible", text, for_good=True, address_is_bad=True)
        case smtplib.SMTPException() | OSError():
            return Trouble("connection_lost", text, connection_is_gone=True)
    log.exception("A mail could not be made.", exc_info=error)
    return Trouble("not_made", text)


def _fail(mail: OutboxMail, trouble: Trouble, line: "_Line") -> None:
    if trouble.connection_is_gone:
        line.close()
    attempts = mail.attempts + 1
    facts = {"error": trouble.text, "error_code": trouble.code, "attempts": attempts}
    if trouble.for_good or attempts >= GIVE_UP_AFTER:
        _store(mail, "give_up", reason=trouble.code, **facts)
    else:
        _store(mail, "put_back", reason=trouble.code, not_before=_next_try(mail), **facts)
    if trouble.address_is_bad and mail.address in {"", mail.to.email}:
        _mark_address(mail, now())


def _mark_address(mail: OutboxMail, failed_at: datetime | None) -> None:
    """The desk shows whom mail does not reach; a mail that arrives takes the mark away."""
    type(mail.to)._base_manager.filter(pk=mail.to_id).update(address_failed_at=failed_at)


def _store(mail: OutboxMail, move: str, reason: str = "", **facts: Any) -> None:
    """Note a result. Whoever decided about the mail meanwhile wins."""
    try:
        with transaction.atomic():
            make_move(mail, move, by=None, reason=reason, **facts)
    except Refused:
        log.warning("The mail %s was not in our hands any more at the move %s.", mail.public_id, move)


def _put_back(batch: list[OutboxMail], reason: str) -> None:
    """Give back what we could not send, each for itself: one that somebody decided about does not keep the others."""
    for mail in batch:
        if _is_ours(mail):
            _store(mail, "put_back", reason=reason)


def _wait_for_server(batch: list[OutboxMail], words: str) -> None:
    for mail in batch:
        if _is_ours(mail):
            facts = {"error": words[:300], "error_code": "no_server", "attempts": mail.attempts + 1}
            _store(mail, "put_back", reason="no_server", not_before=_next_try(mail), **facts)


def _next_try(mail: OutboxMail) -> datetime:
    """Twice the pause each time, up to an hour, scattered so that thousands do not come back at one instant."""
    pause = min(FIRST_PAUSE * 2 ** min(mail.attempts, 10), LONGEST_PAUSE)
    at = now() + pause * random.uniform(0.5, 1)  # noqa: S311 (no secret)
    return min(at, mail.not_after) if mail.not_after else at


def _words(said: bytes | str) -> str:
    return (said.decode(errors="replace") if isinstance(said, bytes) else said)[:300]


class _Line:
    """One connection to the mail server for many mails, opened when the first is sent and again after it broke."""

    def __init__(self) -> None:
        self.backend: Any = None

    def send(self, message: Any) -> None:
        """Hand over one message; raises NoServer when there is nobody to hand it to."""
        if self.backend is None:
            self._open()
        self.backend.send_messages([message])

    def close(self) -> None:
        """Hang up, whatever state the line is in."""
        backend, self.backend = self.backend, None
        if backend is not None:
            try:
                backend.close()
            except (smtplib.SMTPException, OSError):
                log.info("The line to the mail server was broken already.")

    def _open(self) -> None:
        backend = get_connection()
        try:
            backend.open()
        except (smtplib.SMTPException, OSError) as error:
            raise NoServer(f"{type(error).__name__}: {error}") from error
        self.backend = backend


# The moves that the portal itself makes; those of people stand in outbox.ACTIONS.
ACTIONS = {
    "claim": deliver_due_mail,
    "send": deliver_due_mail,
    "give_up": deliver_due_mail,
    "put_back": return_stuck_mail,
    "cancel": cancel_mails,
}
