"""Where the header of a list stands, and what each column most likely means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from members.imports.cells import Unusable, text_of
from members.imports.fields import FIELDS, NEEDED, Field
from members.imports.reading import Table, is_filled

LOOKED_THROUGH = 40
# Latin letters that somebody typed into a Russian heading.
LOOKALIKES = str.maketrans("aceopxykmtbh", "асеорхукмтвн")


@dataclass(frozen=True)
class List:
    """A table whose header was found: what each column is called, and the rows below it, each with its number."""

    sheet: str
    headings: list[str]
    first: int
    rows: list[tuple[int, list[Any]]]
    empty: int


@dataclass(frozen=True)
class Header:
    """A header that stands in one row, or in two when the upper one holds groups of columns."""

    start: int
    lines: int
    headings: list[str]
    columns: dict[str, int]

    def fit(self, kind: str) -> tuple[int, int, int]:
        needed = sum(bool(names & set(self.columns)) for names in NEEDED[kind])
        return needed, len(self.columns), -self.lines


def list_of(tables: list[Table], kind: str) -> tuple[List, dict[str, int]]:
    """The list of a file and the guess of its columns: the first sheet whose header fits best."""
    filled = [it for it in tables if any(any(map(is_filled, row)) for row in it.rows)]
    table, header = max(((it, _header(it, kind)) for it in filled), key=lambda pair: pair[1].fit(kind)[:2])
    below = list(enumerate(table.rows, start=1))[header.start + header.lines :]
    rows = [(number, row) for number, row in below if any(map(is_filled, row))]
    last = rows[-1][0] if rows else 0
    empty = sum(number < last for number, row in below if not any(map(is_filled, row)))
    return List(table.name, header.headings, header.start, rows, empty), header.columns


def _header(table: Table, kind: str) -> Header:
    """The best header among the first rows; where none fits, the first row with two words."""
    candidates = list(_candidates(table.rows[:LOOKED_THROUGH], kind))
    best = max(candidates, key=lambda it: (*it.fit(kind), -it.start))
    if best.columns:
        return best
    single = [it for it in candidates if it.lines == 1]
    return next((it for it in single if sum(map(bool, it.headings)) > 1), single[0])


def _candidates(rows: list[list[Any]], kind: str) -> Iterator[Header]:
    for start, row in enumerate(rows):
        if not any(map(is_filled, row)):
            continue
        upper = [_shown(it) for it in row]
        yield Header(start, 1, upper, guessed(upper, kind))
        if start + 1 < len(rows) and any(map(is_filled, rows[start + 1])):
            both = _joined(upper, [_shown(it) for it in rows[start + 1]])
            yield Header(start, 2, both, guessed(both, kind))


def _joined(upper: list[str], lower: list[str]) -> list[str]:
    """Two lines of a header as one: a merged cell above stands for all columns below it."""
    width = max(len(upper), len(lower))
    upper, lower = upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower))
    group, joined = "", []
    for above, below in zip(upper, lower, strict=True):
        group = above or (group if below else "")
        joined.append(f"{group} / {below}" if group and below else group or below)
    return joined


def _shown(value: Any) -> str:
    try:
        return text_of(value)[:120]
    except Unusable:
        return ""


def guessed(headings: list[str], kind: str) -> dict[str, int]:
    """Field → number of its column: the likeliest pairs first, each field and each column once."""
    pairs = sorted(
        (
            (-_likeness(heading, field), number, field.name)
            for number, heading in enumerate(headings)
            for field in FIELDS[kind]
            if _likeness(heading, field)
        ),
    )
    columns: dict[str, int] = {}
    for _score, number, name in pairs:
        if name not in columns and number not in columns.values():
            columns[name] = number
    return _with_whole_name(columns)


def _with_whole_name(columns: dict[str, int]) -> dict[str, int]:
    """A column "name" without one for the family name holds the whole name."""
    if "given_name" in columns and not {"family_name", "full_name"} & set(columns):
        columns["full_name"] = columns.pop("given_name")
    return columns


def _likeness(heading: str, field: Field) -> float:
    """How well a heading fits a field: exactly, by its lower line, or because it holds a usual heading."""
    whole, lower = plain(heading.replace(" / ", " ")), plain(heading.rpartition(" / ")[2])
    best = 0.0
    for usual in field.headings:
        if whole == usual:
            return 1000 + len(usual)
        if lower == usual:
            best = max(best, 500 + len(usual))
        elif f" {usual} " in f" {whole} " and len(whole) < 80:
            best = max(best, len(usual))
    return best


def plain(heading: str) -> str:
    """A heading as it is compared: lower case, ё as е, no signs; Latin letters in Russian words made Russian."""
    text = heading.casefold().replace("ё", "е")
    text = re.sub(r"\be\s*-\s*mail", "email", text)
    text = re.sub(r"\([^)]*\)|[^\w]|_", " ", text)
    words = [it.translate(LOOKALIKES) if re.search("[а-я]", it) else it for it in text.split()]
    return " ".join(words)
