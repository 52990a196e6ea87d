"""What this app shows on an institution's page: what takes place there, and what its people take part in."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.hooks import PagePart, register_institution_parts
from courses.models import Enrolment, Run
from courses.words import when
from members.few_people import FEWEST_PEOPLE
from members.models import Institution

MOST_ROWS = 8


def offered(institution: Institution, reader: Any) -> Iterator[PagePart]:
    """Runs that take place here, those ahead."""
    runs = Run.objects.filter(host=institution).published().not_over(now()).for_lists().order_by("first_start", "pk")
    if rows := _rows(runs):
        more = f"{reverse('courses:programme')}?host={institution.slug}"
        yield PagePart(_("What it offers"), rows, more, _("See what takes place here"))


def taken_part_in(institution: Institution, reader: Any) -> Iterator[PagePart]:
    """Runs in which people of this institution have places; who they are, and how many, is not said."""
    here = Q(enrolments__state=Enrolment.State.CONFIRMED, enrolments__affiliation__institution=institution)
    runs = Run.objects.public().exclude(host=institution).annotate(of_here=Count("enrolments", here, distinct=True))
    if rows := _rows(runs.filter(of_here__gte=FEWEST_PEOPLE).for_lists().order_by("-first_start", "pk")):
        yield PagePart(_("What its people take part in"), rows)


def _rows(runs) -> list[tuple[str, str, str]]:
    return [(run.course.title, run.get_absolute_url(), when(run)) for run in runs[:MOST_ROWS]]


register_institution_parts(offered)
register_institution_parts(taken_part_in)
