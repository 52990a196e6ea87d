from datetime import datetime

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from cluster_portal.reminders import queue_due_reminders


class Command(BaseCommand):
    help = "Queue the reminders that are due, once, and print how many."

    def add_arguments(self, parser):
        words = "As if it were this time, for instance 2027-03-02T16:00+03:00."
        parser.add_argument("--at", type=instant, metavar="ISO-TIME", help=words)

    def handle(self, *args, at, **options):
        queued, cancelled = queue_due_reminders(at)
        self.stdout.write(f"{queued} reminders queued, {cancelled} cancelled.")


def instant(text: str) -> datetime:
    """An ISO time; without an offset it is meant in UTC."""
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None:
        raise CommandError(f"{text} is not an ISO time. Write it like 2027-03-02T16:00+03:00.")
    return at if timezone.is_aware(at) else timezone.make_aware(at)
