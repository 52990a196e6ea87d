"""The outbox: every mail is a row, written in the transaction of the action that causes it.

No mail leaves by another path. delivery.py sends what is due; the workers are only nudged, and a nudge that is lost is
made good by beat within a minute.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.utils import parseaddr
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal import hooks, mailtext
from cluster_portal.audit import record_many
from cluster_portal.hooks import WantedMail
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.nudge import nudge
from cluster_portal.prepared import AnyOf, Given, prepared

BATCH = 500


def queue_mail(
    template: str,
    about: Any,
    to: Any,
    *,
    occasion: str = "",
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    calendar: Sequence[Sequence[str]] = (),
    draft: bool = False,
    address: str = "",
) -> OutboxMail | None:
    """Write one mail to one person into the outbox, in the caller's transaction.

    The same template, object, reader and occasion is written once: a repeat adds nothing and returns None, as does a
    reader who has no address or is suspended. `draft` waits for somebody to release it. `address` is for mail about
    the account only: an address that is not (yet, or any more) the person's own.
    """
    wanted = WantedMail(template, about, to, occasion, not_before, not_after, calendar, draft, address)
    rows = _queue([wanted])
    return rows[0] if rows else None


def queue_mails(wanted: Iterable[WantedMail]) -> int:
    """Write many mails in few statements, a batch at a time; return how many were new."""
    return sum(len(_queue(_unwritten(batch))) for batch in _batches(wanted, BATCH))


def cancel_mails(about: Any, templates: Iterable[str] | None = None, reason: str = "") -> int:
    """Cancel the mail about an object that has not left yet (of all kinds, or of these); return how many."""
    rows = OutboxMail.objects.about(about).unfinished()
    if templates is not None:
        rows = rows.filter(template__in=list(templates))
    return cancel_rows(rows, reason)


@transaction.atomic
def cancel_rows(rows: Any, reason: str) -> int:
    """Cancel the mails of a queryset that have not left yet; return how many."""
    return len(make_moves(list(rows.select_for_update(no_key=True).order_by("pk")), "cancel", by=None, reason=reason))


@transaction.atomic
def hold_mail(mail: OutboxMail, by: Any) -> None:
    """Keep a mail back until somebody releases it."""
    make_move(mail, "hold", by=by)


@transaction.atomic
def release_mail(mail: OutboxMail, by: Any) -> None:
    """Let a held mail leave."""
    make_move(mail, "release", by=by)
    nudge()


@transaction.atomic
def retry_mail(mail: OutboxMail, by: Any) -> None:
    """Try a mail again that was given up, as long as its text is there."""
    current = OutboxMail.objects.select_for_update(no_key=True, of=("self",)).get(pk=mail.pk)
    if not current.body_text:
        raise Refused(
            _("Its text was erased when its time was over, and it would arrive empty. Write to its reader yourself.")
        )
    make_move(mail, "retry", by=by, attempts=0, error="", error_code="", not_before=_at_most(now(), mail.not_after))
    nudge()


ACTIONS = {"hold": hold_mail, "release": release_mail, "retry": retry_mail}


def key_of(wanted: WantedMail) -> str:
    """What makes a mail the same mail: template, object, reader, occasion."""
    about = wanted.about
    parts = (wanted.template, about._meta.label_lower, about.public_id, wanted.to.public_id, wanted.occasion)
    return ":".join(parts)


def occasion_of(mail: OutboxMail) -> str:
    """The occasion that the mail was queued with."""
    return mail.key.split(":", 4)[4]


def _queue(wanted: list[WantedMail]) -> list[OutboxMail]:
    at = now()
    reachable = [it for it in wanted if _may_be_written_to(it) and not (it.not_after and it.not_after <= at)]
    if not reachable:
        return []
    with transaction.atomic(savepoint=False):
        sender = hooks.sender()
        added = _insert([_row(it, sender, at) for it in reachable])
        record_many("cluster_portal.outboxmail.queue", added, by=None)
        if any(row.state == OutboxMail.State.QUEUED for row in added):
            nudge()
    return added


def _insert(rows: list[OutboxMail]) -> list[OutboxMail]:
    """The rows that were not there: ON CONFLICT DO NOTHING lets two transactions write the same key at once."""
    OutboxMail.objects.bulk_create(rows, ignore_conflicts=True)
    numbers = dict(_numbers_of(public_ids=[row.public_id for row in rows]))
    added = [row for row in rows if row.public_id in numbers]
    for row in added:
        row.pk = numbers[row.public_id]
        row._state.adding = False
    return added


def _row(wanted: WantedMail, sender: hooks.Sender, at: datetime) -> OutboxMail:
    subject, body = mailtext.rendered(wanted, sender)
    return OutboxMail(
        state=OutboxMail.State.DRAFT if wanted.draft else OutboxMail.State.QUEUED,
        key=key_of(wanted),
        template=wanted.template,
        about_model=wanted.about._meta.label_lower,
        about_id=wanted.about.public_id,
        to=wanted.to,
        address=wanted.address,
        language=wanted.to.language,
        subject=subject,
        body_text=body,
        calendar=[list(part) for part in wanted.calendar],
        message_id=new_message_id(),
        state_since=at,
        queued_at=at,
        not_before=wanted.not_before or at,
        not_after=wanted.not_after,
    )


def new_message_id() -> str:
    """A Message-ID, fixed at queueing: a mail that is sent twice is the same mail."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{secrets.token_hex(16)}@{domain[:80]}>"


def _may_be_written_to(wanted: WantedMail) -> bool:
    return wanted.to.is_active and bool(wanted.address or wanted.to.address)


def _unwritten(wanted: list[WantedMail]) -> list[WantedMail]:
    """Without those that the outbox holds already: rendering them again would be work for nothing.

    A single mail is rendered in less time than asking takes, and hardly ever there: `_insert` finds out.
    """
    if len(wanted) == 1:
        return wanted
    keys = {key_of(it): it for it in wanted}
    for key in _held_among(keys=list(keys)):
        del keys[key]
    return list(keys.values())


def _batches(wanted: Iterable[WantedMail], size: int) -> Iterator[list[WantedMail]]:
    rest = iter(wanted)
    while batch := list(islice(rest, size)):
        yield batch


def _at_most(at: datetime, limit: datetime | None) -> datetime:
    return at if limit is None else min(at, limit)


@prepared
def _held_among(keys: Given) -> QuerySet:
    rows = OutboxMail.objects.exclude(state=OutboxMail.State.CANCELLED).filter(AnyOf("key", keys))
    return rows.values_list("key", flat=True)


@prepared
def _numbers_of(public_ids: Given) -> QuerySet:
    return OutboxMail.objects.filter(AnyOf("public_id", public_ids)).values_list("public_id", "pk")
