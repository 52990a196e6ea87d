"""What competitions do when somebody decides about a child."""

from cluster_portal.hooks import register_decision_listener
from competitions.actions import settle_child, settle_library
from members.models import Person, Purpose


def hear(child: Person, purpose: str) -> None:
    """Take the child out of its entries after a no; let its plans stand in the library under its name, or not."""
    if purpose == Purpose.TAKING_PART:
        settle_child(child)
    if purpose in {Purpose.WORK, Purpose.NAME}:
        settle_library(child)


register_decision_listener(hear)
