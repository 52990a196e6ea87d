from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from cluster_portal.archive import Unusable, write_backup


class Command(BaseCommand):
    help = "Write the database and all uploaded files into one archive, readable by its owner only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archive", nargs="?", type=Path, help="default: portal-<time>.tar in this folder")

    def handle(self, archive: Path | None, **options: Any) -> None:
        target = (archive or Path(f"portal-{now():%Y%m%dT%H%M%SZ}.tar")).resolve()
        try:
            contents = write_backup(target)
        except (Unusable, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Wrote {target}: the database and {len(contents['parts']) - 1} files.")
