"""The state machine of every object with a life.

A model names its states in ``State`` and its moves in ``MOVES``; ``make_move`` is the only writer of ``state``.
*When* a move is possible stands in ``MOVES``, *who* may make it in the app's ``rules.py``; ``available_moves`` joins
both, and the buttons of a page are its answer.
"""

from typing import Any

import rules
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.audit import record, record_many


class Refused(Exception):
    """Something cannot happen now. Its text is a sentence for people: what happened, what helps."""


def already_answered() -> Refused:
    """What somebody reads who comes after somebody else."""
    return Refused(_("This was already answered. Reload the page to see its current state."))


def may_move(person: Any, obj: Any, name: str) -> bool:
    """Whether the rules let this person make the move. Being a superuser opens the back room, and nothing here."""
    return bool(person.is_active and rules.has_perm(permission_of(obj, name), person, obj))


def permission_of(obj: models.Model | type[models.Model], name: str) -> str:
    """The permission that the move `name` of this model asks for: ``courses.cancel_enrolment``."""
    return f"{obj._meta.app_label}.{name}_{obj._meta.model_name}"


def make_move(obj: Any, name: str, by: Any, reason: str = "", **facts: Any) -> None:
    """Change the state of `obj` by the move `name`, together with the facts that belong to the new state.

    One conditional UPDATE decides: if the row is no longer in the state that the caller saw, nothing changes and
    Refused is raised. `by` is the person acting, None for the portal itself. `reason` never holds personal data.
    """
    before, step = obj.state, obj.MOVES[name]
    changed = {"state": step.target, "state_since": now(), **facts}
    unchanged = type(obj)._base_manager.filter(pk=obj.pk, state=before)
    if before not in step.sources or not unchanged.update(**changed):
        raise already_answered()
    for field, value in changed.items():
        setattr(obj, field, value)
    record(f"{obj._meta.label_lower}.{name}", obj, by=by, reason=reason, before=before, after=step.target)


def make_moves(rows: list[Any], name: str, by: Any, reason: str = "", **facts: Any) -> list[Any]:
    """Make the same move for many locked rows of one model in two statements; return the rows that moved.

    The caller holds the rows under ``select_for_update``. Rows in another state are passed over.
    """
    if not rows:
        return []
    step = rows[0].MOVES[name]
    moving = [row for row in rows if row.state in step.sources]
    changed = {"state": step.target, "state_since": now(), **facts}
    type(rows[0])._base_manager.filter(pk__in=[row.pk for row in moving]).update(**changed)
    record_many(f"{rows[0]._meta.label_lower}.{name}", moving, by=by, reason=reason, after=step.target)
    for row in moving:
        for field, value in changed.items():
            setattr(row, field, value)
    return moving


def open_moves(obj: Any, *names: str) -> dict[str, Any]:
    """Those of some moves that the state of `obj` allows: name → label. For lists of which a page has asked who may."""
    return {name: obj.MOVES[name].label for name in names if obj.state in obj.MOVES[name].sources}


def available_moves(person: Any, obj: Any) -> dict[str, Any]:
    """The moves that `person` can make with `obj` now: name → label. The buttons of its page."""
    return {
        name: step.label
        for name, step in obj.MOVES.items()
        if obj.state in step.sources and may_move(person, obj, name)
    }
