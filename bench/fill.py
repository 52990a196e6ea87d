"""Fill the portal's database: python -m bench.fill, sizes on stdin as JSON, what to visit on stdout.

The example first, then runs, people and enrolments on top of it: courses of 16 sessions, as AI Tools in Teaching is.
"""

import json
import os
import sys
from collections.abc import Sequence
from datetime import date, time, timedelta

import django

from bench.sizes import Sizes


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "cluster_portal.settings"
    django.setup()
    from django.core.management import call_command

    call_command("load_example", "petrogradsky", verbosity=0, stdout=sys.stderr)
    json.dump(fill(Sizes(**json.load(sys.stdin))), sys.stdout)


def fill(sizes: Sizes) -> dict:
    from bench.signing_in import cookies_of
    from courses.models import Run
    from members.models import Person

    people = _people(max(sizes.enrolments, sizes.roster, sizes.who_enrol, sizes.readers))
    missing = sizes.runs - Run.objects.count()
    long, short, flow, *others = [_run(n, sizes) for n in range(max(missing, 4))]
    _enrol(long, people[: sizes.roster])
    _enrol(short, people[: sizes.short_roster])
    for number, run in enumerate(others):
        _enrol(run, people[: sizes.enrolments][number :: len(others)])
    coordinator = Person.objects.get(email="coordinator@example.org")
    return {
        "programme": "/courses/",
        "run": others[0].get_absolute_url(),
        "full run": long.get_absolute_url(),
        "roster": f"/desk/runs/{long.public_id}/roster/",
        "short roster": f"/desk/runs/{short.public_id}/roster/",
        "flow": flow.get_absolute_url(),
        "cookies": cookies_of(people[: max(sizes.who_enrol, sizes.readers)]),
        "coordinator": cookies_of([coordinator])[0],
        "queries": _queries(long, short, others[0], people[0], coordinator),
    }


def _people(count: int) -> list:
    """Teachers of the member schools, in no order of name."""
    from cluster_portal.search import folded
    from members.models import Affiliation, Institution, Person
    from members.models.cluster import Cluster

    names = [f"Teacher{n * 7919 % 10_007:05}" for n in range(count)]
    people = Person.objects.bulk_create(
        Person(email=f"bench{n}@example.org", family_name=name, given_name="Anna", sort_name=folded(name, "Anna"),
               words=folded(name, "Anna"), birth_date=date(1990, 1, 1), password="!", language="en")
        for n, name in enumerate(names)
    )  # fmt: skip
    schools = list(Institution.objects.members_on(Cluster.current().today()).order_by("pk"))
    Affiliation.objects.bulk_create(
        Affiliation(person=it, institution=schools[n % len(schools)], role="teacher", state="active",
                    starts_on=date(2026, 1, 1))
        for n, it in enumerate(people)
    )  # fmt: skip
    return people


def _run(number: int, sizes: Sizes):
    """A published course on two days of the week for two months; the first ones lead the programme."""
    from django.utils.timezone import now

    from courses import actions
    from courses.models import Course
    from courses.patterns import WeeklyPattern
    from members.models import Institution

    course = actions.create_course(
        None, title=f"AI Tools in Teaching {number}", kind=Course.Kind.COURSE, hours=72,
        summary="What a model is, what it is not, and what follows for a lesson.",
        description="Two months, two evenings a week.",
    )  # fmt: skip
    first = date.today() + timedelta(days=1 + number % 28)
    run = actions.create_run(
        course, None, {"room": max(sizes.roster, sizes.who_enrol)}, title="this season", place="Room 5",
        host=Institution.objects.order_by("pk")[number % 13], time_zone="Europe/Moscow",
        enrol_from=now() - timedelta(days=1), enrol_until=now() + timedelta(days=1), roles=["teacher"],
    )  # fmt: skip
    days = ((first.weekday()), (first.weekday() + 2) % 7)
    pattern = WeeklyPattern(tuple(sorted(days)), time(16), 90, first, first + timedelta(days=55))
    actions.plan_sessions(run, pattern, by=None, titles=["A lesson of your own"] * 16)
    actions.publish_run(run, by=None)
    return run


def _enrol(run, people: Sequence) -> None:
    from courses.models import Enrolment
    from members.models import Affiliation

    places = {it.person_id: it for it in Affiliation.objects.filter(person__in=people)}
    pool = run.pools.get()
    Enrolment.objects.bulk_create(
        Enrolment(run=run, pool=pool, person=it, affiliation=places[it.pk], state="confirmed") for it in people
    )
    run.pools.update(taken=len(people))


def _queries(long, short, run, person, coordinator) -> dict[str, int]:
    from bench.signing_in import queries

    page = run.get_absolute_url()
    return {
        "programme": queries("/courses/", person),
        "programme, anonymous": queries("/courses/"),
        "run": queries(page, person),
        "run, anonymous": queries(page),
        "roster": queries(f"/desk/runs/{long.public_id}/roster/", coordinator),
        "short roster": queries(f"/desk/runs/{short.public_id}/roster/", coordinator),
    }


if __name__ == "__main__":
    main()
