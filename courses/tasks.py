"""Celery's way into this app's actions."""

from celery import shared_task
from django.utils.timezone import now

from courses import actions


@shared_task
def lapse_overdue() -> int:
    """Take back places that were offered or held and not answered in time."""
    return actions.lapse_overdue(now())


@shared_task
def recount_pools() -> int:
    """Report pools whose counter has drifted."""
    return len(actions.recount_pools())


@shared_task
def release_reserves() -> int:
    """Offer the places that reserves have released to those who wait."""
    return actions.release_reserves()


@shared_task
def settle_held() -> int:
    """Confirm held places that miss nothing any more, or give them back, where no decision was heard."""
    return actions.settle_all_held()
