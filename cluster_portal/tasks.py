"""Celery's shells around delivery and reminders. Each is safe to run twice, at once or again."""

from celery import shared_task

from cluster_portal import delivery, reminders


@shared_task
def deliver_due_mail() -> int:
    """Send what is due."""
    return delivery.deliver_due_mail()


@shared_task
def return_stuck_mail() -> int:
    """Put mail back that a lost worker had taken."""
    return delivery.return_stuck_mail()


@shared_task
def queue_due_reminders() -> tuple[int, int]:
    """Bring the reminders of the next day into the outbox."""
    return reminders.queue_due_reminders()


@shared_task
def erase_old_mail_text() -> int:
    """Erase the text of mail that was done with long ago."""
    return delivery.erase_old_text()
