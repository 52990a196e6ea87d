"""Celery's way into this app's actions. Each is safe to run twice."""

from celery import shared_task

from competitions import actions


@shared_task
def recheck_conflicts() -> int:
    """Take back what is to be read against a conflict of interest, and what is not judged any more."""
    return actions.recheck_all()


@shared_task
def settle_library() -> int:
    """Let plans stand in the library exactly while they may: consent also ends by a birthday or a date."""
    return actions.settle_library()
