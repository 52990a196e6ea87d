"""Mail that falls due by itself: what the apps' `due(since, until)` says should exist is brought into the outbox."""

from datetime import datetime, timedelta

from django.utils.timezone import now

from cluster_portal import hooks
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import cancel_rows, queue_mails

GRACE = timedelta(days=1)  # what fell due while nobody looked, as long as it still helps
AHEAD = timedelta(days=1)  # so that the desk sees tomorrow's mail today


def queue_due_reminders(at: datetime | None = None) -> tuple[int, int]:
    """Queue every reminder that should exist around an instant, cancel those that should not; (queued, cancelled).

    Safe to run twice at once: the outbox takes each key once.
    """
    at = at or now()
    cancelled = sum(_cancel_unwanted(kind) for kind in _kinds_that_wait())
    return sum(_queue_missing(kind, at) for kind in hooks.reminders.values()), cancelled


def _queue_missing(kind: hooks.Reminder, at: datetime) -> int:
    wanted = kind.due(at - GRACE, at + AHEAD)
    return queue_mails(it for it in wanted if it.not_after is None or it.not_after > at)


def _kinds_that_wait() -> list[hooks.Reminder]:
    """Mostly none or few: what has no mail waiting needs no anti-join, every minute."""
    waiting = OutboxMail.objects.unfinished().filter(template__in=list(hooks.reminders))
    return [hooks.reminders[it] for it in waiting.values_list("template", flat=True).order_by("template").distinct()]


def _cancel_unwanted(kind: hooks.Reminder) -> int:
    """One anti-join per kind finds what was queued for a time or a person that is not planned any more."""
    waiting = OutboxMail.objects.unfinished().filter(template=kind.template)
    return cancel_rows(kind.unwanted(waiting), reason="not due any more")
