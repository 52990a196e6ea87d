"""Two entries of one person become one, in mentorship: of two offers one stays, and nobody mentors themself."""

from datetime import date

from django.db.models import Q
from django.utils.translation import gettext_noop

from cluster_portal.outbox import cancel_mails
from members.models import Person
from mentorship.actions.mentors import give_back, settle_clearance
from mentorship.actions.pairings import dissolve_pairing
from mentorship.actions.requests import ASKED
from mentorship.actions.students import leave_student
from mentorship.locks import lock_all_of
from mentorship.models import (
    Concern,
    LogEntry,
    Meeting,
    Mentor,
    MentorApproval,
    MentorRequest,
    Message,
    Outcome,
    Pairing,
    PairingFeedback,
    PairingFile,
    PairingStudent,
    TakenBack,
)

REASON = gettext_noop("two entries were one person")
Part = PairingStudent.State
# The more careful one stays: what is still asked is settled by the words of both, and the portal lifts no no.
CAREFUL = [Part.REFUSED, Part.ASKED, Part.APPROVED, Part.LEFT]
RANK = [Mentor.State.ACTIVE, Mentor.State.PAUSED, Mentor.State.OFFERED, Mentor.State.ENDED, Mentor.State.DECLINED]
POINTING = (
    (Concern, "by"),
    (LogEntry, "by"),
    (Meeting, "planned_by"),
    (Mentor, "clearance_by"),
    (MentorApproval, "by"),
    (MentorRequest, "by"),
    (Message, "by"),
    (Outcome, "by"),
    (PairingFeedback, "by"),
    (PairingFile, "by"),
    (TakenBack, "by"),
)


def merge_in_mentorship(kept: Person, gone: Person) -> None:
    """Whatever `gone` offered, asked for, wrote and approved belongs to `kept`; of two roles in one pairing one stays.

    What the words of two families come to is settled within the hour, once members has joined the guardianships.
    """
    lock_all_of([kept, gone])
    _end_what_they_had_with_each_other(kept, gone)
    _take_out_of_own_pairings(kept, gone)
    _merge_offers(kept, gone)
    _merge_students(kept, gone)
    _drop_doubles(kept, gone)
    for model, column in POINTING:
        model._base_manager.filter(**{column: gone}).update(**{column: kept})


def _end_what_they_had_with_each_other(kept: Person, gone: Person) -> None:
    """The mentor of one was the other: nobody helps themself, so another mentor is sought."""
    each = Q(mentor__person=kept, request__by=gone) | Q(mentor__person=gone, request__by=kept)
    for it in Pairing.objects.filter(each).live().select_related("request", "mentor").order_by("request_id", "pk"):
        if it.state in ASKED:
            give_back(it.request, None, REASON)
        else:
            dissolve_pairing(it, by=None)


def _take_out_of_own_pairings(kept: Person, gone: Person) -> None:
    """Who turns out to be mentor or teacher of a pairing is no student of it."""
    both = [kept, gone]
    keeps = Q(pairing__mentor__person__in=both) | Q(pairing__request__by__in=both)
    for it in PairingStudent.objects.unsettled().filter(keeps, person__in=both).order_by("pairing", "pk"):
        leave_student(it, by=None, reason=REASON)


def _merge_offers(kept: Person, gone: Person) -> None:
    """Of two offers the one in force stays, and of two clearances the shorter: a coordinator can note a longer one.

    None at all is the shortest: one may have been taken away.
    """
    rows = Mentor.objects.filter(person__in=[kept, gone]).select_for_update(no_key=True).order_by("pk")
    offers = sorted(rows, key=lambda it: (RANK.index(Mentor.State(it.state)), it.pk))
    if len(offers) == 2:
        stays, goes = offers
        shorter = min(offers, key=lambda it: it.clearance_until or date.min)
        Pairing.objects.filter(mentor=goes).update(mentor=stays)
        cancel_mails(about=goes, reason=REASON)
        goes.delete()
        facts = {"clearance_until": shorter.clearance_until, "clearance_by": shorter.clearance_by_id}
        Mentor.objects.filter(pk=stays.pk).update(**facts)
        if len({it.clearance_until for it in offers}) == 2:
            settle_clearance(stays)  # while they work where they did: members joins the places of work after this
    Mentor.objects.filter(person=gone).update(person=kept)


def _merge_students(kept: Person, gone: Person) -> None:
    """In a pairing that both are in as students one stays, with all that was said and reached."""
    for it in PairingStudent.objects.filter(person=gone).select_for_update(no_key=True).order_by("pk"):
        other = PairingStudent.objects.filter(person=kept, pairing=it.pairing_id).first()
        if other is not None:
            stays, goes = sorted([other, it], key=_how_careful)
            MentorApproval.objects.filter(student=goes).update(student=stays)
            for outcome in goes.outcomes.all():
                outcome.students.add(stays)
            cancel_mails(about=goes, reason=REASON)
            goes.delete()
    PairingStudent.objects.filter(person=gone).update(person=kept)


def _how_careful(student: PairingStudent) -> int:
    return CAREFUL.index(Part(student.state))


def _drop_doubles(kept: Person, gone: Person) -> None:
    """What both wrote down alike, as mentor and as teacher of one pairing, stands there once."""
    for it in LogEntry.objects.filter(by=gone).exclude(what=""):
        same = {"pairing": it.pairing_id, "day": it.day, "minutes": it.minutes, "what": it.what}
        if LogEntry.objects.filter(by=kept, **same).exists():
            it.delete()
    told = Concern.objects.filter(by=kept).open()
    for part in ("message", "file"):
        Concern.objects.filter(**{"by": gone, f"{part}__in": told.values(part)}).open().delete()
    said = PairingFeedback.objects.filter(by=kept).values("pairing")
    PairingFeedback.objects.filter(by=gone, pairing__in=said).delete()
