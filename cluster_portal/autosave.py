"""What a view answers to a form that saves itself; static/js/autosave.js says what it does with each answer."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.utils.formats import time_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _

from cluster_portal.zones import zone_name


def saves_itself(request: HttpRequest) -> bool:
    """Whether the script of the form asks, not a person who waits for a page."""
    return request.accepts("application/json") and not request.accepts("text/html")


def where_it_stands(request: HttpRequest, revision: int) -> JsonResponse:
    """What the script asks after a sign-in: the token that counts now, and who reads."""
    return _answer({"revision": revision, "token": get_token(request), "reader": request.user.public_id})


def saved(
    revision: int,
    errors: dict[str, str] | None = None,
    parts: dict[str, str] | None = None,
    besides: Sequence[str] = (),
) -> JsonResponse:
    """It is saved; but for the fields in `errors` (name → sentence), where the stored value stays.

    `besides` are the labels of what another window has changed, and this one shows as it was.
    """
    at = localtime(now())
    said = _("Saved at %(time)s, %(zone)s.") % {"time": time_format(at, "H:i"), "zone": zone_name(at.tzinfo)}
    if errors:
        said = _("%(saved)s Not saved: %(errors)s") % {"saved": said, "errors": " ".join(errors.values())}
    if besides:
        said = _("%(saved)s Another window has changed %(fields)s: reload the page to read it.") % {
            "saved": said,
            "fields": ", ".join(besides),
        }
    told = {"revision": revision, "said": said, "parts": parts or {}}
    return _answer(told | ({"errors": errors} if errors else {}))


def saved_elsewhere(revision: int, theirs: Iterable[tuple[Any, Any]]) -> JsonResponse:
    """Another window has saved since; `theirs` are the labels and texts in which it differs."""
    said = _("Another window has saved this since; what stands here is not saved. Choose below what stays.")
    shown = [[str(label), str(text)] for label, text in theirs]
    return _answer({"revision": revision, "said": said, "theirs": shown}, status=409)


def not_saved(said: str) -> JsonResponse:
    """It cannot be saved any more, for instance after a deadline."""
    return _answer({"said": said}, status=422)


def _answer(told: dict[str, Any], status: int = 200) -> JsonResponse:
    response = JsonResponse(told, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
