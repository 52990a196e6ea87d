"""The mails about meetings; those to guardians have their child's name, and the link of the child's page."""

from datetime import datetime
from typing import Any

from django.utils.timezone import now

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.links import absolute
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import occasion_of
from mentorship.channels import Access
from mentorship.models import Meeting, Pairing
from mentorship.pairing_mails import about_pairing, named_children, page_for, pairing_with
from mentorship.readers import Channel, channel_of

State = Meeting.State


def meeting_of(mail: OutboxMail) -> tuple[Meeting, Channel] | None:
    """The meeting of a mail and its pairing."""
    meeting, pairing = (
        Meeting.objects.filter(public_id=mail.about_id).first(),
        pairing_with(meetings__public_id=mail.about_id),
    )
    if meeting is None or pairing is None:
        return None
    meeting.pairing = pairing
    return meeting, channel_of(pairing)


def _takes_place(mail: OutboxMail) -> bool:
    """It is planned and ahead, the pairing is under way, and the reader may know of it."""
    found = meeting_of(mail)
    if found is None:
        return False
    meeting, channel = found
    is_on = meeting.state == State.PLANNED and meeting.ends_at > now()
    return is_on and channel.facts.state == Pairing.State.ACTIVE and channel.may(mail.to, Access.RECORD)


def _is_tomorrow(mail: OutboxMail) -> bool:
    """It takes place when the reminder says, and nothing stands in its way."""
    found = meeting_of(mail)
    if found is None or not _takes_place(mail):
        return False
    meeting, channel = found
    return meeting.starts_at.isoformat() == occasion_of(mail) and not channel.must_not_meet(meeting.starts_at)


def _is_cancelled(mail: OutboxMail) -> bool:
    """Whoever was told of it hears that it is off: also who may not read here any more."""
    return Meeting.objects.filter(public_id=mail.about_id, state=State.CANCELLED).exists()


def _about_meeting(wanted: WantedMail) -> dict[str, Any]:
    it: Meeting = wanted.about
    channel: Channel = wanted.ground or channel_of(it.pairing)
    return about_pairing(it.pairing) | {
        "meeting": it,
        "alone": not channel.facts.is_accompanied,
        "child": named_children(channel, wanted.to),
        "online": bool(it.online_link),
    }


def _about_left(wanted: WantedMail) -> dict[str, Any]:
    return about_pairing(wanted.about.pairing) | {"meeting": wanted.about}


def _page(mail: OutboxMail) -> dict[str, str]:
    found = meeting_of(mail)
    return {"page": page_for(mail.to, found[1]) if found else absolute("/me/")}


def occasion_at(start: datetime) -> str:
    """What makes a reminder another one: the start of the meeting."""
    return start.isoformat()


register_mail(
    MailKind("mentorship/meeting_planned", _takes_place, secrets=_page, context=_about_meeting),
    MailKind("mentorship/meeting_moved", _takes_place, secrets=_page, context=_about_meeting),
    MailKind("mentorship/meeting_cancelled", _is_cancelled, secrets=_page, context=_about_meeting),
    MailKind("mentorship/meeting_blocked", _is_cancelled, secrets=_page, context=_about_meeting),
    MailKind("mentorship/meeting_left", lambda mail: True, context=_about_left),
    MailKind("mentorship/meeting_tomorrow", _is_tomorrow, secrets=_page, context=_about_meeting),
)
