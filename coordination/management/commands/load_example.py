from datetime import date

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localdate

from cluster_portal.moves import Refused
from coordination.examples import EXAMPLES, load_example


class Command(BaseCommand):
    help = "Fill an empty portal with one of the example partnerships; its dates shift with the day."

    def add_arguments(self, parser):
        parser.add_argument("name", choices=sorted(EXAMPLES))
        parser.add_argument("--today", type=date.fromisoformat, default=None, metavar="DATE")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], default="en")

    def handle(self, name, today, language, **options):
        try:
            loaded = load_example(name, today or localdate(), language)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(
            f"Example {name} is loaded." if loaded else f"Example {name} was loaded before: kept as it is."
        )
