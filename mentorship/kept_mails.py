"""The mails about concerns and about what was hidden. None says what was written: that stands on a page."""

from typing import Any

from django.urls import reverse

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.links import absolute
from cluster_portal.models import OutboxMail
from mentorship.channels import Access
from mentorship.models import Concern, Pairing, PairingFile, TakenBack
from mentorship.pairing_mails import about_pairing, page_for, pairing_with
from mentorship.readers import channel_of
from mentorship.rules import judges_the_pairing


def _waits_for_the_reader(mail: OutboxMail) -> bool:
    it = Concern.objects.open().filter(public_id=mail.about_id).select_related("pairing__request__affiliation").first()
    return it is not None and judges_the_pairing(mail.to, it.pairing)


def _is_settled(mail: OutboxMail) -> bool:
    return Concern.objects.filter(public_id=mail.about_id, settled_at__isnull=False).exists()


def _is_hidden(mail: OutboxMail) -> bool:
    return TakenBack.objects.filter(public_id=mail.about_id).exists()


def _may_read_file(mail: OutboxMail) -> bool:
    """It is still shared, and the reader still reads what is."""
    pairing = pairing_with(files__in=PairingFile.objects.shown().filter(public_id=mail.about_id))
    is_on = pairing is not None and pairing.state == Pairing.State.ACTIVE
    return is_on and channel_of(pairing).may(mail.to, Access.TALK)


def _about_concern(wanted: WantedMail) -> dict[str, Any]:
    it: Concern = wanted.about
    page = reverse("mentorship:desk_concern", args=[it.public_id])
    is_hidden = TakenBack.objects.filter(message=it.message, file=it.file).exists()
    return about_pairing(it.pairing) | {"is_file": it.file_id is not None, "is_hidden": is_hidden, "page": page}


def _about_hidden(wanted: WantedMail) -> dict[str, Any]:
    it: TakenBack = wanted.about
    return about_pairing(it.pairing) | {"is_file": it.file_id is not None, "because": it.because}


def _about_file(wanted: WantedMail) -> dict[str, Any]:
    it: PairingFile = wanted.about
    channel = wanted.ground or channel_of(it.pairing)
    page = f"{it.pairing.get_absolute_url()}files/"
    return about_pairing(it.pairing) | {"who": channel.name_of(it.by, wanted.to), "page": page}


def _page_of_concern(mail: OutboxMail) -> dict[str, str]:
    pairing = pairing_with(concerns__public_id=mail.about_id)
    return {"page": page_for(mail.to, channel_of(pairing)) if pairing else absolute("/me/")}


register_mail(
    MailKind("mentorship/file_shared", _may_read_file, context=_about_file),
    MailKind("mentorship/concern", _waits_for_the_reader, context=_about_concern),
    MailKind("mentorship/concern_settled", _is_settled, secrets=_page_of_concern, context=_about_concern),
    MailKind("mentorship/hidden", _is_hidden, context=_about_hidden),
)
