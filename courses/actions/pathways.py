"""Pathways: written down, filled with courses in their order, shown to everybody, offered no more."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused, make_move
from cluster_portal.tied import apart, tie
from courses.models import Course, Pathway, PathwayStep
from members.models import Person


@transaction.atomic
def create_pathway(by: Person | None, **facts: Any) -> Pathway:
    """Write a pathway down, as a draft without courses."""
    plain, tied = apart(Pathway, facts)
    pathway = Pathway.objects.create(**plain)
    tie(pathway, tied)
    record("courses.pathway.create", pathway, by=by)
    return pathway


@transaction.atomic
def change_pathway(pathway: Pathway, by: Person, **changes: Any) -> list[str]:
    """Change what a pathway says; return the names of the changed fields."""
    current = _locked(pathway)
    plain, tied = apart(Pathway, changes)
    changed = [name for name, value in plain.items() if getattr(current, name) != value]
    for name in changed:
        setattr(current, name, plain[name])
    if changed:
        current.save(update_fields=[*changed, "words"])
    changed += tie(current, tied)
    if changed:
        record_changes("courses.pathway.change", current, by=by, changed=changed)
    return changed


@transaction.atomic
def add_step(pathway: Pathway, course: Course, by: Person | None) -> PathwayStep:
    """Add a course at the end of a pathway."""
    pathway = _locked(pathway)
    steps = pathway.steps.all()
    if any(it.course_id == course.pk for it in steps):
        raise Refused(_("This course is in the pathway already. Choose another one."))
    step = pathway.steps.create(course=course, position=len(steps) + 1)
    record("courses.pathway.add_step", pathway, by=by, fields=["steps"])
    return step


@transaction.atomic
def move_step_up(step: PathwayStep, by: Person) -> None:
    """Let a course change places with the one before it."""
    pathway = _locked(step.pathway)
    steps = list(pathway.steps.all())
    at = steps.index(step) if step in steps else 0
    if at == 0:
        raise Refused(_("This course is the first already. Reload the page to see the order."))
    steps[at - 1 : at + 1] = [steps[at], steps[at - 1]]
    _number(steps)
    record("courses.pathway.move_step_up", pathway, by=by, fields=["steps"])


@transaction.atomic
def remove_step(step: PathwayStep, by: Person) -> None:
    """Take a course out of a pathway; who completed it keeps their certificate."""
    pathway = _locked(step.pathway)
    rest = list(pathway.steps.exclude(pk=step.pk))
    if pathway.state == Pathway.State.PUBLISHED and not rest:
        raise Refused(_("A pathway leads through one course at least. Add another one first, or retire the pathway."))
    pathway.steps.filter(pk=step.pk).delete()
    _number(rest)
    record("courses.pathway.remove_step", pathway, by=by, fields=["steps"])


@transaction.atomic
def publish_pathway(pathway: Pathway, by: Person | None) -> None:
    """Show a pathway to everybody."""
    if not _locked(pathway).steps.exists():
        raise Refused(_("A pathway without a course leads nowhere. Add its courses, then publish."))
    make_move(pathway, "publish", by=by)


@transaction.atomic
def retire_pathway(pathway: Pathway, by: Person) -> None:
    """Offer a pathway no more; its courses and everybody's certificates stay."""
    make_move(pathway, "retire", by=by)


def _locked(pathway: Pathway) -> Pathway:
    return Pathway.objects.select_for_update(no_key=True, of=("self",)).get(pk=pathway.pk)


def _number(steps: list[PathwayStep]) -> None:
    for position, step in enumerate(steps, 1):
        step.position = position
    PathwayStep.objects.bulk_update(steps, ["position"])
