"""The way of a list into the portal: read, judge every row, let rows come true, hand back those that could not."""

from typing import Any

from django.core.files.base import ContentFile
from django.db import DataError, transaction
from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from cluster_portal.sheets import as_xlsx
from members.actions.imports import file_is_erased, one_at_a_time
from members.imports.cells import Unusable, text_of
from members.imports.classes import Classes
from members.imports.columns import List, list_of
from members.imports.institutions import Institutions
from members.imports.people import People
from members.imports.reading import MOST_ROWS, is_filled, tables_of, too_long
from members.imports.verdicts import Judged, Sort
from members.models import Import

KINDS = {Import.Kind.INSTITUTIONS: Institutions, Import.Kind.PEOPLE: People, Import.Kind.CLASSES: Classes}
LOOKED_THROUGH = 200  # rows in which the columns' first values are sought


def opened(it: Import) -> tuple[List, dict[str, int]]:
    """The list in an import's file, and the guess of its columns. Raises Refused when it is too long."""
    if it.file is None:
        raise Refused(file_is_erased())
    with it.file.file.open("rb") as file:
        table, columns = list_of(tables_of(file.read()), it.kind)
    if len(table.rows) > MOST_ROWS:
        raise Refused(too_long())
    return table, columns


class Rows:
    """The rows of a list, each read and compared with those above it; then judged or loaded some at a time.

    Reading asks nothing about people. So whoever goes on with a list that another worker began knows as much as that
    one did: what stands twice in a list is told by the list alone.
    """

    def __init__(self, it: Import):
        self.it = it
        self.table, _guess = opened(it)
        self.kind: Any = KINDS[it.kind](it)
        self.all = [self._read(Judged(*row)) for row in self.table.rows]

    def judged(self, since: int, until: int) -> list[Judged]:
        """A verdict for some rows, as if they were loaded now; nothing is written."""
        rows = self.all[since:until]
        for row in self._readable(rows):
            self._judge(row)
        return rows

    @transaction.atomic
    def loaded(self, since: int, until: int, invite: bool) -> list[Judged]:
        """Judge some rows while no other list is being loaded, and let them come true one by one."""
        one_at_a_time()
        rows = self.all[since:until]
        for row in self._readable(rows):
            self._judge(row)
            if row.sort in {Sort.NEW, Sort.CHANGED}:
                self._load(row, invite)
        return rows

    def _read(self, row: Judged) -> Judged:
        cells = {name: row.row[number] for name, number in self.it.columns.items() if number < len(row.row)}
        try:
            if [_said(value) for value in row.row] == [_said(value) for value in self.table.headings]:
                raise Unusable(_("This row repeats the heading. Take it out."))
            row.facts = self.kind.read(cells)
            self.kind.compare(row)
        except Unusable as problem:
            row.reject(str(problem))
        return row

    def _readable(self, rows: list[Judged]) -> list[Judged]:
        readable = [row for row in rows if row.sort != Sort.REJECTED]
        self.kind.prepare(readable)
        return readable

    def _judge(self, row: Judged) -> None:
        try:
            self.kind.judge(row)
        except Unusable as problem:
            row.reject(str(problem))

    def _load(self, row: Judged, invite: bool) -> None:
        try:
            with transaction.atomic():
                self.kind.load(row, invite)
        except Refused as refused:
            row.reject(str(refused))
        except DataError:  # what no reading foresaw must cost its own row only
            row.reject(_("The portal cannot keep this row as it is. Look for a cell that is far too long."))


def rejected_file(it: Import, table: List) -> ContentFile | None:
    """The rejected rows under the same headings, each with its reason, to be corrected and loaded again."""
    reasons = dict(it.rows.rejected().values_list("number", "said"))
    if not reasons:
        return None
    rejected = [(row, reasons[number]) for number, row in table.rows if number in reasons]
    width = max([len(table.headings), *(len(row) for row, _reason in rejected)])
    headings = table.headings + [""] * (width - len(table.headings))
    lines = [[*map(_said, row), *[""] * (width - len(row)), reason] for row, reason in rejected]
    stem = it.file.name.rpartition(".")[0]
    name = _("%(file)s, rejected rows") % {"file": stem}
    return ContentFile(as_xlsx(_("Rejected rows"), [*headings, _("What is wrong")], lines), name=f"{name}.xlsx")


def _said(value: Any) -> str:
    """A cell as it goes back to the reader: as it came, without invisible signs; one that shows nothing is empty."""
    try:
        return text_of(value) if is_filled(value) else ""
    except Unusable:
        return ""


def samples(table: List) -> list[tuple[str, list[str]]]:
    """Each column's heading with its first three values."""
    width = max([len(table.headings), *(len(row) for _number, row in table.rows)])
    headings = table.headings + [""] * (width - len(table.headings))
    first = table.rows[:LOOKED_THROUGH]
    values = [[_said(row[number]) for _place, row in first if number < len(row)] for number in range(width)]
    return [
        (heading, list(dict.fromkeys(filter(None, said)))[:3]) for heading, said in zip(headings, values, strict=True)
    ]
