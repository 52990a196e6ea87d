"""What follows when somebody leaves: what they were asked goes to others; whoever is erased leaves what is under way.

Locks are taken in the usual order: the requests, then the mentors, then the pairings (`locks.py`).
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from cluster_portal.hooks import WantedMail
from cluster_portal.models import OutboxMail
from cluster_portal.moves import make_move
from cluster_portal.outbox import cancel_rows, queue_mails
from members.models import Cluster, Person
from members.readers import readers_of_all
from mentorship.actions.meetings import cancel_all_ahead
from mentorship.actions.mentors import LIVE, end_mentor, give_back, lock_mentor
from mentorship.actions.one_by_one import each
from mentorship.actions.requests import ASKED, lock_request, seek_again, withdraw_request
from mentorship.actions.students import leave_student
from mentorship.channels import Access
from mentorship.clock import coordinators_by_region, coordinators_for
from mentorship.leaving import has_left
from mentorship.locks import lock_all_of, lock_whole_pairing
from mentorship.models import Meeting, Mentor, MentorRequest, Pairing, PairingStudent
from mentorship.readers import channel_of

MENTOR_LEFT, TEACHER_LEFT = "mentorship/mentor_left", "mentorship/teacher_left"
LEFT_ALONE = "mentorship/left_alone"
LEFT = gettext_noop("the mentor has left the cluster")
ERASED = gettext_noop("the person was erased")


def notice_departures() -> int:
    """Seek others in place of mentors who have left and were asked, or had said yes; how many. Safe to run twice.

    Of pairs under way that have lost one of their two the coordinators are told, once for each who has left.
    """
    asked = Pairing.objects.filter(state__in=ASKED, mentor__in=Mentor.objects.gone().values("pk"))
    done = each(asked.select_related("request", "mentor").order_by("request_id", "pk"), _given_back)
    queue_mails(_left_alone())
    return done


def _left_alone() -> Iterator[WantedMail]:
    """To the coordinators of each pair that has lost somebody; whoever was told before is not told again."""
    known = coordinators_by_region()
    rows = Pairing.objects.left_alone().with_people()
    gone = set(Mentor.objects.gone().filter(pk__in=rows.order_by().values("mentor")).values_list("pk", flat=True))
    for alone in rows.order_by("pk"):
        who = "mentor" if alone.mentor_id in gone else "teacher"
        for it in coordinators_for(alone.request, known, but={alone.mentor.person_id}):
            yield WantedMail(LEFT_ALONE, alone, it, who)


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
    lock_all_of([person])
    pairings = Pairing.objects.filter(mentor__person=person) | Pairing.objects.filter(request__by=person)
    _forget_mails(pairings, person)
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


def _forget_mails(pairings: Any, person: Person) -> None:
    """Empty what mails said of these pairings, to the others too: they name who is erased. None of them leaves now.

    Where the person was a student, guardians alone were told of it by name; the mails of the others stay.
    """
    keys = pairings.order_by().values("pk")
    _forget(Pairing.objects.filter(pk__in=keys))
    _forget(Meeting.objects.filter(pairing__in=keys))
    _forget(PairingStudent.objects.filter(Q(pairing__in=keys) | Q(person=person)))
    guardians = person.guarded_by.values("guardian")
    _forget(Pairing.objects.filter(students__person=person), to__in=guardians)
    _forget(Meeting.objects.filter(pairing__students__person=person), to__in=guardians)


def _forget(rows: Any, **whose: Any) -> None:
    keys = list(rows.values_list("public_id", flat=True))
    told = OutboxMail.objects.filter(about_model=rows.model._meta.label_lower, about_id__in=keys, **whose)
    cancel_rows(told.unfinished(), ERASED)
    told.update(subject="", body_text="", calendar=[])
