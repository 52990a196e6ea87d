"""Celery's shells around delivery, reminders and long work. Each is safe to run twice, at once or again."""

import threading

from celery import shared_task

from cluster_portal import delivery, long_work, reminders

_delivering = threading.Lock()
_asked_again = threading.Event()


@shared_task
def deliver_due_mail() -> int:
    """Send what is due, one round at a time in each worker: one connection, and at most one double when it is killed.

    Whoever asks meanwhile leaves word, and the round looks once more before it ends.
    """
    _asked_again.set()
    sent = 0
    while _asked_again.is_set() and _delivering.acquire(blocking=False):
        try:
            _asked_again.clear()
            sent += delivery.deliver_due_mail()
        finally:
            _delivering.release()
    return sent


@shared_task
def return_stuck_mail() -> int:
    """Put mail back that a lost worker had taken."""
    return delivery.return_stuck_mail()


@shared_task
def queue_due_reminders() -> tuple[int, int]:
    """Bring the reminders of the next day into the outbox."""
    return reminders.queue_due_reminders()


@shared_task
def carry_on_long_work() -> int:
    """Go on with long work that nobody is at."""
    return long_work.carry_on_all()
