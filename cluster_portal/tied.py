"""Facts of an object that are other objects: its themes, instructors, partners, regions."""

from typing import Any

from django.db.models import Model


def apart(model: type[Model], facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts that stand in the row itself, and those that tie it to other objects."""
    names = {field.name for field in model._meta.many_to_many}
    tied = {name: facts[name] for name in names & set(facts)}
    return {name: value for name, value in facts.items() if name not in tied}, tied


def tie(obj: Model, tied: dict[str, Any]) -> list[str]:
    """Tie it to just these objects; return the names of what was different."""
    changed = sorted(name for name, rows in tied.items() if set(rows) != set(getattr(obj, name).all()))
    for name in changed:
        getattr(obj, name).set(tied[name])
    return changed
