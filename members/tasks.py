"""Celery's way into this app's actions. Each is safe to run twice."""

from celery import shared_task

from members import retention


@shared_task
def run_retention() -> dict[str, int]:
    """End everything whose time is over, as /privacy/ says."""
    return retention.run_retention()
