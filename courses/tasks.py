"""Celery's way into this app's actions."""

from celery import shared_task
from django.utils.timezone import now

from courses import actions


@shared_task
def lapse_offers() -> int:
    """Take back offers that were not answered in time."""
    return actions.lapse_overdue_offers(now())


@shared_task
def recount_pools() -> int:
    """Report pools whose counter has drifted."""
    return len(actions.recount_pools())
