"""What this app shows on an institution's page: how many mentors it has, and what its students reached with mentors."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import PagePart, register_institution_parts
from members.few_people import FEWEST_PEOPLE
from members.models import Affiliation, Institution
from mentorship.models import Mentor
from mentorship.outcomes import in_a_line, public_outcomes

MOST_ROWS = 8


def mentors(institution: Institution, reader: Any) -> Iterator[PagePart]:
    """How many mentors work there, from three on: fewer would be known by name."""
    there = Affiliation.objects.active().filter(institution=institution, person__mentor__in=Mentor.objects.taking())
    count = there.values("person").distinct().count()
    if count >= FEWEST_PEOPLE:
        said = ngettext("%(n)d mentor works here", "%(n)d mentors work here", count) % {"n": count}
        yield PagePart(_("Mentorship"), [(said, reverse("mentorship:mentorship"), "")])


def reached(institution: Institution, reader: Any) -> Iterator[PagePart]:
    """What its students reached with a mentor; who they are, and how many, is not said here."""
    rows = public_outcomes(institution).prefetch_related(None)[:MOST_ROWS]
    shown = [(in_a_line(it), "", date_format(it.day, "YEAR_MONTH_FORMAT")) for it in rows]
    if shown:
        more = f"{reverse('mentorship:outcomes')}?institution={institution.slug}"
        yield PagePart(_("What its students reached with a mentor"), shown, more, _("All outcomes"))


register_institution_parts(mentors)
register_institution_parts(reached)
