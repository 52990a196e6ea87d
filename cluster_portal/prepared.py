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
None; for "one of these", take `AnyOf` and give a list.
"""

import copy
import inspect
from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
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
        rows, compiler, sql, params = self.built = self.built or self.build()  # two threads may: it is the same
        if rows.query.select_for_update and connections[DEFAULT_DB_ALIAS].get_autocommit():
            raise TransactionManagementError(f"{self.__name__} locks rows, and there is no transaction to hold them.")
        return Asked(rows, compiler, sql, [values[it.name] if isinstance(it, Given) else it for it in params])

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

    def __init__(self, rows: QuerySet, compiler: Any, sql: str, values: list[Any]) -> None:
        self.db, self.model, self._fields, self._known_related_objects = DEFAULT_DB_ALIAS, rows.model, rows._fields, {}
        self.sql, self.values, self.iterable = sql, values, rows._iterable_class
        self.query, self.compiler = copy.copy(rows.query), copy.copy(compiler)
        self.query.get_compiler = lambda *_given, **_options: self.compiler

    def objects(self, rows: list[tuple]) -> list[Any]:
        """What Django makes of the rows that the database gave."""
        self.compiler.connection = connections[DEFAULT_DB_ALIAS]
        self.compiler.execute_sql = lambda *_given, **_options: [rows]
        return list(self.iterable(self))


def together(*asked: Asked) -> list[list[Any]]:
    """The rows of several prepared selections, in one go to the database: the way there and back costs most of it.

    They are answered one after the other, so what follows a lock is read under it.
    """
    values = [value for it in asked for value in it.values]
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(";\n".join(it.sql for it in asked), values)
        found = [cursor.fetchall()]
        for _it in asked[1:]:
            cursor.nextset()
            found.append(cursor.fetchall())
    return [it.objects(rows) for it, rows in zip(asked, found, strict=True)]


def keep(obj: Model, name: str, rows: list[Any]) -> None:
    """Let `obj.name.all()` be these rows from now on, as `prefetch_related` does with what it fetches."""
    kept = getattr(obj, name).get_queryset()
    kept._result_cache, kept._prefetch_done = rows, True
    obj.__dict__.setdefault("_prefetched_objects_cache", {})[name] = kept


prepared = Prepared
