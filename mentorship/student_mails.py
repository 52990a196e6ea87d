"""The mails about a student of a pairing: who decides is asked, and who planned with a child hears how it stands."""

from typing import Any

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.links import absolute, signed_link
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import occasion_of
from mentorship.actions.mentors import NOT_CLEARED
from mentorship.actions.students import ASKED, PAUSED, PROFILE_CHANGED
from mentorship.leaving import has_teacher
from mentorship.models import Pairing, PairingStudent
from mentorship.pairing_mails import about_pairing, link_of_child, named_children, page_for, pairing_with
from mentorship.readers import channel_of, is_cleared
from mentorship.rules import coordinates_the_pairing
from mentorship.students import deciding_for, profile_of

State = PairingStudent.State


def _student(mail: OutboxMail) -> PairingStudent | None:
    people = ("pairing__mentor__person", "pairing__request__by", "pairing__request__affiliation__institution")
    return PairingStudent.objects.select_related("person", *people).filter(public_id=mail.about_id).first()


def _word_is_missing(mail: OutboxMail) -> bool:
    """The pairing is under way, and the reader decides for the student and has not said anything."""
    it = _student(mail)
    if it is None or it.state != State.ASKED or it.pairing.state != Pairing.State.ACTIVE:
        return False
    return mail.to_id in deciding_for([it])[it.pk].silent


def _stands_so(mail: OutboxMail) -> bool:
    """Nothing has changed about the student since."""
    it = _student(mail)
    return it is not None and it.state_since.isoformat() == occasion_of(mail)


def _teacher_is_there(mail: OutboxMail) -> bool:
    """The same, and the teacher still reads whole names of students."""
    it = _student(mail)
    return it is not None and _stands_so(mail) and has_teacher(it.pairing)


def _is_out(mail: OutboxMail) -> bool:
    """The pairing is under way, and the student is still not let in."""
    it = _student(mail)
    if it is None or it.state == State.LEFT or it.pairing.state != Pairing.State.ACTIVE:
        return False
    return it.person_id not in {one.pk for one in channel_of(it.pairing).learners}


def _says_otherwise(mail: OutboxMail) -> bool:
    """The reader has agreed to a mentor who says something else of themself since."""
    it = _student(mail)
    if it is None or it.state == State.LEFT or it.pairing.state != Pairing.State.ACTIVE:
        return False
    return mail.to_id in deciding_for([it])[it.pk].agreed_to(profile_of(it.pairing.mentor))


def _about_student(wanted: WantedMail) -> dict[str, Any]:
    it: PairingStudent = wanted.about
    own = wanted.to.pk == it.person_id
    return about_pairing(it.pairing) | {
        "student": it,
        "own": own,
        "child": it.person.given_name or it.person.full_name,
        "name": it.person.full_name,
        "teacher": it.pairing.request.by.full_name,
        "school": it.pairing.request.affiliation.institution.name,
        "page": f"{it.pairing.get_absolute_url()}students/",
        "approved": it.state == State.APPROVED,
        "refused": it.state == State.REFUSED,
    }


def _deciding_link(mail: OutboxMail) -> dict[str, str]:
    """The page on which the reader decides: by a link of their own, for oneself or as a guardian."""
    it = _student(mail)
    if it is not None and it.person_id == mail.to_id:
        return {"decide": signed_link("members.own_consent", mail.to.public_id)}
    found = link_of_child(mail.to, [it.person_id] if it else [])
    return {"decide": found.get("child", absolute("/me/"))}


def _page(mail: OutboxMail) -> dict[str, str]:
    it = pairing_with(public_id=mail.about_id)
    return {"page": page_for(mail.to, channel_of(it)) if it else absolute("/me/")}


def _is_not_cleared(mail: OutboxMail) -> bool:
    it = pairing_with(public_id=mail.about_id)
    return it is not None and channel_of(it).has_minors and not is_cleared(it)


def _about_clearance(wanted: WantedMail) -> dict[str, Any]:
    it: Pairing = wanted.about
    return about_pairing(it) | {
        "child": named_children(channel_of(it), wanted.to),
        "coordinates": coordinates_the_pairing(wanted.to, it),
    }


register_mail(
    MailKind(NOT_CLEARED, _is_not_cleared, secrets=_page, context=_about_clearance),
    MailKind(ASKED, _word_is_missing, secrets=_deciding_link, context=_about_student),
    MailKind(PAUSED, _is_out, secrets=_deciding_link, context=_about_student),
    MailKind(PROFILE_CHANGED, _says_otherwise, secrets=_deciding_link, context=_about_student),
    MailKind("mentorship/student_settled", _teacher_is_there, context=_about_student),
    MailKind("mentorship/student_out", _stands_so, context=_about_student),
)
