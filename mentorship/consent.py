"""What mentorship does when somebody decides about a child, or when others decide for it from now on.

What is read and written readers.py derives at once; here states, calendars and mails follow in the same transaction.
"""

from cluster_portal.hooks import register_decision_listener, register_kept_out_listener, register_standing_no
from members.models import Person, Purpose
from mentorship.actions.meetings import settle_meetings
from mentorship.actions.mentors import settle_clearance
from mentorship.actions.students import settle_students
from mentorship.models import Mentor, PairingStudent
from mentorship.students import noes_of


def hear(child: Person, purpose: str) -> None:
    """Let the child's pairings be what its guardians say."""
    if purpose == Purpose.TAKING_PART:
        settle_students(child)


def hear_kept_out(person: Person) -> None:
    """Nobody who is suspended meets minors, and their yes as a guardian counts no more."""
    settle_meetings(person)
    for mentor in Mentor.objects.filter(person=person):
        settle_clearance(mentor)
    for child in Person.objects.filter(guarded_by__in=person.guards.now()).order_by("pk"):
        settle_students(child)


def says_no(guardian: Person, child: Person) -> bool:
    """Whether a guardian's last word about a mentor of the child is a no that stands."""
    rows = PairingStudent.objects.filter(person=child, pairing__state="active").select_related("pairing")
    return any(guardian.pk in found for found in noes_of(rows).values())


register_decision_listener(hear)
register_kept_out_listener(hear_kept_out)
register_standing_no(says_no)
