"""The mail about certificates: issued, corrected, revoked; and their links on the day on which a child is of age."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from cluster_portal.hooks import MailKind, Reminder, WantedMail, register_mail, register_reminder
from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from members.certificates import can_be_mailed, held_by, link_for
from members.models import AgePolicy, Certificate, Person
from members.models.ages import latest_birth_date_of_an_adult
from members.reminders import mornings

OF_AGE = "members/certificates_of_age"


def _still_held(mail: OutboxMail) -> bool:
    """It holds, and the reader may fetch it."""
    return held_by(mail.to).valid().filter(public_id=mail.about_id).exists()


def _is_revoked(mail: OutboxMail) -> bool:
    """It was revoked, and the reader had it."""
    revoked = Certificate.objects.filter(public_id=mail.about_id, state=Certificate.State.REVOKED)
    return revoked.filter(pk__in=held_by(mail.to).values("pk")).exists()


def _about(wanted: WantedMail) -> dict[str, Any]:
    it = wanted.about
    return {"it": it, "for_child": wanted.to.pk != it.person_id}


def _link(mail: OutboxMail) -> dict[str, str]:
    return {"certificate": _link_of(Certificate.objects.get(public_id=mail.about_id), mail.to)}


def _link_of(it: Certificate, reader: Person) -> str:
    return signed_link("members.certificate", link_for(it, reader))


def _due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """Whoever decides alone from this day on gets the links of what was issued to their guardians, once."""
    for leaves in mornings(since, until):
        alone, day = AgePolicy.current().alone_from, leaves.date()
        after = latest_birth_date_of_an_adult(day - timedelta(days=1), alone)
        until_then = latest_birth_date_of_an_adult(day, alone)
        rows = _of_guardians().filter(person__birth_date__gt=after, person__birth_date__lte=until_then)
        theirs: dict[Person, list[Certificate]] = {}
        for it in rows.select_related("person").order_by("person", "pk"):
            theirs.setdefault(it.person, []).append(it)
        for person, certificates in theirs.items():
            if can_be_mailed(person):
                yield WantedMail(OF_AGE, person, person, day.isoformat(), leaves, ground=certificates)


def _of_guardians():
    return Certificate.objects.valid().with_name().exclude(issued_to=None)


def _has_any(mail: OutboxMail) -> bool:
    """There is still something to fetch, and the reader fetches it alone."""
    return _of_guardians().filter(pk__in=held_by(mail.to).values("pk"), person=mail.to).exists()


def _links_of_age(mail: OutboxMail) -> dict[str, str]:
    return {it.public_id: _link_of(it, mail.to) for it in Certificate.objects.filter(person=mail.to)}


register_mail(
    MailKind("members/certificate_issued", _still_held, secrets=_link, context=_about),
    MailKind("members/certificate_corrected", _still_held, secrets=_link, context=_about),
    MailKind("members/certificate_revoked", _is_revoked, context=_about),
    MailKind(OF_AGE, _has_any, secrets=_links_of_age, context=lambda wanted: {"certificates": wanted.ground}),
)
# What was revoked meanwhile is not mailed: `still_due` asks at sending, and mails wait a day at most.
register_reminder(Reminder(OF_AGE, _due, lambda mails: mails.none()))
