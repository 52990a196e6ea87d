"""The mails about a pairing: a message, its end, who has left."""

from typing import Any

from cluster_portal.hooks import MailKind, WantedMail, register_mail, register_upload_reader
from cluster_portal.links import absolute, signed_link
from cluster_portal.models import OutboxMail, Upload
from members.models import Guardianship, Person
from mentorship.actions.leaving import LEFT_ALONE, MENTOR_LEFT, TEACHER_LEFT
from mentorship.channels import ENDED, Access
from mentorship.leaving import why_alone
from mentorship.models import Concern, MentorRequest, Message, Pairing, PairingFile
from mentorship.readers import Channel, channel_of
from mentorship.rules import judges_the_pairing


def about_pairing(pairing: Pairing) -> dict[str, Any]:
    """What every mail about a pairing may say."""
    return {
        "pairing": pairing,
        "title": pairing.request.title,
        "mentor": pairing.mentor.person.full_name,
        "page": pairing.get_absolute_url(),
    }


def pairing_with(**which: Any) -> Pairing | None:
    """The pairing of something (`messages__public_id=…`), with its people."""
    return Pairing.objects.with_people().filter(**which).first()


def named_children(channel: Channel, reader: Person) -> str:
    """The first names of one's children in a pairing, for a guardian; nothing for who is in it themself."""
    if any(it.pk == reader.pk for it in channel.members):
        return ""
    return ", ".join(it.given_name or it.full_name for it in channel.children_of(reader))


def link_of_child(reader: Person, children: Any) -> dict[str, str]:
    """For a guardian, who may have no account: the link that opens the page of the child."""
    it = Guardianship.objects.now().filter(guardian=reader, child__in=children).order_by("pk").first()
    return {"child": signed_link("members.consent", it.public_id)} if it else {}


def page_for(reader: Person, channel: Channel) -> str:
    """The page of a pairing; for a guardian the page of the child, which needs no account."""
    if not any(it.pk == reader.pk for it in channel.members):
        found = link_of_child(reader, [it.person_id for it in channel.students])
        if found:
            return found["child"]
    return absolute(channel.pairing.get_absolute_url())


def _may_read_message(mail: OutboxMail) -> bool:
    """The reader may read the thread, and can still answer."""
    pairing = pairing_with(messages__in=Message.objects.shown().filter(public_id=mail.about_id))
    return pairing is not None and pairing.state == Pairing.State.ACTIVE and _may(pairing, mail.to, Access.TALK)


def _may(pairing: Pairing, person: Person, wanted: Access) -> bool:
    return channel_of(pairing).may(person, wanted)


def _is_ended(mail: OutboxMail) -> bool:
    it = pairing_with(public_id=mail.about_id)
    return it is not None and it.state in ENDED and _may(it, mail.to, Access.RECORD)


def _page_of_ended(mail: OutboxMail) -> dict[str, str]:
    it = pairing_with(public_id=mail.about_id)
    return {"page": page_for(mail.to, channel_of(it)) if it else absolute("/me/")}


def _about_message(wanted: WantedMail) -> dict[str, Any]:
    it: Message = wanted.about
    channel: Channel = wanted.ground or channel_of(it.pairing)
    page = f"{it.pairing.get_absolute_url()}messages/"
    return about_pairing(it.pairing) | {"who": channel.name_of(it.by, wanted.to), "page": page}


def _about_end(wanted: WantedMail) -> dict[str, Any]:
    it: Pairing = wanted.about
    return about_pairing(it) | {
        "completed": it.state == Pairing.State.COMPLETED,
        "child": named_children(wanted.ground or channel_of(it), wanted.to),
        "because": it.because if wanted.to.pk in {it.mentor.person_id, it.request.by_id} else "",
        "is_teacher": wanted.to.pk == it.request.by_id,
    }


def _is_alone(mail: OutboxMail) -> bool:
    """One of the two has left, and the reader, who decides, is neither."""
    it = pairing_with(public_id=mail.about_id)
    return it is not None and bool(why_alone(it)) and judges_the_pairing(mail.to, it)


def _about_alone(wanted: WantedMail) -> dict[str, Any]:
    it: Pairing = wanted.about
    return about_pairing(it) | {"why": why_alone(it), "with_students": it.with_students}


def _about_departure(wanted: WantedMail) -> dict[str, Any]:
    """Nobody is named: whoever has left is erased."""
    it: Pairing = wanted.about
    is_sought = it.request.state == MentorRequest.State.OPEN and wanted.to.pk == it.request.by_id
    return {"title": it.request.title, "child": named_children(channel_of(it), wanted.to), "sought": is_sought}


def may_read_file(person: Any, upload: Upload) -> bool:
    """Whoever reads the messages of the pairing reads its files; one that was taken back, who watches over it.

    What a coordinator was told of, they read wherever it is.
    """
    pairing = pairing_with(files__public_id=upload.about_id) if person.is_authenticated else None
    if pairing is None:
        return False
    is_shown = PairingFile.objects.shown().filter(public_id=upload.about_id).exists()
    told = Concern.objects.kept_by(person).filter(file__public_id=upload.about_id)
    return _may(pairing, person, Access.TALK if is_shown else Access.TALK | Access.KEPT) or told.exists()


register_upload_reader(PairingFile._meta.label_lower, may_read_file)
register_mail(
    MailKind("mentorship/message", _may_read_message, context=_about_message),
    MailKind("mentorship/pairing_ended", _is_ended, secrets=_page_of_ended, context=_about_end),
    MailKind(LEFT_ALONE, _is_alone, context=_about_alone),
    MailKind(MENTOR_LEFT, _is_ended, secrets=_page_of_ended, context=_about_departure),
    MailKind(TEACHER_LEFT, _is_ended, secrets=_page_of_ended, context=_about_departure),
)
