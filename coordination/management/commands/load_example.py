from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localdate

from cluster_portal.moves import Refused
from coordination.examples import EXAMPLES, load_example


class Command(BaseCommand):
    help = "Fill an empty portal with one of the example partnerships; its dates shift with the day."

    def add_arguments(self, parser):
        parser.add_argument("name", choices=sorted(EXAMPLES))
        parser.add_argument("--today", type=date.fromisoformat, default=None, metavar="DATE")

    def handle(self, name, today, **options):
        try:
            loaded = load_example(name, today or localdate())
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(
            f"Example {name} is loaded." if loaded else f"Example {name} was loaded before: kept as it is."
        )
