"""The way of a list into the portal: read, judge every row, let rows come true, hand back those that could not."""

from collections import Counter
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from cluster_portal.sheets import as_xlsx
from members.actions.imports import finish_import, one_at_a_time
from members.imports.cells import Unusable, text_of
from members.imports.classes import Classes
from members.imports.columns import List, list_of
from members.imports.fields import label_of
from members.imports.institutions import Institutions
from members.imports.people import People
from members.imports.reading import MOST_ROWS, is_filled, tables_of
from members.imports.verdicts import Judged, Sort
from members.models import Import

BATCH = 200
KINDS = {Import.Kind.INSTITUTIONS: Institutions, Import.Kind.PEOPLE: People, Import.Kind.CLASSES: Classes}


def opened(it: Import) -> tuple[List, dict[str, int]]:
    """The list in an import's file, and the guess of its columns. Raises Refused when it is too long."""
    if it.file is None:
        raise Refused(_("The file was erased, as all lists are after 30 days. Choose it again."))
    with it.file.file.open("rb") as file:
        table, columns = list_of(tables_of(file.read()), it.kind)
    if len(table.rows) > MOST_ROWS:
        raise Refused(_("The list has more than 20,000 rows. Split it and load the parts one by one."))
    return table, columns


def judged(it: Import, table: List) -> list[Judged]:
    """A verdict for every row, as if it were loaded now; nothing is written."""
    kind = KINDS[it.kind](it)
    rows = [_read(kind, it, table, Judged(*row)) for row in table.rows]
    _judge(kind, rows)
    return rows


def load(it: Import, invite: bool) -> list[Judged]:
    """Load the list in batches, each in one transaction; a row that cannot be loaded says why."""
    table, _guess = opened(it)
    if it.loaded_at is not None:
        raise Refused(_("This list is loaded already. Choose the file again to load it anew."))
    kind = KINDS[it.kind](it)
    rows = [_read(kind, it, table, Judged(*row)) for row in table.rows]
    for start in range(0, len(rows), BATCH):
        _load_batch(kind, it, rows[start : start + BATCH], invite)
    finish_import(it, counts_of(rows, table), _rejected_file(it, table, rows), by=it.by)
    return rows


def counts_of(rows: list[Judged], table: List) -> dict[str, int]:
    """How many rows there are of each sort; those rejected and those accepted are all of them."""
    sorts = Counter(row.sort for row in rows)
    accepted = len(rows) - sorts[Sort.REJECTED]
    return {"rows": len(rows), "accepted": accepted, "empty": table.empty, **{sort.value: sorts[sort] for sort in Sort}}


def changed_fields(it: Import, row: Judged) -> list[str]:
    """What a row changes, in the reader's words."""
    return [label_of(it.kind, "email" if name == "contact_email" else name) for name in row.changes]


def _read(kind: Any, it: Import, table: List, row: Judged) -> Judged:
    cells = {name: row.row[number] for name, number in it.columns.items() if number < len(row.row)}
    try:
        if [_said(value) for value in row.row] == [_said(value) for value in table.headings]:
            raise Unusable(_("This row repeats the heading. Take it out."))
        row.facts = kind.read(cells)
    except Unusable as problem:
        row.reject(str(problem))
    return row


def _judge(kind: Any, rows: list[Judged]) -> None:
    readable = [row for row in rows if row.sort != Sort.REJECTED]
    kind.prepare(readable)
    for row in readable:
        _judge_one(kind, row)


def _judge_one(kind: Any, row: Judged) -> None:
    try:
        kind.judge(row)
    except Unusable as problem:
        row.reject(str(problem))


@transaction.atomic
def _load_batch(kind: Any, it: Import, rows: list[Judged], invite: bool) -> None:
    """Judge these rows while no other list is being loaded, and let them come true one by one."""
    one_at_a_time()
    readable = [row for row in rows if row.sort != Sort.REJECTED]
    kind.prepare(readable)
    for row in readable:
        _judge_one(kind, row)
        if row.sort in {Sort.NEW, Sort.CHANGED}:
            try:
                with transaction.atomic():
                    kind.load(row, invite)
            except Refused as refused:
                row.reject(str(refused))


def _rejected_file(it: Import, table: List, rows: list[Judged]) -> ContentFile | None:
    """The rejected rows under the same headings, each with its reason, to be corrected and loaded again."""
    rejected = [row for row in rows if row.sort == Sort.REJECTED]
    if not rejected:
        return None
    width = max([len(table.headings), *(len(row.row) for row in rejected)])
    headings = table.headings + [""] * (width - len(table.headings))
    lines = [[*map(_said, row.row), *[""] * (width - len(row.row)), row.said] for row in rejected]
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
    first = table.rows[:200]
    values = [[_said(row[number]) for _place, row in first if number < len(row)] for number in range(width)]
    return [
        (heading, list(dict.fromkeys(filter(None, said)))[:3]) for heading, said in zip(headings, values, strict=True)
    ]
