"""The mails of matching: a mentor is asked, has said yes, the teacher agrees; and that another one is sought.

Whoever declines is nowhere named to the teacher, and no reason is told to the other side: only coordinators read them.
"""

from typing import Any

from django.urls import reverse

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.models import OutboxMail
from mentorship.actions.matching import LAPSED, MENTOR_FOUND, NOT_AGREED, PAIRED, SOUGHT_AGAIN
from mentorship.actions.proposed import PROPOSED
from mentorship.mails import about_pairing, about_request
from mentorship.models import Mentor, MentorRequest, Pairing
from mentorship.words import day_of

State = Pairing.State


def _waiting_for(mentor: Mentor) -> list[Pairing]:
    rows = mentor.pairings.filter(state=State.PROPOSED).select_related("request__affiliation__institution")
    return list(rows.order_by("answer_by", "pk"))


def _is_asked(mail: OutboxMail) -> bool:
    return Pairing.objects.filter(mentor__public_id=mail.about_id, state=State.PROPOSED).exists()


def _is_in(*states: str) -> Any:
    """Whether the pairing of a mail is still in one of these states."""
    return lambda mail: Pairing.objects.filter(public_id=mail.about_id, state__in=states).exists()


def _is_sought(mail: OutboxMail) -> bool:
    return MentorRequest.objects.open().filter(pairings__public_id=mail.about_id).exists()


def _what_waits(wanted: WantedMail) -> dict[str, Any]:
    waiting = [
        {
            "title": it.request.title,
            "institution": it.request.affiliation.institution,
            "until": day_of(it.answer_by),
            "page": reverse("mentorship:asked", args=[it.public_id]),
        }
        for it in _waiting_for(wanted.about)
    ]
    return {"waiting": waiting, "count": len(waiting)}


def _about_both(wanted: WantedMail) -> dict[str, Any]:
    it: Pairing = wanted.about
    is_mentor = wanted.to.pk == it.mentor.person_id
    other = it.request.by if is_mentor else it.mentor.person
    pair = {"is_mentor": is_mentor, "other": other.full_name, "pairing_page": it.get_absolute_url()}
    return about_pairing(wanted) | pair | {"offer_page": reverse("mentorship:offer")}


def _about_search(wanted: WantedMail) -> dict[str, Any]:
    it: Pairing = wanted.about
    return about_request(it.request) | {
        "mentor": it.mentor.person.full_name,
        "how": it.state,
        "because": it.because,
        "match_page": reverse("mentorship:desk_match", args=[it.request.public_id]),
    }


register_mail(
    MailKind(PROPOSED, _is_asked, context=_what_waits),
    MailKind(MENTOR_FOUND, _is_in(State.ACCEPTED), context=_about_both),
    MailKind(PAIRED, _is_in(State.ACTIVE), context=_about_both),
    MailKind(NOT_AGREED, _is_in(State.REFUSED, State.LAPSED), context=_about_both),
    MailKind(LAPSED, _is_in(State.LAPSED), context=_about_both),
    MailKind(SOUGHT_AGAIN, _is_sought, context=_about_search),
)
