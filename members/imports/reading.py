"""A file becomes tables of plain values. Formulas are never evaluated: we read the value that was saved beside them."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from members.imports.encodings import decoded

LARGEST_UNPACKED = 300 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 100
MOST_ROWS_ABOVE = 100  # titles and empty lines that may stand above the header, beyond the 20,000 rows
SEPARATORS = ";,\t|"
SHEETS = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")
TARGETS = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)>")
CELLS = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)\b[^>/]*>[^<]")
FORMULA = re.compile(rb"<(?:\w+:)?f\b")
# RuntimeError: the archive asks for a password.
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError)
INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"  # inside the brackets of a pattern
BLANK = re.compile(rf"[\s{INVISIBLE}]")
PLACE = re.compile(rb"([A-Z]+)(\d+)")


@dataclass(frozen=True)
class Missing:
    """What stands in a cell that should show a value and does not."""

    said: str

    def __str__(self) -> str:
        return self.said


NO_VALUE = Missing("formula")
ERROR = Missing("error")


@dataclass(frozen=True)
class Table:
    """One sheet of a file, as rows of values from its first cell on."""

    name: str
    rows: list[list[Any]]


def readable(content: bytes) -> bytes:
    """The file as we keep it: a workbook as it is, a text in UTF-8. Raises Refused with what would help."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(_("This is an old Excel file, or one with a password. Save it as XLSX without a password."))
    if not content.startswith(b"PK\x03\x04"):
        content = decoded(content).encode()
    if not any(any(map(is_filled, row)) for table in tables_of(content) for row in table.rows):
        raise Refused(_("The file holds no rows. Choose the one with the list."))
    return content


def tables_of(content: bytes) -> list[Table]:
    """The sheets of a file that `readable` has let in."""
    tables = _sheets(content) if content.startswith(b"PK\x03\x04") else [Table("", _lines(content.decode()))]
    if any(len(table.rows) > MOST_ROWS + MOST_ROWS_ABOVE for table in tables):
        raise Refused(too_long())
    return [Table(it.name, [row[:MOST_COLUMNS] for row in it.rows]) for it in tables]


def too_long() -> str:
    return _("The list has more than 20,000 rows. Split it and load the parts one by one.")


def is_filled(value: Any) -> bool:
    """Whether a cell holds anything that one can see."""
    return value is not None and (not isinstance(value, str) or bool(BLANK.sub("", value)))


def _sheets(content: bytes) -> list[Table]:
    from python_calamine import CalamineError, CalamineWorkbook  # here: its memory is only for those who load lists

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(it.file_size for it in archive.infolist()) > LARGEST_UNPACKED:
                raise Refused(_("The file unpacks to more than we can read. Keep only the list in it."))
            missing = _missing_values(archive)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        return [
            Table(it.name, _with_missing(it.to_python(skip_empty_area=False), missing.get(number, {})))
            for number, it in enumerate(sheets)
        ]
    except (CalamineError, *BROKEN) as error:
        raise Refused(_("The spreadsheet cannot be opened. Save it again as XLSX or CSV.")) from error


def _with_missing(rows: list[list[Any]], missing: dict[tuple[int, int], Missing]) -> list[list[Any]]:
    for (row, column), what in missing.items():
        if row < len(rows) and column < len(rows[row]) and rows[row][column] == "":
            rows[row][column] = what
    return rows


def _missing_values(archive: zipfile.ZipFile) -> dict[int, dict[tuple[int, int], Missing]]:
    """Number of a sheet → where its formulas have no saved value, and where an error stands."""
    names = set(archive.namelist())
    book, relations = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {book, relations} <= names:
        return {}
    targets = {_attribute(it, rb"Id"): _attribute(it, rb"Target") for it in TARGETS.findall(archive.read(relations))}
    found = {}
    for number, sheet in enumerate(SHEETS.findall(archive.read(book))):
        target = targets.get(_attribute(sheet, rb"(?:\w+:)?id"), "").removeprefix("/")
        path = target if target.startswith("xl/") else f"xl/{target}"
        if path in names:
            found[number] = dict(_missing_cells(archive.read(path)))
    return found


def _missing_cells(sheet: bytes) -> Iterator[tuple[tuple[int, int], Missing]]:
    if not FORMULA.search(sheet) and b't="e"' not in sheet:
        return
    for cell in CELLS.finditer(sheet):
        attributes, body = cell[1], cell[2] or b""
        is_error = b't="e"' in attributes
        if is_error or (FORMULA.search(body) and not VALUE.search(body)):
            place = PLACE.fullmatch(_attribute(attributes, rb"r").encode())
            if place:
                yield (int(place[2]) - 1, _column_number(place[1])), ERROR if is_error else NO_VALUE


def _attribute(attributes: bytes, name: bytes) -> str:
    found = re.search(rb"(?:^|\s)" + name + rb'\s*=\s*"([^"]*)"', attributes)
    return found[1].decode() if found else ""


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _lines(text: str) -> list[list[Any]]:
    text = text.removeprefix("\ufeff")
    told = re.match(r'"?sep=(.)"?\r?\n', text)
    if told:
        return list(_split(text[told.end() :], told[1]))
    return max((list(_split(text, separator)) for separator in SEPARATORS), key=_evenness)


def _split(text: str, separator: str) -> Iterator[list[str]]:
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator)):
            if number > MOST_ROWS + MOST_ROWS_ABOVE:
                raise Refused(too_long())
            yield row
    except csv.Error as error:
        raise Refused(_("A cell of this file never ends: a quotation mark is missing. Save it again.")) from error


def _evenness(rows: list[list[str]]) -> float:
    """How much a way of splitting looks like a table: many rows with the same number of columns, and many columns."""
    widths = [len(row) for row in rows if any(map(is_filled, row))]
    if not widths or max(widths) == 1:
        return 0
    usual = max(set(widths), key=widths.count)
    return widths.count(usual) / len(widths) * (1 + min(usual, 20) / 20) if usual > 1 else 0.1
