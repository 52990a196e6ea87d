"""Selections that every page asks: their SQL is built once for a process, and only filled in from then on.

Building a query set and its SQL takes Django four times as long as asking PostgreSQL and making the objects (decision
091). What is selected still stands in the query sets, in Django's words; this keeps what they came to:

    @prepared
    def newest_in(person, run):
        return Enrolment.objects.filter(person=person, run=run).order_by("-pk")[:1]

    newest_in(person=person.pk, run=run.pk)  # a list, asked anew at each call
    together(newest_in.asked(person=…, run=…), regions_of.asked(run=…))  # two lists, one way to the database and back

The function is called once, with a placeholder for each of its parameters. So what it selects depends on them alone: it
reads no clock, no reader, no language. Values come as the database knows them (keys, words, days, instants), never
None; for "one of these", take `AnyOf` and give a list. PostgreSQL keeps its plan as well (decision 093).
"""

import copy
import inspect
from collections.abc import Callable
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, Func, Model, QuerySet
from django.db.transaction import TransactionManagementError


class Given(Expression):
    """The place of a value that comes with each call."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list["Given"]]:
        return "%s", [self]


class AnyOf(Func):
    """Whether a column holds one of a list that comes with each call: filter(AnyOf("agreement", agreements))."""

    template, arg_joiner, output_field = "(%(expressions)s))", " = ANY(", BooleanField()


class Prepared:
    """One selection. Threads share what it came to, never what is asked: each asking has a compiler of its own."""

    every: list["Prepared"] = []  # for the test that looks for a clock in them

    def __init__(self, select: Callable[..., QuerySet]) -> None:
        self.select, self.__name__, self.__doc__ = select, select.__name__, select.__doc__
        self.built: tuple[QuerySet, Any, str, tuple] | None = None
        Prepared.every.append(self)

    def __call__(self, **values: Any) -> list[Any]:
        return together(self.asked(**values))[0]

    def asked(self, **values: Any) -> "Asked":
        """The selection with its values, for `together`."""
        if None in values.values():
            raise ValueError(f"{self.__name__} is given None: nothing is equal to it in SQL.")
        rows = self.parts[0]
        if rows.query.select_for_update and connections[DEFAULT_DB_ALIAS].get_autocommit():
            raise TransactionManagementError(f"{self.__name__} locks rows, and there is no transaction to hold them.")
        return Asked(self, values)

    @property
    def parts(self) -> tuple[QuerySet, Any, str, tuple]:
        """What it came to, built when it is first asked; two threads may do that at once: it is the same."""
        self.built = self.built or self.build()
        return self.built

    def build(self) -> tuple[QuerySet, Any, str, tuple]:
        """The query set, its compiler, and its SQL with the parameters, some of them still to be given."""
        rows = self.select(**{name: Given(name) for name in inspect.signature(self.select).parameters})
        if rows._prefetch_related_lookups:
            raise TypeError(f"{self.__name__} fetches something ahead: prepare that too, and `keep` it.")
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([it[0] for it in compiler.select[: compiler.col_count]])
        compiler.get_converters = lambda _columns: converters  # Django looks for them at every asking
        return rows, compiler, sql, tuple(params)


class Asked:
    """A prepared selection with its values; and a query set as far as Django's iterables read one."""

    def __init__(self, selection: Prepared, values: dict[str, Any]) -> None:
        rows, compiler, self.sql, self.params = selection.parts
        self.db, self.model, self._fields, self._known_related_objects = DEFAULT_DB_ALIAS, rows.model, rows._fields, {}
        self.selection, self.given, self.iterable = selection, values, rows._iterable_class
        self.query, self.compiler = copy.copy(rows.query), copy.copy(compiler)
        own = self.compiler  # not by way of self, which would then be let go by the collector only, with all its rows
        self.query.get_compiler = lambda *_given, **_options: own

    def objects(self, rows: list[tuple]) -> list[Any]:
        """What Django makes of the rows that the database gave."""
        self.compiler.connection = connections[DEFAULT_DB_ALIAS]
        self.compiler.execute_sql = lambda *_given, **_options: [rows]
        return list(self.iterable(self))

    @property
    def values(self) -> list[Any]:
        """What stands at each place of the SQL."""
        return [self.given[it.name] if isinstance(it, Given) else it for it in self.params]

    @property
    def names(self) -> list[str]:
        """What is given, each once, in the order of the SQL."""
        return list(dict.fromkeys(it.name for it in self.params if isinstance(it, Given)))


