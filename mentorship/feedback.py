"""How it was: mentor and teacher are each asked once after the end, and reminded once; only coordinators read it.

A mail an hour after the end, one more a week later for whoever has not answered; thirty days in which one can answer.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.hooks import MailKind, Reminder, WantedMail, register_mail, register_reminder
from cluster_portal.models import OutboxMail
from members.models import Person
from mentorship.channels import ENDED
from mentorship.models import Pairing, PairingFeedback
from mentorship.pairing_mails import about_pairing, pairing_with
from mentorship.rules import keeps_the_pairing
from mentorship.words import day_of

ASKED, REMINDED = "mentorship/feedback_asked", "mentorship/feedback_reminder"
ASKED_AFTER, REMINDED_AFTER, OPEN_FOR = timedelta(hours=1), timedelta(days=7), timedelta(days=30)


def closes_at(pairing: Pairing) -> datetime:
    """Until when mentor and teacher can say how an ended pairing was."""
    return pairing.state_since + OPEN_FOR


def why_no_feedback(pairing: Pairing, person: Person, at: datetime) -> str:
    """Why somebody cannot say how a pairing was, in a sentence; nothing when they can."""
    if not keeps_the_pairing(person, pairing):
        return _("Mentor and teacher say how it was. Tell one of them, or the coordinator.")
    if pairing.state not in ENDED:
        return _("This pairing is not ended. You are asked how it was once it is.")
    if pairing.feedback.filter(by=person).exists():
        return _("You have said how it was. Thank you; the coordinator reads it.")
    if at >= closes_at(pairing):
        said = _("The time to say how it was ended on %(day)s. Write to the coordinator instead.")
        return said % {"day": day_of(closes_at(pairing))}
    return ""


def feedback_read_by(person: Person, pairings: QuerySet[Pairing] | list[Pairing]) -> QuerySet[PairingFeedback]:
    """What a coordinator reads of these pairings: never of one in which they are themself, nor who is asked."""
    rows = PairingFeedback.objects.filter(pairing__in=pairings).select_related("by")
    return rows.exclude(Q(pairing__mentor__person=person) | Q(pairing__request__by=person))


def _asking_due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """An hour after the end, to both."""
    for it in _ended(since - ASKED_AFTER, until - ASKED_AFTER):
        yield from _mails(ASKED, it, it.state_since + ASKED_AFTER)


def _reminding_due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """A week later, to whoever has not answered."""
    after = ASKED_AFTER + REMINDED_AFTER
    for it in _ended(since - after, until - after):
        yield from _mails(REMINDED, it, it.state_since + after)


def _ended(since: datetime, until: datetime) -> QuerySet[Pairing]:
    rows = Pairing.objects.filter(state__in=ENDED, state_since__gt=since, state_since__lte=until)
    return rows.with_people().prefetch_related("feedback").order_by("pk")


def _mails(template: str, it: Pairing, leaves: datetime) -> Iterator[WantedMail]:
    given = {one.by_id for one in it.feedback.all()}
    for person in (it.mentor.person, it.request.by):
        if person.pk not in given and person.is_active:
            yield WantedMail(template, it, person, it.state_since.isoformat(), leaves, closes_at(it))


def _unwanted(mails: QuerySet[OutboxMail]) -> QuerySet[OutboxMail]:
    """Mails to who has answered meanwhile."""
    given = PairingFeedback.objects.filter(pairing__public_id=OuterRef("about_id"), by=OuterRef("to"))
    return mails.filter(Exists(given))


def _is_awaited(mail: OutboxMail) -> bool:
    """Nobody has answered for the reader, who still can."""
    it = pairing_with(public_id=mail.about_id)
    return it is not None and not why_no_feedback(it, mail.to, now())


def _about(wanted: WantedMail) -> dict[str, Any]:
    it: Pairing = wanted.about
    other = it.request.by if wanted.to.pk == it.mentor.person_id else it.mentor.person
    page = reverse("mentorship:feedback", args=[it.public_id])
    return about_pairing(it) | {"other": other.full_name, "page": page, "until": day_of(closes_at(it))}


register_mail(*(MailKind(it, _is_awaited, context=_about) for it in (ASKED, REMINDED)))
register_reminder(Reminder(ASKED, _asking_due, _unwanted), Reminder(REMINDED, _reminding_due, _unwanted))
