"""The audit: who did what to which object, without one personal word in it.

A row holds public ids, the names of changed fields, and values of whitelisted fields only (a model lists them in
``AUDITED``; ``state`` is always allowed). A database trigger refuses UPDATE and DELETE.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.utils.timezone import now

from cluster_portal.models import AuditEntry

_of_this_action: ContextVar[list[AuditEntry] | None] = ContextVar("_of_this_action", default=None)


@contextmanager
def written_at_the_end() -> Iterator[None]:
    """Within this, lines wait for its end and are written by one INSERT: for an action for whose locks others wait.

    It stands inside of the action's transaction, so that lines and deeds come together or not at all; an error within
    it that somebody catches must have undone nothing.
    """
    lines: list[AuditEntry] = []
    known = _of_this_action.set(lines)
    try:
        yield
    finally:
        _of_this_action.reset(known)
    _write(lines)


def record(verb: str, obj: Any, by: Any, reason: str = "", fields: Iterable[str] = (), **values: Any) -> AuditEntry:
    """Write one audit line about `obj`. `by` is the acting person, None for the portal itself."""
    entry = _entry(verb, obj, by, reason, fields, values)
    if (waiting := _of_this_action.get()) is not None:
        waiting.append(entry)
    else:
        entry.save(force_insert=True)
    return entry


def record_many(
    verb: str, objects: Iterable[Any], by: Any, reason: str = "", columns: Collection[str] = (), **values: Any
) -> None:
    """Write the same audit line about many objects, in batches; `columns`: whose values each line says of its own."""
    entries = (
        _entry(verb, it, by, reason, (), values | {name: getattr(it, name) for name in columns}) for it in objects
    )
    _write(entries)


def record_changes(verb: str, obj: Any, by: Any, changed: Iterable[str]) -> AuditEntry:
    """Write which fields of `obj` changed, with the new values of those that its AUDITED list allows."""
    names = sorted(changed)
    allowed = getattr(obj, "AUDITED", ())
    return record(verb, obj, by, fields=names, **{name: getattr(obj, name) for name in names if name in allowed})


def _write(entries: Iterable[AuditEntry]) -> None:
    waiting = _of_this_action.get()
    if waiting is None:
        AuditEntry.objects.bulk_create(entries, batch_size=1000)
    else:
        waiting.extend(entries)


def _entry(verb: str, obj: Any, by: Any, reason: str, fields: Iterable[str], values: dict[str, Any]) -> AuditEntry:
    allowed = {"before", "after", "state", *getattr(obj, "AUDITED", ())}
    if forbidden := set(values) - allowed:
        raise ValueError(f"{obj._meta.label} does not list {sorted(forbidden)} in AUDITED: no personal data here.")
    return AuditEntry(
        at=now(),
        actor=by.public_id if by is not None else "",
        verb=verb,
        model=obj._meta.label_lower,
        object_id=_id_of(obj),
        fields=list(fields),
        values={name: str(value) for name, value in values.items()},
        reason=reason,
    )


def _id_of(obj: Any) -> str:
    """The public id; the key of what is nobody's and has none: the cluster, a region, a theme."""
    return getattr(obj, "public_id", "") or str(obj.pk)
