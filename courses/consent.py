"""What courses does when somebody decides about a child."""

from cluster_portal.hooks import register_decision_listener
from courses.actions import settle_for
from members.models import Person, Purpose


def hear(child: Person, purpose: str) -> None:
    """Settle what is held for the child until there is consent to taking part."""
    if purpose == Purpose.TAKING_PART:
        settle_for(child)


register_decision_listener(hear)
