"""A pressed button becomes an action, and what came of it a sentence: the third beat of every view that acts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected

from cluster_portal.moves import Refused, may_move


def act(request: HttpRequest, it: Any, actions: dict[str, Callable], by: Any = None) -> None:
    """Let the person of the request make the move that was pressed, and say what came of it.

    `by` acts instead where nobody is signed in: whoever holds a signed link. Raises Http404 for a name that is no move
    of this object, PermissionDenied when it is not this person's.
    """
    name = request.POST.get("move", "")
    action = actions.get(name)
    if action is None:
        raise Http404
    person = by or request.user
    if not may_move(person, it, name):
        raise PermissionDenied
    if outcome(request, action, it, by=person):
        messages.success(request, str(it.MOVES[name].done))


def sent(request: HttpRequest, form: BaseForm) -> bool:
    """Whether the form was sent, and nothing in it is amiss."""
    return request.method == "POST" and form.is_valid()


@dataclass(frozen=True)
class Outcome:
    """What came of an action: true when it went through, whatever it returned."""

    went_through: bool
    result: Any = None

    def __bool__(self) -> bool:
        return self.went_through


def tried(request: HttpRequest, action: Callable, /, *args: Any, **facts: Any) -> Outcome:
    """Let the action happen by the person of the request; a refusal becomes a sentence on the page."""
    return outcome(request, action, *args, by=request.user, **facts)


def outcome(request: HttpRequest, action: Callable, /, *args: Any, **facts: Any) -> Outcome:
    """Like `tried`, where somebody else than the person of the request acts: whoever holds a signed link."""
    try:
        return Outcome(True, _done(action, *args, **facts))
    except Refused as refused:
        messages.warning(request, str(refused))
        return Outcome(False)


def outcome_in(form: BaseForm, field: str | None, action: Callable, /, *args: Any, **facts: Any) -> Outcome:
    """Let the action happen with what a form holds; a refusal stands beside the field, above all fields for None."""
    try:
        return Outcome(True, _done(action, *args, **facts))
    except Refused as refused:
        form.add_error(field, str(refused))
        return Outcome(False)


def _done(action: Callable, /, *args: Any, **facts: Any) -> Any:
    """What the action returns; Refused also when it waited for rows whose holder waited for its own.

    Actions lock in one order, but a list that is being loaded locks people in the order of its rows. The database ends
    one of the two; an action is one transaction, so nothing of it stays.
    """
    try:
        return action(*args, **facts)
    except OperationalError as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
        said = _("Somebody else was changing the same at that moment, so nothing was changed. Press once more.")
        raise Refused(said) from error


def back_to(request: HttpRequest, it: Any, page: Callable[..., HttpResponse]) -> HttpResponse:
    """Lead back to the page of `it` after an action: htmx is given the page at once, and nobody waits twice."""
    if not request.htmx:
        return redirect(it)
    request.method, here = "GET", it.get_absolute_url()
    response = page(request, it.public_id)
    was_here = request.htmx.current_url_abs_path == here
    response.headers["HX-Replace-Url" if was_here else "HX-Push-Url"] = here
    return response
