"""What follows when somebody leaves: what they were asked goes to others; whoever is erased leaves what is under way.

Locks are taken in the usual order: the request, then the mentor, then the pairing.
"""

import logging
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from cluster_portal.hooks import WantedMail
from cluster_portal.models import OutboxMail
from cluster_portal.moves import make_move
from cluster_portal.outbox import cancel_rows, queue_mails
from members.models import Cluster, Person
from members.readers import readers_of_all
from mentorship.actions.meetings import cancel_all_ahead
from mentorship.actions.mentors import LIVE, end_mentor, give_back, lock_mentor
from mentorship.actions.requests import ASKED, lock_request, seek_again, withdraw_request
from mentorship.actions.students import leave_student
from mentorship.channels import Access
from mentorship.clock import coordinators_for
from mentorship.leaving import has_left
from mentorship.locks import lock_whole_pairing
from mentorship.models import Meeting, Mentor, MentorRequest, Pairing, PairingStudent
from mentorship.readers import channel_of

MENTOR_LEFT, TEACHER_LEFT = "mentorship/mentor_left", "mentorship/teacher_left"
LEFT_ALONE = "mentorship/left_alone"
LEFT = gettext_noop("the mentor has left the cluster")
ERASED = gettext_noop("the person was erased")
log = logging.getLogger(__name__)


def notice_departures() -> int:
    """Seek others in place of mentors who have left and were asked, or had said yes; how many. Safe to run twice.

    Of pairs under way that have lost one of their two the coordinators are told, once for each who has left.
    """
    for alone in Pairing.objects.left_alone().with_people().order_by("pk"):
        who = "mentor" if has_left(alone.mentor) else "teacher"
        people = coordinators_for(alone.request, but={alone.mentor.person_id})
        queue_mails(WantedMail(LEFT_ALONE, alone, it, who) for it in people)
    asked = Pairing.objects.filter(state__in=ASKED, mentor__in=Mentor.objects.gone().values("pk"))
    done = 0
    for it in asked.select_related("request", "mentor").order_by("request_id", "pk"):
        try:
            done += _given_back(it)
        except Exception:  # one bad row must not keep the others waiting
            log.exception("Nobody else could be sought in place of who left: %s.", it.public_id)
    return done


@transaction.atomic
def _given_back(pairing: Pairing) -> bool:
    request, mentor = lock_request(pairing.request), lock_mentor(pairing.mentor)
    if not has_left(mentor) or not request.pairings.filter(pk=pairing.pk, state__in=ASKED).exists():
        return False
    give_back(request, None, LEFT)
    return True


@transaction.atomic
def leave_mentorship(person: Person) -> None:
    """Take somebody who is erased out of all that is under way; whoever stays is told, and nobody is left waiting."""
    pairings = Pairing.objects.filter(mentor__person=person) | Pairing.objects.filter(request__by=person)
    _forget_mails(pairings)
    for student in PairingStudent.objects.unsettled().filter(person=person).select_related("pairing").order_by("pk"):
        leave_student(student, by=None, reason=ERASED)
    for pairing in pairings.active().select_related("request", "mentor").order_by("request_id", "pk"):
        _end_without(pairing, person)
    for request in MentorRequest.objects.live().filter(by=person).order_by("pk"):
        withdraw_request(request, by=person)
    mentor = Mentor.objects.filter(person=person, state__in=LIVE).first()
    if mentor is not None:
        end_mentor(mentor, by=person)


def _end_without(pairing: Pairing, person: Person) -> None:
    it = lock_whole_pairing(pairing)
    channel = channel_of(it)
    readers = [
        one for one in readers_of_all(channel.members) if one.pk != person.pk and channel.may(one, Access.RECORD)
    ]
    cancel_all_ahead(channel, person)
    today = Cluster.current().today()
    make_move(it, "dissolve", by=person, reason=ERASED, ended_on=today, nudged_at=None, stalled_at=None)
    mentor_left = it.mentor.person_id == person.pk
    if mentor_left and it.request.needed_by >= today and it.request.by.is_active:
        seek_again(it.request, by=None, reason=LEFT)
    template = MENTOR_LEFT if mentor_left else TEACHER_LEFT
    queue_mails(WantedMail(template, it, one) for one in readers)


def _forget_mails(pairings: Any) -> None:
    """Empty what mails said of these pairings, to the others too: they name who is erased. None of them leaves now."""
    keys = pairings.order_by().values("pk")
    about = [
        (Pairing, Pairing.objects.filter(pk__in=keys)),
        (Meeting, Meeting.objects.filter(pairing__in=keys)),
        (PairingStudent, PairingStudent.objects.filter(pairing__in=keys)),
    ]
    for model, rows in about:
        told = OutboxMail.objects.filter(
            about_model=model._meta.label_lower, about_id__in=list(rows.values_list("public_id", flat=True))
        )
        cancel_rows(told.unfinished(), ERASED)
        told.update(subject="", body_text="", calendar=[])
