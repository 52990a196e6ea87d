"""A mail as it travels: multipart/mixed( alternative(text, HTML, calendar), the same calendar as a file ).

That is the shape that Gmail, Outlook and Apple Mail take for an invitation (decision 021).
"""

from collections.abc import Mapping
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, compat32
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage as DjangoMessage
from django.utils import translation

from cluster_portal import hooks, mailtext
from cluster_portal.models import OutboxMail


class Message(DjangoMessage):
    """Hands a ready MIME message to Django's mail backends."""

    def __init__(self, ready: EmailMessage, text: str, to: str) -> None:
        super().__init__(ready["Subject"], text, from_email=settings.DEFAULT_FROM_EMAIL, to=[to])
        self.ready = ready

    def message(self, **options: Any) -> EmailMessage:
        """The MIME message."""
        return self.ready


class _Ready(EmailMessage):
    """As Django's backends ask for it: they name the line separator, which the policy has settled already."""

    def as_bytes(self, unixfrom: bool = False, policy: Any = None, linesep: str = "") -> bytes:
        return super().as_bytes(unixfrom, policy=policy)


def message_of(mail: OutboxMail, kind: hooks.MailKind, address: str, sender: hooks.Sender) -> Message:
    """The mail to one address, with its links and codes put in."""
    text = mailtext.resolved(mail.body_text, _secrets(mail, kind))
    ready = _Ready(policy=SMTP)
    ready.make_mixed()
    for name, value in _headers(mail, kind, address, sender).items():
        ready[name] = value
    ready.attach(_alternatives(mail, text, sender))
    for number, (method, calendar) in enumerate(mail.calendar, start=1):
        ready.attach(_calendar_file(method, calendar, number))
    return Message(ready, text, address)


def _secrets(mail: OutboxMail, kind: hooks.MailKind) -> Mapping[str, str]:
    return kind.secrets(mail) if mailtext.secrets_in(mail.body_text) else {}


def _headers(mail: OutboxMail, kind: hooks.MailKind, address: str, sender: hooks.Sender) -> dict[str, str]:
    headers = {
        "From": settings.DEFAULT_FROM_EMAIL,
        "To": address,
        "Subject": mail.subject,
        "Date": _date(mail),
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
        "Content-Language": mail.language,
    }
    if sender.reply_to:
        headers["Reply-To"] = sender.reply_to
    if kind.bulk and (where := kind.unsubscribe(mail)):
        headers |= {"List-Unsubscribe": f"<{where}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers


def _date(mail: OutboxMail) -> Any:
    """When the mail was due: a second copy has the same date as the first."""
    return max(mail.queued_at, mail.not_before)


def _alternatives(mail: OutboxMail, text: str, sender: hooks.Sender) -> MIMEPart:
    with translation.override(mail.language):
        html = mailtext.as_html(text, mail.subject, mail.language, sender)
    part = MIMEPart(policy=SMTP)
    part.set_content(text)
    part.add_alternative(html, subtype="html")
    if mail.calendar:
        part.attach(_calendar_part(*mail.calendar[0]))
    return part


def _calendar_part(method: str, calendar: str) -> MIMEPart:
    part = MIMEPart(policy=SMTP)
    part.set_content(calendar, subtype="calendar", cte="base64")
    del part["Content-Type"]
    # Kept as it is written: the modern policy quotes the values, which not every mail program unquotes.
    part.policy = compat32
    part["Content-Type"] = f"text/calendar; method={method}; charset=UTF-8"
    return part


def _calendar_file(method: str, calendar: str, number: int) -> MIMEPart:
    part = _calendar_part(method, calendar)
    name = "invite.ics" if number == 1 else f"invite-{number}.ics"
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part
