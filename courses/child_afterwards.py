"""What a child's page shows of what goes with a run and comes after it: materials, and feedback to be given."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.hooks import ChildPart, ChildRow, GuardianPage, register_child_parts
from courses.child_parts import address_on, after_the_fact
from courses.feedback import ASKED_IN, can_give_feedback, why_not_asked
from courses.models import Enrolment, Material, Run


def materials_and_feedback(page: GuardianPage) -> Iterator[ChildPart]:
    """Of each child's runs, those with materials to open, feedback to give, or, once closed, marks to read."""
    if page.is_list:
        return
    seen = Material.objects.shown_at(now()).filter(run=OuterRef("run"))
    rows = Enrolment.objects.confirmed().filter(person__in=page.children, run__state__in=ASKED_IN)
    rows = rows.annotate(has_materials=Exists(seen)).select_related("run__course", "person")
    enrolments = list(rows.prefetch_related("run__sessions", "run__feedback_questions").order_by("-pk"))
    asked = set(can_give_feedback().filter(pk__in=[it.pk for it in enrolments]).values_list("pk", flat=True))
    for child in page.children:
        theirs = [(it, _links(page, it, it.pk in asked)) for it in enrolments if it.person_id == child.pk]
        shown = [ChildRow(it.run.course.title, it.run.get_absolute_url(), [it.run.title], links=links)
                 for it, links in theirs if links]  # fmt: skip
        if shown:
            yield ChildPart(child.pk, _("Attendance, materials, feedback"), shown)


def _links(page: GuardianPage, it: Enrolment, is_asked: bool) -> list[tuple[str, Any]]:
    links = after_the_fact(page, it) if it.run.state == Run.State.CLOSED else []
    if it.has_materials:
        links.append((address_on(page, "materials_by_link", "materials_of_mine", it), _("Materials")))
    if is_asked and not why_not_asked(it.run, now()):
        links.append((address_on(page, "feedback_by_consent_link", "feedback", it), _("Give feedback")))
    return links


register_child_parts(materials_and_feedback)
