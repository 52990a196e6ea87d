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


@shared_task
def notice_stalled() -> int:
    """Ask after pairs that do not meet, and show the coordinator those that still do not."""
    return actions.notice_stalled(now())


@shared_task
def keep_minors_safe() -> int:
    """Cancel meetings for which the mentor is not cleared; then settle whose approval is missing by now."""
    return actions.cancel_what_is_blocked(now()) + actions.settle_students()


@shared_task
def notice_departures() -> int:
    """Seek others in place of mentors who have left the cluster and were asked."""
    return actions.notice_departures()
