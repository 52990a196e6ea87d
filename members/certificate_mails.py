"""The mail about certificates: issued, corrected, revoked."""

from typing import Any

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from members.certificates import held_by
from members.models import Certificate


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
    return {"certificate": signed_link("members.certificate", mail.about_id)}


register_mail(
    MailKind("members/certificate_issued", _still_held, secrets=_link, context=_about),
    MailKind("members/certificate_corrected", _still_held, secrets=_link, context=_about),
    MailKind("members/certificate_revoked", _is_revoked, context=_about),
)
