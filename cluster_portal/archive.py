"""Backup and restore: the database and the uploaded files in one archive (a tar).

    contents.json    version, time, applied migrations, SHA-256 of each part
    database.dump    pg_dump's custom format
    files/…          every uploaded file, wherever the storage keeps it

The database is dumped first: a file that comes meanwhile is one too many, never one too few. A restore checks the
whole archive before it changes anything, then replaces the database in one transaction.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.timezone import now

from cluster_portal.launch.postgres import binaries

FORMAT = 1
DUMP, CONTENTS, FILES = "database.dump", "contents.json", "files/"


class Unusable(Exception):
    """The archive or the target cannot be used; the message is a sentence for the person at the terminal."""


def write_backup(target: Path) -> dict[str, Any]:
    """Write one archive, complete or not at all; returns its contents.json."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        dump = Path(folder) / DUMP
        postgres("pg_dump", "--format=custom", "--no-owner", "--no-acl", "--no-comments", f"--file={dump}", name=True)
        contents: dict[str, Any] = {"format": FORMAT, "made": now().isoformat(), "migrations": applied(), "parts": {}}
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            contents["parts"][DUMP] = add(archive, DUMP, dump.open("rb"))
            for name in stored_files():
                contents["parts"][FILES + name] = add(archive, FILES + name, default_storage.open(name))
            listed = Path(folder) / CONTENTS
            listed.write_text(json.dumps(contents, indent=1))
            add(archive, CONTENTS, listed.open("rb"))
            archive.close()
            os.fsync(descriptor)
    unfinished.replace(target)
    return contents


def read_backup(source: Path, replace: bool = False) -> dict[str, Any]:
    """Put an archive in the place of the database and the files; refuses a target that holds something."""
    if not replace and holds_something():
        raise Unusable(
            "The database or the folder of files is not empty. Restore into an empty installation, "
            "or say --replace to throw away what is there."
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            archive = tarfile.open(source)  # noqa: SIM115 - closed below, once it is known to be whole
            contents = checked(archive)
        except (tarfile.TarError, OSError, KeyError, ValueError) as error:
            raise Unusable(f"{source} is not a whole backup of this portal ({error}). Nothing was changed.") from error
        with archive:
            dump = Path(folder) / DUMP
            with part(archive, DUMP) as stream, dump.open("wb") as copy:
                shutil.copyfileobj(stream, copy)
            names = {name.removeprefix(FILES) for name in contents["parts"] if name != DUMP}
            put_files(archive, names)
            replace_database(dump, Path(folder))
    for name in set(stored_files()) - names:
        default_storage.delete(name)
    return contents


def postgres(program: str, *arguments: str, name: bool = False) -> None:
    """Run one of PostgreSQL's programs on our database; its password goes through the environment."""
    server = connection.settings_dict
    settings = {
        "PGHOST": server["HOST"],
        "PGPORT": server["PORT"],
        "PGUSER": server["USER"],
        "PGPASSWORD": server["PASSWORD"],
        "PGDATABASE": server["NAME"],
    }
    environment = os.environ | {key: str(value) for key, value in settings.items() if value}
    command = [str(binaries() / program), *arguments, *([f"--dbname={server['NAME']}"] if name else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Unusable(f"{program} failed: {' '.join(done.stderr.split())[-500:]}")


def applied() -> list[str]:
    """The migrations that the database has."""
    return sorted(f"{app}.{name}" for app, name in MigrationLoader(connection).applied_migrations)


def stored_files(folder: str = "") -> Iterator[str]:
    """The names of all files in the storage, also when that is S3."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}{name}" for name in sorted(names))
    for below in sorted(folders):
        yield from stored_files(f"{folder}{below}/")


def holds_something() -> bool:
    """Whether the database has any table, or the storage any file."""
    return bool(connection.introspection.table_names()) or next(stored_files(), None) is not None


def add(archive: tarfile.TarFile, name: str, stream: IO[bytes] | File) -> str:
    """Add one file; returns the SHA-256 of what was written."""
    with stream, tempfile.TemporaryFile() as copy:
        digest = hashlib.sha256()
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            copy.write(chunk)
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = copy.tell(), 0o600, int(now().timestamp())
        copy.seek(0)
        archive.addfile(entry, copy)
    return digest.hexdigest()


def part(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    stream = archive.extractfile(name)
    if stream is None:
        raise KeyError(f"{name} is no file")
    return stream


def checked(archive: tarfile.TarFile) -> dict[str, Any]:
    """The archive's contents.json, after each part has been read and compared."""
    contents: dict[str, Any] = json.load(part(archive, CONTENTS))
    if contents["format"] != FORMAT:
        raise ValueError(f"its format is {contents['format']}, this version of the portal reads {FORMAT}")
    for name, digest in contents["parts"].items():
        with part(archive, name) as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != digest:  # type: ignore[arg-type]
                raise ValueError(f"{name} is damaged")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if newer := sorted(set(contents["migrations"]) - known):
        raise ValueError(f"it comes from a newer version of the portal, which has {newer[-1]}")
    return contents


def put_files(archive: tarfile.TarFile, names: set[str]) -> None:
    """Write the files under their own names (the storage refuses names that lead out of it)."""
    for name in sorted(names):
        if default_storage.exists(name):
            default_storage.delete(name)
        with part(archive, FILES + name) as stream:
            if default_storage.save(name, File(stream)) != name:
                raise Unusable(f"{name} cannot be stored under its name. The database was not changed.")


def replace_database(dump: Path, folder: Path) -> None:
    """Drop what is there and load the dump in one transaction: a failure leaves everything as it was."""
    loading, script = folder / "load.sql", folder / "replace.sql"
    postgres("pg_restore", "--no-owner", "--no-acl", f"--file={loading}", str(dump))
    script.write_text(f"DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n\\i {loading}\n")
    connection.close()
    postgres("psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={script}")