class Line:
    """One connection to the database, and what PostgreSQL has planned on it: selection → the name of its plan.

    The second asking on a connection tells PostgreSQL to keep the plan: planning costs it more than finding the rows.
    A connection that asks once, as a worker's does, pays nothing for that.
    """

    every: WeakKeyDictionary[Any, "Line"] = WeakKeyDictionary()
    numbers = count(1)

    def __init__(self) -> None:
        self.plans: dict[Prepared, str] = {}

    @classmethod
    def of(cls, connection: BaseDatabaseWrapper) -> "Line":
        connection.ensure_connection()
        return cls.every.setdefault(connection.connection, cls())

    def said(self, it: Asked, connection: BaseDatabaseWrapper) -> tuple[str, list[Any], bool]:
        """What asks this, with its values; whether it tells PostgreSQL to plan it first, which gives no rows."""
        plan = self.plans.get(it.selection)
        if plan is None:
            self.plans[it.selection] = ""
            return it.sql, it.values, False
        before = ""
        if not plan:
            plan = self.plans[it.selection] = f"{it.selection.__name__[:40]}_{next(self.numbers)}"
            before = f"PREPARE {plan} AS {with_numbers(it, connection)};\n".replace("%", "%%")
        places = ", ".join(["%s"] * len(it.names))
        return f"{before}EXECUTE {plan}{places and f'({places})'}", [it.given[name] for name in it.names], bool(before)

    def forget(self, asked: tuple[Asked, ...]) -> None:
        """Plan these anew, under another name: one of them failed, and we do not know which."""
        for it in asked:
            self.plans.pop(it.selection, None)


def with_numbers(it: Asked, connection: BaseDatabaseWrapper) -> str:
    """The SQL as PREPARE wants it: $1 where a value comes with each call, other values written out."""
    numbers = {name: f"${number}" for number, name in enumerate(it.names, start=1)}
    written = (numbers[p.name] if isinstance(p, Given) else connection.ops.compose_sql("%s", [p]) for p in it.params)
    return it.sql % tuple(written)


def together(*asked: Asked) -> list[list[Any]]:
    """The rows of several prepared selections, in one go to the database: the way there and back costs most of it.

    They are answered one after the other, so what follows a lock is read under it.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    line = Line.of(connection)
    said = [line.said(it, connection) for it in asked]
    with connection.cursor() as cursor:
        try:
            cursor.execute(";\n".join(it[0] for it in said), [value for it in said for value in it[1]])
        except DatabaseError:
            line.forget(asked)
            raise
        found = []
        for _sql, _values, plans_first in said:
            if plans_first:
                cursor.nextset()
            found.append(cursor.fetchall())
            cursor.nextset()
    return [it.objects(rows) for it, rows in zip(asked, found, strict=True)]


def keep(obj: Model, name: str, rows: list[Any]) -> None:
    """Let `obj.name.all()` be these rows from now on, as `prefetch_related` does with what it fetches."""
    kept = getattr(obj, name).get_queryset()
    kept._result_cache, kept._prefetch_done = rows, True
    obj.__dict__.setdefault("_prefetched_objects_cache", {})[name] = kept


def rows_of(obj: Model, name: str) -> list[Any]:
    """What `obj.name.all()` gives. What was fetched ahead comes without Django's managers: they take longer."""
    kept = obj.__dict__.get("_prefetched_objects_cache", {}).get(name)
    return list(getattr(obj, name).all() if kept is None else kept)


prepared = Prepared
