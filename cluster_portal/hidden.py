"""What somebody must not see meanwhile, though their role would show it: a coordinator who judges, who wrote what.

Apps say by `register_blind` which objects are hidden from whom. Whatever shows rows across apps (audit, outbox, back
room, copies of somebody's data) leaves out by `seen_by` those that are these objects, or are about them.
"""

from itertools import chain
from typing import Any

from django.db.models import ForeignKey, QuerySet

from cluster_portal import hooks

ABOUT = (("model", "object_id"), ("about_model", "about_id"))


def hidden_from(person: Any) -> dict[str, QuerySet]:
    """For each model (lower-case label) what is hidden from this person, by public id, or by key where it has none.

    Mostly nothing at all. Asked once for a request, whose `user` is an object of its own: a page shows several lists.
    """
    if not getattr(person, "is_authenticated", False):
        return {}
    found: dict[str, QuerySet] | None = getattr(person, "_hidden", None)
    if found is None:
        found = {}
        for label, ids in chain.from_iterable(hidden(person).items() for hidden in hooks.blind):
            found[label] = found[label] | ids if label in found else ids
        person._hidden = found
    return found


def seen_by(rows: Any, person: Any) -> Any:
    """The rows of any model without those that are hidden from this person, or are about what is."""
    hidden = hidden_from(person)
    if not hidden:
        return rows
    fields = rows.model._meta.concrete_fields
    names = {it.name for it in fields}
    for label, ids in hidden.items():
        has_public_id = any(it.name == "public_id" for it in ids.model._meta.concrete_fields)
        if rows.model._meta.label_lower == label:
            rows = rows.exclude(**{"public_id__in" if has_public_id else "pk__in": ids})
        for model, key in ABOUT:
            if has_public_id and {model, key} <= names:
                rows = rows.exclude(**{model: label, f"{key}__in": ids})
    for it in fields:
        to = it.related_model if isinstance(it, ForeignKey) else None
        if to is not None and to._meta.label_lower in hidden:  # type: ignore[union-attr]
            pointing = {f"{it.name}__public_id__in": hidden[to._meta.label_lower]}  # type: ignore[union-attr]
            rows = rows.exclude(**pointing)
    return rows
