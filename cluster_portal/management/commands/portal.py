from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Run the whole portal (database, broker, web, worker, beat) until Ctrl-C. See cluster_portal/launch."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Reached only through call_command: manage.py starts the supervisor before any settings are needed."""
        from cluster_portal.launch.supervisor import main

        raise SystemExit(main())
