"""What happens once before the portal serves: translations, migrations, static files, the example the first time.

A process of its own, so that the supervisor stays small: python -m cluster_portal.launch.prepare
"""

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from cluster_portal.launch.processes import Failed
from cluster_portal.launch.translations import compile_translations


def say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - the person at the terminal


def require_database() -> None:
    """One sentence when the database does not answer, without its password."""
    from django.conf import settings
    from django.db import OperationalError, connection

    server = settings.DATABASES["default"]
    connection.settings_dict.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    try:
        connection.ensure_connection()
    except OperationalError as error:
        where = f"{server['HOST'] or 'this machine'}:{server['PORT'] or 5432}"
        reason = " ".join(str(error).split())
        raise Failed(f"The database in DATABASE_URL ({where}) does not answer: {reason}") from error


def migrate() -> None:
    from django.core.management import call_command

    say("Preparing the database …")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def collect_static_files() -> None:
    """Only when a file changed: compressing them takes longer than all the rest."""
    from django.conf import settings
    from django.contrib.staticfiles import finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}\n".encode())
    stamp = Path(settings.STATE) / "static.stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(digest.hexdigest())


def load_example(name: str, language: str) -> None:
    """The example in a language, when the database holds nobody yet."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    if get_user_model().objects.exists():
        return
    say(f"Loading the example {name} …")
    call_command("load_example", name, "--language", language)


def prepare() -> None:
    import django

    compile_translations()
    django.setup()
    require_database()
    with ThreadPoolExecutor(1) as beside:  # compressing leaves the other processor to the database
        collected = beside.submit(collect_static_files)
        migrate()
        if os.environ.get("DEMO") == "1" and (name := os.environ.get("EXAMPLE")):
            load_example(name, os.environ.get("EXAMPLE_LANGUAGE") or "en")
        collected.result()


def main() -> None:
    from django.core.management import CommandError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cluster_portal.settings")
    try:
        prepare()
    except (Failed, ImproperlyConfigured, CommandError) as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
