"""What mentorship does when somebody decides about a child, or when others decide for it from now on."""

from cluster_portal.hooks import register_decision_listener
from members.models import Person, Purpose
from mentorship.actions.students import settle_students


def hear(child: Person, purpose: str) -> None:
    """Let the child's pairings be what its guardians say; what is read and written, readers.py derives at once."""
    if purpose == Purpose.TAKING_PART:
        settle_students(child)


register_decision_listener(hear)
