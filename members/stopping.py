"""Bulk mail, and how one stops it: a kind of mail that nobody has to read says where it ends, in its text and head."""

from collections.abc import Callable
from typing import Any

from cluster_portal.hooks import MailKind
from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from members.models import Person, StoppedMail

PURPOSE = "members.unsubscribe"


def bulk_mail(template: str, still_due: Callable[[OutboxMail], bool], title: Any, **options: Any) -> MailKind:
    """A kind of mail that can be stopped; its text ends with {% include "_stop.txt" %}. `title` says what it is."""

    def wanted(mail: OutboxMail) -> bool:
        return still_due(mail) and not has_stopped(mail.to, template)

    def secrets(mail: OutboxMail) -> dict[str, str]:
        return {"stop": stop_link(mail)}

    return MailKind(template, wanted, secrets=secrets, unsubscribe=stop_link, bulk=True, title=title, **options)


def stop_link(mail: OutboxMail) -> str:
    """The address that stops this kind of mail for its reader."""
    return signed_link(PURPOSE, token_text(mail.to, mail.template))


def token_text(person: Person, template: str) -> str:
    """What the link holds: whose mail, of which kind. A slash would end it within an address."""
    return f"{person.public_id}.{template.replace('/', '.')}"


def has_stopped(person: Person, template: str) -> bool:
    """Whether somebody does not want a kind of mail."""
    return StoppedMail.objects.filter(person=person, template=template).exists()


def who_stopped(template: str) -> set[int]:
    """Whoever does not want a kind of mail, by key."""
    return set(StoppedMail.objects.filter(template=template).values_list("person", flat=True))
