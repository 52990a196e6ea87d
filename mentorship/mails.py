"""The mails about offers and requests. None says who declined, and none how somebody is reached."""

from typing import Any

from django.urls import reverse
from django.utils.formats import date_format

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.models import OutboxMail
from mentorship.clock import coordinators_for
from mentorship.models import Mentor, MentorRequest, Pairing
from mentorship.words import day_of

State, Answer = MentorRequest.State, Pairing.State
OPEN_WAITS, PROPOSAL_WAITS, AGREEMENT_WAITS = (
    "mentorship/open_waits",
    "mentorship/proposal_waits",
    "mentorship/agreement_waits",
)
CLEARANCE_ENDING = "mentorship/clearance_ending"


def _own_offer(mail: OutboxMail, *states: str) -> bool:
    return Mentor.objects.filter(public_id=mail.about_id, person=mail.to_id, state__in=states).exists()


def _is_here(mail: OutboxMail) -> bool:
    return _own_offer(mail, *Mentor.HERE)


def _own_request(mail: OutboxMail, *states: str) -> bool:
    return MentorRequest.objects.filter(public_id=mail.about_id, by=mail.to_id, state__in=states).exists()


def _waits_for_coordinators(mail: OutboxMail) -> bool:
    it = MentorRequest.objects.open().filter(public_id=mail.about_id).select_related("affiliation__institution").first()
    return it is not None and mail.to_id in {one.pk for one in coordinators_for(it)}


def _mentor_is_asked(mail: OutboxMail) -> bool:
    return Pairing.objects.filter(public_id=mail.about_id, mentor__person=mail.to_id, state=Answer.PROPOSED).exists()


def _teacher_is_asked(mail: OutboxMail) -> bool:
    return Pairing.objects.filter(public_id=mail.about_id, request__by=mail.to_id, state=Answer.ACCEPTED).exists()


def _was_asked(mail: OutboxMail) -> bool:
    return Pairing.objects.filter(public_id=mail.about_id, mentor__person=mail.to_id, state=Answer.WITHDRAWN).exists()


def _had_a_yes(mail: OutboxMail) -> bool:
    return Pairing.objects.filter(public_id=mail.about_id, request__by=mail.to_id, state=Answer.WITHDRAWN).exists()


def _about_mentor(wanted: WantedMail) -> dict[str, Any]:
    it: Mentor = wanted.about
    return {
        "mentor": it,
        "page": reverse("mentorship:offer"),
        "cleared_until": date_format(it.clearance_until) if it.clearance_until else "",
    }


def about_request(request: MentorRequest) -> dict[str, Any]:
    """What every mail about a request may say."""
    return {
        "request": request,
        "title": request.title,
        "institution": request.affiliation.institution,
        "page": request.get_absolute_url(),
        "until": day_of(request.answer_by),
        "asked_on": day_of(request.asked_at),
        "reason": request.closed_because,
    }


def _about_request(wanted: WantedMail) -> dict[str, Any]:
    return about_request(wanted.about)


def about_pairing(wanted: WantedMail) -> dict[str, Any]:
    """What every mail about a pairing that is not under way yet may say."""
    it: Pairing = wanted.about
    return about_request(it.request) | {
        "answer_page": reverse("mentorship:asked", args=[it.public_id]),
        "agree_page": reverse("mentorship:agree", args=[it.public_id]),
        "until": day_of(it.answer_by) if it.answer_by else "",
    }


register_mail(
    MailKind("mentorship/admitted", _is_here, context=_about_mentor),
    MailKind("mentorship/offer_declined", lambda mail: _own_offer(mail, Mentor.State.DECLINED), context=_about_mentor),
    MailKind(
        "mentorship/clearance_noted", lambda mail: _own_offer(mail, "offered", *Mentor.HERE), context=_about_mentor
    ),
    MailKind(CLEARANCE_ENDING, _is_here, context=_about_mentor),
    MailKind("mentorship/resumed", lambda mail: _own_offer(mail, Mentor.State.ACTIVE), context=_about_mentor),
    MailKind("mentorship/ended", lambda mail: _own_offer(mail, Mentor.State.ENDED), context=_about_mentor),
    MailKind("mentorship/mentor_gone", _had_a_yes, context=about_pairing),
    MailKind("mentorship/request_withdrawn", _was_asked, context=about_pairing),
    MailKind("mentorship/request_closed", lambda mail: _own_request(mail, State.CLOSED), context=_about_request),
    MailKind("mentorship/request_reopened", lambda mail: _own_request(mail, State.OPEN), context=_about_request),
    MailKind("mentorship/request_rose", _waits_for_coordinators, context=_about_request),
    MailKind(OPEN_WAITS, _waits_for_coordinators, context=_about_request),
    MailKind(PROPOSAL_WAITS, _mentor_is_asked, context=about_pairing),
    MailKind(AGREEMENT_WAITS, _teacher_is_asked, context=about_pairing),
)
