"""Long forms in groups: what everybody fills in stands open, what few need is folded away until it says something."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BoundField


@dataclass(frozen=True)
class FieldGroup:
    """Some fields of a form under one heading. A form lists its groups as `groups`; other fields come first.

    A folded group opens by itself when one of its fields is wrong or says something; no required field belongs in
    one, because a browser cannot lead to a field that it does not show.
    """

    title: Any
    names: Sequence[str]
    folded: bool = False


def drawn_in_groups(form: BaseForm, draw: Callable[[BoundField], str]) -> list[dict[str, Any]]:
    """The visible fields of a form, drawn, in its groups; a form without any is one group without a title."""
    groups: Sequence[FieldGroup] = getattr(form, "groups", ())
    named = {name for group in groups for name in group.names}
    visible = {bound.name: bound for bound in form.visible_fields()}
    first = FieldGroup("", [name for name in visible if name not in named])
    found = [(group, [visible[name] for name in group.names if name in visible]) for group in [first, *groups]]
    return [
        {
            "title": group.title,
            "folded": group.folded,
            "open": any(bound.errors or _says_something(bound) for bound in fields),
            "drawn": [draw(bound) for bound in fields],
        }
        for group, fields in found
        if fields
    ]


def _says_something(bound: BoundField) -> bool:
    """Whether it has another value than an empty form would have."""
    usual = bound.field.initial
    if usual is None and (model := getattr(getattr(bound.form, "_meta", None), "model", None)):
        usual = _default_of(model, bound.name)
    value = bound.value()
    return value not in (None, "", [], False) and str(value) != str(usual)


def _default_of(model: Any, name: str) -> Any:
    fields = {field.name: field for field in model._meta.get_fields()}
    return fields[name].get_default() if hasattr(fields.get(name), "get_default") else None
