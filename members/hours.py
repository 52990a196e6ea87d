"""Hours of professional development: what somebody completed in a year, as their certificates say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import OuterRef
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from cluster_portal.sheets import as_xlsx
from members.models import Affiliation, Certificate, Institution, Person


@dataclass(frozen=True)
class Year:
    """One year of one person: the hours, and by how many certificates."""

    year: int
    hours: int
    certificates: int


def works(person: Person) -> bool:
    """Whether somebody works in an institution, or did: professional development is theirs, not of who learns."""
    states = [Affiliation.State.ACTIVE, Affiliation.State.ENDED]
    return person.affiliations.filter(state__in=states).exclude(role=Affiliation.Role.STUDENT).exists()


def years_of(person: Person) -> list[Year]:
    """The hours of each year in which somebody completed anything, the latest first."""
    rows = Certificate.objects.of_completion().filter(person=person).order_by().values("ends_on__year")
    rows = rows.annotate(hours=Coalesce(Sum("hours"), 0), certificates=Count("pk")).order_by("-ends_on__year")
    return [Year(row["ends_on__year"], row["hours"], row["certificates"]) for row in rows]


def staff_with_hours(institution: Institution, year: int) -> QuerySet[Person]:
    """Who worked in an institution in a year, with what they completed through it then; who has nothing stands too.

    Whoever changed to another institution stands in the lists of both. `at` is the affiliation that their line opens.
    """
    there = Affiliation.objects.worked_at(institution)
    rows = Certificate.objects.of_completion().filter(institution=institution, ends_on__year=year)
    that_year = there.between(date(year, 1, 1), date(year, 12, 31))
    per_person = rows.filter(person=OuterRef("pk")).order_by().values("person")
    return (
        Person.objects.active()
        .filter(Q(pk__in=that_year.values("person")) | Q(pk__in=rows.values("person")), pk__in=there.values("person"))
        .order_by("sort_name", "pk")
        .annotate(
            hours=_of(per_person.annotate(number=Sum("hours"))),
            certificate_count=_of(per_person.annotate(number=Count("pk"))),
            at=Subquery(there.filter(person=OuterRef("pk")).order_by("-pk").values("public_id")[:1]),
        )
    )


def _of(counted: QuerySet) -> Any:
    return Coalesce(Subquery(counted.values("number")), Value(0))


def years_in(institution: Institution, today: Any) -> list[int]:
    """The years for which there is anything to show, the latest first; this one always."""
    rows = Certificate.objects.of_completion().filter(institution=institution)
    found = set(rows.order_by().values_list("ends_on__year", flat=True).distinct())
    return sorted(found | {today.year}, reverse=True)


def hours_workbook(people: Iterable[Person], institution: Institution, year: int) -> bytes:
    """The same list as the bytes of an XLSX file."""
    headings = [
        _("Family name"), _("Given name"), _("Patronymic"), _("Institution"), _("Year"), _("Academic hours"),
        _("Certificates"),
    ]  # fmt: skip
    rows = (
        [it.family_name, it.given_name, it.patronymic, str(institution), year, it.hours, it.certificate_count]
        for it in people
    )
    return as_xlsx(_("Hours"), headings, rows)
