from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from cluster_portal.archive import Unusable, read_backup


class Command(BaseCommand):
    help = "Put an archive of `backup` in the place of the database and the uploaded files. Stop web and worker first."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archive", type=Path)
        parser.add_argument("--replace", action="store_true", help="throw away what the installation holds")

    def handle(self, archive: Path, replace: bool, **options: Any) -> None:
        try:
            contents = read_backup(archive.resolve(), replace)
        except Unusable as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write(
            f"Restored the state of {contents['made']}: the database and {len(contents['parts']) - 1} files."
        )
