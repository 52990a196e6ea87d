"""Fill the floor's database: python -m bench.floor.fill, sizes on stdin as JSON, what to visit on stdout."""

import json
import os
import sys
from datetime import timedelta

import django

from bench.sizes import Sizes


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.floor.settings"
    django.setup()
    from django.core.management import call_command

    call_command("migrate", "auth", verbosity=0)  # first, because our own tables point to its own
    call_command("migrate", run_syncdb=True, verbosity=0)
    json.dump(fill(Sizes(**json.load(sys.stdin))), sys.stdout)


def fill(sizes: Sizes) -> dict:
    from django.contrib.auth.models import User

    from bench.floor.models import Enrolment
    from bench.signing_in import cookies_of

    people = User.objects.bulk_create(
        User(username=f"person{n}", password="!") for n in range(max(sizes.enrolments, sizes.who_enrol, sizes.readers))
    )
    runs = _runs(sizes)
    Enrolment.objects.bulk_create(
        Enrolment(run=runs[1 + n % (sizes.runs - 1)], person=people[n]) for n in range(sizes.enrolments)
    )
    return {
        "programme": "/courses/",
        "run": runs[1].get_absolute_url(),
        "flow": runs[0].get_absolute_url(),
        "cookies": cookies_of(people[: max(sizes.who_enrol, sizes.readers)]),
        "queries": _queries(people[0], runs[1]),
    }


def _runs(sizes: Sizes) -> list:
    from django.utils.timezone import now

    from bench.floor.models import Run, Session

    runs = Run.objects.bulk_create(
        Run(
            title=f"AI Tools in Teaching {n}",
            summary="What a model is, what it is not, and what follows for a lesson.",
            host=f"School {n % 13}",
            starts_at=now() + timedelta(days=n + 1),
            places=sizes.people + sizes.enrolments,
        )
        for n in range(sizes.runs)
    )
    Session.objects.bulk_create(
        Session(run=run, title="A lesson of your own", place="Room 5", starts_at=starts, ends_at=starts + LESSON)
        for run in runs
        for starts in (run.starts_at + timedelta(days=3 * n) for n in range(16))
    )
    return runs


LESSON = timedelta(minutes=90)


def _queries(person, run) -> dict[str, int]:
    from bench.signing_in import queries

    return {"programme": queries("/courses/"), "run": queries(run.get_absolute_url(), person)}


if __name__ == "__main__":
    main()
