"""Tables that leave the portal as XLSX or CSV: no cell of theirs is ever a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")
NOT_IN_A_CELL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
NUMBERS = {int, float}  # they stay numbers, so that a sum can be drawn
WITH_SEMICOLONS = {"ru"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


def as_text(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: such beginnings get an apostrophe (OWASP, CSV injection)."""
    text = NOT_IN_A_CELL.sub("", str(value))
    return f"'{text}" if text.startswith(FORMULA_BEGINNINGS) else text


def as_xlsx(title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """The table as the bytes of an XLSX file with one sheet."""
    return as_workbook([(title, headings, rows)])


def as_workbook(tables: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> bytes:
    """Tables (title, headings, rows) as the bytes of an XLSX file with a sheet for each."""
    from openpyxl import Workbook  # here, because its 7 MB are only for those who ask for a spreadsheet

    book = Workbook(write_only=True)
    for title, headings, rows in tables:
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31])
        sheet.append([_bold(sheet, heading) for heading in headings])
        for row in rows:
            sheet.append([value if type(value) in NUMBERS else as_text(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """The table as CSV that Excel opens with its letters whole: BOM, and the separator of the reader's language."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if get_language() in WITH_SEMICOLONS else ",")
    writer.writerow(headings)
    writer.writerows([as_text(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def file_response(content: bytes, content_type: str, name: str) -> HttpResponse:
    """A made file as an attachment that nobody keeps on the way."""
    response = HttpResponse(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _bold(sheet, text: str):
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, as_text(text))
    cell.font = Font(bold=True)
    return cell
