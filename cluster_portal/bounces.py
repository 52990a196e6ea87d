"""Reports of mail that was taken and came back later (RFC 3464): a mail server sends them minutes or days after."""

from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import default

from django.db import transaction
from django.utils.timezone import now

from cluster_portal.audit import record
from cluster_portal.models import OutboxMail


@transaction.atomic
def note_bounce(report: bytes) -> OutboxMail | None:
    """Mark the address from which a mail of ours came back for good; return the mail.

    None when nothing is to be marked: it is no such report, only a delay, about a mail that is not ours, or about an
    address that the reader has no more. Whoever forges a report would have to know the random id of the mail.
    """
    message = message_from_bytes(report, policy=default)
    mail = OutboxMail.objects.select_related("to").filter(message_id=_original_id(message)).first()
    if mail is None or mail.to.address.casefold() not in _failed_for_good(message):
        return None
    type(mail.to)._base_manager.filter(pk=mail.to_id).update(address_failed_at=now())
    record("cluster_portal.outboxmail.come_back", mail, by=None)
    return mail


def _original_id(message: Message) -> str:
    """The Message-ID of the mail that came back, which the report carries whole or by its headers; "" without."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            return str(part.get_payload(0)["Message-ID"] or "").strip()
        if part.get_content_type() == "text/rfc822-headers":
            return str(message_from_string(part.get_payload(), policy=default)["Message-ID"] or "").strip()
    return ""


def _failed_for_good(message: Message) -> set[str]:
    """The addresses that the report gives up, in small letters."""
    return {
        block["Final-Recipient"].rpartition(";")[2].strip().casefold()
        for block in _recipients(message)
        if block["Action"].strip().casefold() == "failed" and block["Status"].strip().startswith("5")
    }


def _recipients(message: Message) -> Iterator[Message]:
    """The blocks of a report that speak of one recipient each."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            yield from (it for it in blocks if all(it[name] for name in ("Final-Recipient", "Action", "Status")))
