"""Results that leave the portal as a spreadsheet."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cluster_portal.sheets import as_xlsx
from competitions.results import Line, Results
from members.consent import conceal_names


def results_workbook(results: Results) -> bytes:
    """A line for each admitted entry as the bytes of an XLSX file; names that may not be published stand not in it."""
    conceal_names([author.person for line in results.lines for author in line.entry.authors])
    columns = [
        (_("Lesson plan"), lambda it: it.entry.title),
        (_("Nomination"), lambda it: it.entry.nomination or ""),
        (_("Authors"), lambda it: ", ".join(author.person.full_name for author in it.entry.authors)),
        (_("Institution"), _institutions),
        *_numbers(),
        (_("Planned place"), lambda it: it.entry.get_planned_place_display()),
        (pgettext("award", "Place"), lambda it: it.entry.get_place_display()),
    ]
    rows = ([show(line) for _heading, show in columns] for line in results.lines)
    return as_xlsx(_("Results"), [heading for heading, _show in columns], rows)


def _institutions(line: Line) -> str:
    named = (author.affiliation.institution.name for author in line.entry.authors if author.affiliation)
    return ", ".join(dict.fromkeys(named))


def _numbers() -> Sequence[tuple[str, Any]]:
    """Heading and value of what was counted; an entry without a review has none of it."""
    names = {
        "reviews": _("Reviews"), "mean": _("Mean"), "spread": _("Spread"), "rank": _("Rank"),
        "adjusted": _("Adjusted score"), "adjusted_rank": _("Adjusted rank"), "rank_from": _("Rank from"),
        "rank_to": _("Rank to"),
    }  # fmt: skip
    return [(heading, _shown(name)) for name, heading in names.items()]


def _shown(name: str) -> Any:
    def value(line: Line) -> Any:
        number = getattr(line.standing, name, None)
        return "" if number is None else round(float(number), 2)

    return value
