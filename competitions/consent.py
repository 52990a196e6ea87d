"""What competitions do when somebody decides about a child."""

from cluster_portal.hooks import register_decision_listener
from competitions.actions import settle_library
from members.models import Person, Purpose


def hear(child: Person, purpose: str) -> None:
    """Let the plans of the child stand in the library, or take them out."""
    if purpose == Purpose.WORK:
        settle_library(child)


register_decision_listener(hear)
