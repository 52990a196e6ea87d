"""Celery's way into this app's actions. Each is safe to run twice."""

from celery import shared_task
from django.utils.timezone import now

from mentorship import actions


@shared_task
def answer_overdue() -> int:
    """Do what follows from answers that were not given in time."""
    return actions.answer_overdue(now())


@shared_task
def resume_due() -> int:
    """Let mentors who had paused until a day take requests again."""
    return actions.resume_due(now())
