"""The drill: what was backed up comes back, through the commands that a person would type."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

HERE = Path(__file__).resolve().parents[2]
FILL = """
from cluster_portal.models import AuditEntry
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.timezone import now
AuditEntry.objects.create(at=now(), verb="drill", model="x", object_id="x", reason="Ёлка")
default_storage.save("uploads/a/list.txt", ContentFile("ёлка".encode()))
"""
COUNT = """
from cluster_portal.models import AuditEntry
from cluster_portal.archive import stored_files
print(list(AuditEntry.objects.filter(verb="drill").values_list("reason", flat=True)), list(stored_files()))
"""
FILLED = "['Ёлка'] ['uploads/a/list.txt']"


class Installation:
    """A database and a folder of files of their own, reached through manage.py."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()

    def run(self, *arguments):
        environment = {**os.environ, "DATABASE_URL": self.url, "STATE": str(self.folder), "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=HERE, env=environment, capture_output=True, text=True
        )

    def must(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def content(self):
        return self.must("shell", "--verbosity=0", "-c", COUNT)


@pytest.fixture(scope="module")
def installations(tmp_path_factory):
    """One with content and its backup, one empty."""
    folder = tmp_path_factory.mktemp("drill")
    names = [f"drill_{os.getpid()}_{number}" for number in range(2)]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        for name in names:
            server.execute(f'CREATE DATABASE "{name}"')
        filled, empty = (Installation(name, folder / name) for name in names)
        filled.must("migrate", "--verbosity=0")
        filled.must("shell", "--verbosity=0", "-c", FILL)
        filled.archive = folder / "portal.tar"
        filled.said = filled.must("backup", str(filled.archive))
        yield filled, empty
        for name in names:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_backup_is_one_private_file(installations):
    filled, _ = installations
    assert filled.said == f"Wrote {filled.archive}: the database and 1 files."
    assert filled.archive.stat().st_mode & 0o777 == 0o600
    with tarfile.open(filled.archive) as archive:
        assert sorted(archive.getnames()) == ["contents.json", "database.dump", "files/uploads/a/list.txt"]


def test_what_was_backed_up_comes_back(installations):
    filled, empty = installations
    said = empty.must("restore", str(filled.archive))
    assert said.endswith("the database and 1 files.")
    assert empty.content() == FILLED
    assert (empty.folder / "files/uploads/a/list.txt").read_text() == "ёлка"
    refused = empty.run("shell", "--verbosity=0", "-c", "AuditEntry.objects.all().delete()")
    assert refused.returncode != 0  # the audit's trigger came along


def test_restore_spares_what_is_there_until_told(installations):
    filled, _ = installations
    filled.must("shell", "--verbosity=0", "-c", FILL)
    refused = filled.run("restore", str(filled.archive))
    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: The database or the folder of files is not empty.")
    assert filled.content() != FILLED
    filled.must("restore", "--replace", str(filled.archive))
    assert filled.content() == FILLED


def test_damaged_archive_changes_nothing(installations):
    filled, _ = installations
    damaged = filled.archive.with_name("damaged.tar")
    content = bytearray(filled.archive.read_bytes())
    content[2000] ^= 1
    damaged.write_bytes(content)
    refused = filled.run("restore", "--replace", str(damaged))
    assert refused.returncode == 1
    assert "is not a whole backup of this portal (database.dump is damaged). Nothing was changed." in refused.stderr
    assert filled.content() == FILLED
