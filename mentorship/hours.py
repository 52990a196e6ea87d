"""The time that mentors gave, as the logs of their pairings say (decision 129). No student is named in it.

Mentor and teacher may both write down one meeting: of each day of a pairing the author counts who wrote more.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from cluster_portal.pdf import render_pdf
from cluster_portal.sheets import as_xlsx
from members.models import Certificate, Cluster, Person
from mentorship.models import LogEntry, Pairing


@dataclass(frozen=True)
class Time:
    """Meetings, and how long they were together."""

    meetings: int = 0
    minutes: int = 0

    def __add__(self, other: "Time") -> "Time":
        return Time(self.meetings + other.meetings, self.minutes + other.minutes)

    @property
    def hours(self) -> str:
        """In hours, to the tenth, by the rules of the reader's language."""
        return number_format(self.minutes / 60, 1)


@dataclass(frozen=True)
class Line:
    """What one pairing took in one year."""

    pairing: Pairing
    time: Time
    certificate: Certificate | None


@dataclass(frozen=True)
class Year:
    """One year of a mentor."""

    year: int
    lines: list[Line]

    @property
    def time(self) -> Time:
        """All of it."""
        return sum((it.time for it in self.lines), Time())


def time_by_day(pairings: Iterable[Pairing] | QuerySet[Pairing]) -> dict[tuple[int, date], Time]:
    """When the pairs met, and for how long: (key of the pairing, day) → time."""
    rows = LogEntry.objects.filter(pairing__in=pairings).order_by().values_list("pairing", "day", "by")
    found: dict[tuple[int, date], Time] = {}
    for pairing, day, _by, minutes, meetings in rows.annotate(minutes_sum=Sum("minutes"), meetings=Count("pk")):
        found[pairing, day] = max(found.get((pairing, day), Time()), Time(meetings, minutes), key=_length)
    return found


def _length(time: Time) -> tuple[int, int]:
    return time.minutes, time.meetings


def time_of(pairings: Iterable[Pairing]) -> dict[int, Time]:
    """What each pairing (by key) took altogether."""
    found: dict[int, Time] = defaultdict(Time)
    for (pairing, _day), time in time_by_day(list(pairings)).items():
        found[pairing] += time
    return found


def years_of(person: Person) -> list[Year]:
    """A mentor's own record, the latest year first; of each year the pairings as they began."""
    pairings = Pairing.objects.held().filter(mentor__person=person)
    rows = {it.pk: it for it in pairings.select_related("request__affiliation__institution").order_by("began_on", "pk")}
    years: dict[int, dict[int, Time]] = defaultdict(lambda: defaultdict(Time))
    for (pairing, day), time in time_by_day(pairings).items():
        years[day.year][pairing] += time
    papers = papers_for(rows.values())
    return [
        Year(
            year, [Line(it, years[year][pk], papers.get(it.public_id)) for pk, it in rows.items() if pk in years[year]]
        )
        for year in sorted(years, reverse=True)
    ]


def papers_for(pairings: Iterable[Pairing]) -> dict[str, Certificate]:
    """The letter of thanks for each pairing (by public id): the one that holds, or else the last."""
    ids, label = [it.public_id for it in pairings], Pairing._meta.label_lower
    rows = list(Certificate.objects.filter(about_model=label, about_id__in=ids).order_by("pk"))
    valid = [it for it in rows if it.state == Certificate.State.ISSUED]
    return {it.about_id: it for it in [*rows, *valid]}


def headings() -> list[str]:
    """What stands in the columns of the record."""
    return [_("Year"), _("What it was about"), _("Institution"), _("Meetings"), _("Hours")]


def hours_workbook(years: Iterable[Year]) -> bytes:
    """The record as the bytes of an XLSX file; hours are numbers there."""
    rows: Iterable[list[Any]] = (
        [year.year, it.pairing.request.title, _school(it), it.time.meetings, round(it.time.minutes / 60, 1)]
        for year in years
        for it in year.lines
    )
    return as_xlsx(_("Hours as a mentor"), headings(), rows)


def hours_pdf(person: Person, years: Iterable[Year]) -> bytes:
    """The record on paper, in the reader's language."""
    cluster, rows = Cluster.current(), list(years)
    total = sum((it.time for it in rows), Time())
    facts = {
        "title": _("Hours as a mentor"),
        "name": person.full_name,
        "facts": [
            (_("Cluster"), str(cluster.name)),
            (_("Drawn up on"), date_format(cluster.today())),
            (_("Meetings"), str(total.meetings)),
            (_("Hours"), total.hours),
        ],
        "heads": headings(),
        "rows": [
            [str(year.year), it.pairing.request.title, _school(it), str(it.time.meetings), it.time.hours]
            for year in rows
            for it in year.lines
        ],
        "note": _("As the logs of the pairings say. What both sides wrote of one day counts once."),
    }
    return render_pdf("mentorship/hours", facts)


def _school(it: Line) -> str:
    return str(it.pairing.request.affiliation.institution)
