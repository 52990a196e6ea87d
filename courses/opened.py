"""The two pages that everybody reads, the programme and a run: each part of them is a prepared selection.

What few runs have is asked for where the run's own row says that it is there.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, QuerySet, Window
from django.http import Http404

from cluster_portal.prepared import AnyOf, keep, prepared
from courses.models import Course, Material, Pool, Question, Run, Session
from members.models import Direction, Institution, Person, Region

FIRST = 20  # runs on the first page of the programme


def open_run(reader: Any, public_id: str) -> Run:
    """The run with this id, ready for its page; Http404 when this reader may not see it."""
    found = _seen_by_everybody(public_id=public_id)
    if not found and reader.is_authenticated and reader.is_coordinator:  # drafts
        found = list(_with_facts(Run.objects.visible_to(reader)).filter(public_id=public_id))
    for run in found:
        return _opened(run)
    raise Http404


def first_ahead(at: datetime) -> list[Run]:
    """The runs with which the programme begins, as `not_over().for_lists()` gives them."""
    runs = {it.pk: it for it in _first_ahead(at=at)}
    its_pools, its_regions = defaultdict(list), defaultdict(list)
    for pool in _pools_of_each(runs=list(runs)):
        pool.run = runs[pool.run_id]
        its_pools[pool.run_id].append(pool)
    for row in _regions_of_each(runs=list(runs)):
        its_regions[row.run_id].append(row.region)
    for pk, run in runs.items():
        keep(run, "pools", its_pools[pk])
        keep(run, "regions", its_regions[pk])
    return list(runs.values())


def number_ahead(at: datetime) -> int:
    """How many runs are not over."""
    return next(iter(_number_ahead(at=at)), 0)


def sessions_of(run: Run) -> list[Session]:
    """The sessions of a run in their order, asked for once for each `run`: an action has a new one with its lock."""
    if "sessions" not in vars(run).get("_prefetched_objects_cache", {}):
        its_sessions = _sessions_of(run=run.pk)
        for it in its_sessions:
            it.run = run
        keep(run, "sessions", its_sessions)
    return list(run.sessions.all())


def regions_of(run: Run) -> list[Region]:
    """The regions that a run is for, asked for once too."""
    if "regions" not in vars(run).get("_prefetched_objects_cache", {}):
        keep(run, "regions", _regions_of(run=run.pk))
    return list(run.regions.all())


def questions_of(run: Run) -> list[Question]:
    """What a run asks those who enrol."""
    return _questions_of(run=run.pk)


def _opened(run: Run) -> Run:
    its_pools = _pools_of(run=run.pk)
    for it in its_pools:
        it.run = run
    keep(run, "pools", its_pools)
    sessions_of(run)
    keep(run, "instructors", _instructors_of(run=run.pk) if run.has_instructors else [])
    keep(run, "partners", _partners_of(run=run.pk) if run.has_partners else [])
    keep(run, "regions", _regions_of(run=run.pk) if run.has_regions else [])
    keep(run.course, "directions", _directions_of(course=run.course_id) if run.has_directions else [])
    run.read_dates()
    return run


def _with_facts(runs: QuerySet[Run]) -> QuerySet[Run]:
    """With its course, host and pattern, and whether there is what most runs have nothing of."""
    rows = {"instructors": Run.instructors, "partners": Run.partners, "regions": Run.regions}
    there = {f"has_{name}": Exists(of.through.objects.filter(run=OuterRef("pk"))) for name, of in rows.items()}
    return runs.select_related("course", "host", "pattern").annotate(
        has_directions=Exists(Course.directions.through.objects.filter(course=OuterRef("course"))),
        has_materials=Exists(Material.objects.filter(run=OuterRef("pk"))),
        **there,
    )


@prepared
def _seen_by_everybody(public_id):
    return _with_facts(Run.objects.visible_to(AnonymousUser())).filter(public_id=public_id)


@prepared
def _first_ahead(at):
    rows = Run.objects.public().not_over(at).with_dates().select_related("course", "host", "pattern")
    return rows.order_by("first_start", "pk")[:FIRST]


@prepared
def _number_ahead(at):
    counted = Run.objects.public().not_over(at).order_by().annotate(number=Window(Count("pk")))
    return counted.values_list("number", flat=True)[:1]


@prepared
def _pools_of_each(runs):
    return Pool.objects.with_waiting().filter(AnyOf("run", runs)).order_by("pk")


@prepared
def _regions_of_each(runs):
    return Run.regions.through.objects.filter(AnyOf("run", runs)).select_related("region").order_by("region__name")


@prepared
def _pools_of(run):
    return Pool.objects.with_waiting().filter(run=run).order_by("pk")


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
