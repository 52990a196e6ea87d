"""A pressed button becomes a move: the third beat of every view that acts."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from cluster_portal.moves import Refused, may_move


def act(request: HttpRequest, it: Any, actions: dict[str, Callable]) -> None:
    """Let the person of the request make the move that was pressed, and say what came of it.

    Raises Http404 for a name that is no move of this object, PermissionDenied when it is not this person's.
    """
    name = request.POST.get("move", "")
    action = actions.get(name)
    if action is None:
        raise Http404
    if not may_move(request.user, it, name):
        raise PermissionDenied
    try:
        action(it, by=request.user)
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, str(it.MOVES[name].done))
