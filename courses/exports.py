"""Lists that leave the portal as spreadsheets."""

import io
from typing import Any

from django.utils.translation import gettext as _

from courses.models import Run


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
        """The lines, read in batches."""
        columns = self.columns()
        for enrolment in self.run.enrolments.for_roster().iterator(chunk_size=500):
            yield [as_text(value(enrolment)) for _heading, value in columns]


def as_text(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: such beginnings get an apostrophe (OWASP, CSV injection)."""
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def roster_workbook(run: Run) -> bytes:
    """The roster of a run as the bytes of an XLSX file."""
    from openpyxl import Workbook  # here, because its 7 MB are only for those who ask for a spreadsheet

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Roster"))
    roster = Roster(run)
    sheet.append([_bold(sheet, heading) for heading, _value in roster.columns()])
    for row in roster.rows():
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _bold(sheet, text: str):
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell
