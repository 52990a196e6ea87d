"""Lists that leave the portal as spreadsheets."""

from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.sheets import as_xlsx
from courses.models import Run
from members.consent import conceal_names


class Roster:
    """The people of a run, a line each. `columns` pairs each heading with what it shows of an enrolment."""

    def __init__(self, run: Run):
        self.run = run

    def columns(self) -> list[tuple[str, Any]]:
        return [
            (_("Family name"), lambda it: it.person.family_name),
            (_("Given name"), lambda it: it.person.given_name),
            (_("Patronymic"), lambda it: it.person.patronymic),
            (_("Institution"), lambda it: str(it.affiliation.institution) if it.affiliation else ""),
            (_("Role"), lambda it: it.affiliation.get_role_display() if it.affiliation else ""),
            (_("E-mail"), lambda it: it.person.address),
            (_("Room or online"), lambda it: it.pool.get_sort_display()),
            (_("State"), lambda it: it.get_state_display()),
        ]

    def rows(self):
        """The lines; children whose name may not be published stand without it."""
        columns, enrolments = self.columns(), list(self.run.enrolments.for_roster())
        conceal_names(it.person for it in enrolments)
        for enrolment in enrolments:
            yield [value(enrolment) for _heading, value in columns]


def roster_workbook(run: Run) -> bytes:
    """The roster of a run as the bytes of an XLSX file."""
    roster = Roster(run)
    return as_xlsx(_("Roster"), [heading for heading, _value in roster.columns()], roster.rows())
