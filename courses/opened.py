"""The two pages that everybody reads, the programme and a run: each part of them is a prepared selection.

What few runs have is asked for where the run's own row says that it is there.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, QuerySet, Window
from django.http import Http404

from cluster_portal.prepared import AnyOf, Asked, Prepared, keep, prepared, rows_of, together
from courses.models import Course, Enrolment, Material, Pool, Question, Run, Session, keep_newest
from members.models import Direction, Institution, Person, Region

FIRST = 20  # runs on the first page of the programme


def open_run(reader: Any, public_id: str) -> Run:
    """The run with this id, ready for its page; Http404 when this reader may not see it."""
    found, pools, sessions, newest = together(
        _seen_by_everybody.asked(public_id=public_id),
        _pools_at.asked(public_id=public_id),
        _sessions_at.asked(public_id=public_id),
        _newest_at.asked(public_id=public_id, person=reader.pk or 0),
    )
    if not found and reader.is_authenticated and reader.is_coordinator:  # drafts
        found = list(_with_facts(Run.objects.visible_to(reader)).filter(public_id=public_id))
    for run in found:
        _keep_of_run(run, pools=pools, sessions=sessions)
        keep_newest(reader, run, newest)
        _keep_what_few_have(run)
        return run
    raise Http404


def first_ahead(at: datetime) -> tuple[list[Run], int]:
    """The runs with which the programme begins, as `not_over().for_lists()` gives them; and how many there are."""
    first = _first_ahead(at=at)
    runs = {it.pk: it for it in first}
    its_pools, its_regions = defaultdict(list), defaultdict(list)
    pools, regions = together(_pools_of_each.asked(runs=list(runs)), _regions_of_each.asked(runs=list(runs)))
    for pool in pools:
        pool.run = runs[pool.run_id]
        its_pools[pool.run_id].append(pool)
    for row in regions:
        its_regions[row.run_id].append(row.region)
    for pk, run in runs.items():
        keep(run, "pools", its_pools[pk])
        keep(run, "regions", its_regions[pk])
    return first, first[0].number if first else 0


def sessions_of(run: Run) -> list[Session]:
    """The sessions of a run in their order: those that a page or a lock has read, else as they are now."""
    return _at_hand(run, "sessions", _sessions_of)


def questions_of(run: Run) -> list[Question]:
    """What a run asks those who enrol, likewise."""
    return _at_hand(run, "questions", _questions_of)


def keep_sessions(run: Run) -> list[Session]:
    """The sessions of a run, at hand from now on: for a round of mails about it."""
    _keep_of_run(run, sessions=sessions_of(run))
    return list(run.sessions.all())


def parts_for_enrolling(run: int) -> list[Asked]:
    """What enrolling asks of a run (its key), to be read with its lock; then given to `keep_parts`."""
    return [it.asked(run=run) for it in (_sessions_of, _regions_of, _questions_of)]


def keep_parts(run: Run, sessions: list[Session], regions: list[Region], questions: list[Question]) -> None:
    """Have at hand in a locked run what was read under its lock."""
    _keep_of_run(run, sessions=sessions, questions=questions)
    keep(run, "regions", regions)
    run.read_dates()


def forget_parts(run: Run) -> None:
    """What was read under a lock is so while the lock is held: whoever keeps the run asks anew."""
    for name in ("_prefetched_objects_cache", "_newest_of", "session_count", "first_start", "last_end"):
        vars(run).pop(name, None)


def _at_hand(run: Run, name: str, select: Prepared) -> list[Any]:
    if name in vars(run).get("_prefetched_objects_cache", {}):
        return rows_of(run, name)
    return select(run=run.pk)


def _keep_of_run(run: Run, **parts: list[Any]) -> None:
    for name, rows in parts.items():
        for it in rows:
            it.run = run
        keep(run, name, rows)


def _keep_what_few_have(run: Run) -> None:
    keep(run, "instructors", _instructors_of(run=run.pk) if run.has_instructors else [])
    keep(run, "partners", _partners_of(run=run.pk) if run.has_partners else [])
    keep(run, "regions", _regions_of(run=run.pk) if run.has_regions else [])
    keep(run, "questions", _questions_of(run=run.pk) if run.has_questions else [])
    keep(run.course, "directions", _directions_of(course=run.course_id) if run.has_directions else [])
    run.read_dates()


def _with_facts(runs: QuerySet[Run]) -> QuerySet[Run]:
    """With its course, host and pattern, and whether there is what most runs have nothing of."""
    rows = {"instructors": Run.instructors, "partners": Run.partners, "regions": Run.regions}
    there = {f"has_{name}": Exists(of.through.objects.filter(run=OuterRef("pk"))) for name, of in rows.items()}
    return runs.select_related("course", "host__region", "pattern").annotate(
        has_directions=Exists(Course.directions.through.objects.filter(course=OuterRef("course"))),
        has_questions=Exists(Question.objects.filter(run=OuterRef("pk"))),
        has_materials=Exists(Material.objects.filter(run=OuterRef("pk"))),
        **there,
    )


@prepared
def _seen_by_everybody(public_id):
    return _with_facts(Run.objects.visible_to(AnonymousUser())).filter(public_id=public_id)


@prepared
def _first_ahead(at):
    rows = Run.objects.public().not_over(at).with_dates().select_related("course", "host__region", "pattern")
    return rows.annotate(number=Window(Count("pk"))).order_by("first_start", "pk")[:FIRST]


@prepared
def _pools_of_each(runs):
    return Pool.objects.with_waiting().filter(AnyOf("run", runs)).order_by("pk")


@prepared
def _regions_of_each(runs):
    return Run.regions.through.objects.filter(AnyOf("run", runs)).select_related("region").order_by("region__name")


@prepared
def _pools_at(public_id):
    return Pool.objects.with_waiting().filter(run__public_id=public_id).order_by("pk")


@prepared
def _sessions_at(public_id):
    return Session.objects.with_own_places().filter(run__public_id=public_id)


@prepared
def _newest_at(public_id, person):
    return Enrolment.objects.newest().filter(run__public_id=public_id, person=person)[:1]


@prepared
def _sessions_of(run):
    return Session.objects.with_own_places().filter(run=run)


@prepared
def _questions_of(run):
    return Question.objects.filter(run=run)


@prepared
def _instructors_of(run):
    return Person.objects.filter(instructs=run)


@prepared
def _partners_of(run):
    return Institution.objects.filter(partner_in_runs=run)


@prepared
def _regions_of(run):
    return Region.objects.filter(runs=run)


@prepared
def _directions_of(course):
    return Direction.objects.filter(courses=course)
