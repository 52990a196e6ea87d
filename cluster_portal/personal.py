"""What the tables hold about people, column by column: one list that export, erasure and the tests read.

Each app lists its tables in ``<app>/personal_data.py``; `tests/test_personal_columns.py` fails on a column that no
list names. So a copy of somebody's data is complete because it is drawn from the list, not because somebody
remembered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Exists, ForeignKey, Model, OuterRef, Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cluster_portal import hooks
from cluster_portal.hidden import seen_by


@dataclass(frozen=True)
class Table:
    """One table. Every column stands in exactly one of `shown`, `keys` and `plain` (words with spaces between).

    `shown` are personal: a person's copy has them. `keys` are keys, which nobody is given. `plain` say nothing
    about a person. `owners` are the columns that point to whom a row is about, `named` those that only mention
    somebody (who invited, who recorded): their rows are in the copy too, but do not go with that person. `secret` point
    to somebody who must not learn of the row: it goes with them, and is in no copy of theirs. `also` finds rows that
    name a person without a foreign key. Whoever was found twice is one person: `Person.selves`.

    Erasure sets the columns of `emptied` in the owner's rows to these values, or deletes the rows (`deleted`); what
    is then still shown stays, and `why` says why. `ties(since)` are the rows that keep their owner from being
    forgotten: in force, or younger than `since`.
    """

    model: str
    plain: str
    shown: str = ""
    keys: str = ""
    heading: Any = ""
    owners: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    also: Callable[[Any], Q] | None = None
    emptied: Mapping[str, Any] = field(default_factory=dict)
    deleted: bool = False
    why: Any = ""
    ties: Callable[[datetime], QuerySet] | None = None

    @property
    def model_class(self) -> type[Model]:
        """The model; of a many-to-many table the one that Django made."""
        return apps.get_model(self.model)

    @property
    def columns(self) -> list[str]:
        """The columns that a person's copy has."""
        return self.shown.split()

    @property
    def stays(self) -> list[str]:
        """The personal columns that erasure leaves as they are."""
        return [] if self.deleted else [name for name in self.columns if name not in self.emptied]

    @property
    def people(self) -> tuple[str, ...]:
        """The columns that point to people, whatever they learn of it."""
        return (*self.owners, *self.named, *self.secret)

    def about(self, person: Any) -> QuerySet:
        """All rows that a person's copy has, the oldest first."""
        found = self._pointing(person, [*self.owners, *self.named])
        if self.also is not None:
            found |= self.also(person)
        return self.model_class._base_manager.filter(found).order_by("pk")

    def of(self, person: Any) -> QuerySet:
        """The rows that are the person's own."""
        return self.model_class._base_manager.filter(self._pointing(person, self.owners))

    def goes_with(self, person: Any) -> QuerySet:
        """The rows that erasure empties or deletes: the person's own, and what others noted in confidence."""
        return self.model_class._base_manager.filter(self._pointing(person, [*self.owners, *self.secret]))

    def _pointing(self, person: Any, columns: Sequence[str]) -> Q:
        found = Q(pk__in=[])
        for name in columns:
            found |= Q(**{f"{name}__in": [it.pk for it in person.selves]})
        return found


def shown_rows(table: Table, person: Any) -> list[dict[str, Any]]:
    """A person's rows of one table with plain values, as a file for another program has them."""
    return [{name: _plain(getattr(row, name), person) for name in table.columns} for row in _rows(table, person)]


def readable_rows(table: Table, person: Any) -> list[list[tuple[str, str]]]:
    """The same rows with the words of the reader's language, without what is empty."""
    labels = {name: table.model_class._meta.get_field(name).verbose_name for name in table.columns}
    return [
        [(labels[name], said) for name in table.columns if (said := _readable(row, name, person))]
        for row in _rows(table, person)
    ]


def export_tables(tables: Sequence[Table], person: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Heading and rows of each table that has any about the person."""
    for table in tables:
        if rows := shown_rows(table, person):
            yield str(table.heading), rows


def erase_tables(tables: Sequence[Table], person: Any) -> Iterator[str]:
    """Empty or delete the person's rows as the list says; yield why what is left of them stays."""
    reasons = list(what_stays(tables, person))
    for table in tables:
        if table.deleted:
            table.goes_with(person).delete()
        elif table.emptied:
            table.goes_with(person).update(**table.emptied)
    yield from reasons


def what_goes(tables: Sequence[Table], person: Any, reader: Any = None) -> Iterator[tuple[str, int]]:
    """Heading and number of the rows that erasure would delete or empty, as far as the reader may know of them."""
    for table in tables:
        if (table.deleted or table.emptied) and (count := _seen(table.of(person), person, reader).count()):
            yield str(table.heading), count


def what_stays(tables: Sequence[Table], person: Any, reader: Any = None) -> Iterator[str]:
    """A reasoned sentence for each table in which something of this person would stay."""
    said = set()
    for table in tables:
        if table.why and table.why not in said and _seen(table.about(person), person, reader).exists():
            said.add(table.why)
            yield str(table.why)


def _seen(rows: QuerySet, person: Any, reader: Any) -> QuerySet:
    """What is hidden from a reader stays hidden behind a number too; nobody is blind for themself."""
    return rows if reader is None or reader in person.selves else seen_by(rows, reader)


def _rows(table: Table, person: Any) -> QuerySet:
    fields = table.model_class._meta.concrete_fields
    joined = [it.name for it in fields if isinstance(it, ForeignKey) and it.name in table.columns]
    return table.about(person).select_related(*joined)


def _plain(value: Any, person: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Model():
            return _named(value, person)
        case None | bool() | int() | list() | dict():
            return value
    return str(value)


def _named(it: Model, person: Any) -> str:
    """What another row is called: oneself, the id of somebody else, whatever else by its title."""
    if it._meta.label == settings.AUTH_USER_MODEL:
        return _("you") if it in person.selves else it.public_id  # type: ignore[attr-defined]
    return str(it)


def _readable(row: Model, name: str, person: Any) -> str:
    value = getattr(row, name)
    if value in (None, "", [], {}):
        return ""
    if display := getattr(row, f"get_{name}_display", None):
        return str(display())
    match value:
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return date_format(localtime(value), "DATETIME_FORMAT")
        case date():
            return date_format(value, "DATE_FORMAT")
        case list() | dict():
            return _one_line(value)
    return str(_plain(value, person))


def _one_line(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_one_line(it)}" for name, it in value.items())
    return ", ".join(map(_one_line, value)) if isinstance(value, list) else str(value)


def has_ties(column: str, since: datetime, but: str = "") -> Q:
    """Whether any app (`but` one table) knows a tie of the person in this column that is in force, or younger."""
    tied = Q(pk__in=[])
    for held in hooks.personal_data.values():
        for table in held.tables:
            for owner in table.owners if table.ties and table.model != but else ():
                tied |= Exists(table.ties(since).filter(**{owner: OuterRef(column)}))
    return tied
