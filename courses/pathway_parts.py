"""Pathways on the pages of others: of the institutions that offer them, and of a guardian's children."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.hooks import (
    ChildPart,
    ChildRow,
    GuardianPage,
    PagePart,
    register_child_parts,
    register_institution_parts,
)
from courses.models import Pathway
from courses.progress import Progress, next_runs, progress_on, taken_by
from members.models import Institution, Person

MOST_ROWS = 8


def offered_together(institution: Institution, reader: Any) -> Iterator[PagePart]:
    """Pathways in which an institution is a partner, with the vocation each leads to."""
    rows = Pathway.objects.public().filter(partners=institution)[:MOST_ROWS]
    if shown := [(it.title, it.get_absolute_url(), it.vocation) for it in rows]:
        yield PagePart(_("Pathways"), shown)


def begun_by(person: Person) -> list[tuple[Pathway, Progress]]:
    """The pathways that one person has begun, and how far they are."""
    pathways = list(Pathway.objects.public().with_steps())
    taken = taken_by([person], {step.course_id for it in pathways for step in it.steps.all()})[person.pk]
    ways = [(it, progress_on(it, taken, {})) for it in pathways] if taken else []
    return [(it, progress) for it, progress in ways if progress.has_begun]


def how_far(page: GuardianPage) -> Iterator[ChildPart]:
    """The pathways that each child has begun, and the course that comes next."""
    pathways = list(Pathway.objects.public().with_steps())
    if not pathways:
        return
    courses = {step.course_id for it in pathways for step in it.steps.all()}
    taken = taken_by(page.children, courses)
    runs = next_runs(courses) if any(taken.values()) else {}
    for child in page.children:
        ways = [(it, progress_on(it, taken[child.pk], runs)) for it in pathways]
        if rows := [_row(it, progress) for it, progress in ways if progress.has_begun]:
            yield ChildPart(child.pk, _("Pathways"), rows)


def _row(it: Pathway, progress: Progress) -> ChildRow:
    ahead = progress.next
    notes = [_("Next: %(course)s") % {"course": ahead.course.title}] if ahead else []
    tone = "good" if progress.is_complete else "waiting"
    return ChildRow(it.title, it.get_absolute_url(), notes, progress.said, tone)


register_institution_parts(offered_together)
register_child_parts(how_far)
