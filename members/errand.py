"""An errand: somebody came from another page to make a class list first, and goes on there afterwards.

It is kept in their session: one at a time, the newest.
"""

from dataclasses import dataclass

from django.http import HttpRequest

ERRAND = "errand"


@dataclass(frozen=True)
class Errand:
    """Where to go on, and what the button there says. `url` is a path of this portal."""

    url: str
    label: str


def begin_errand(request: HttpRequest, url: str, label: str) -> None:
    """Remember where somebody goes on when the class list is there."""
    request.session[ERRAND] = [url, label]


def errand_of(request: HttpRequest) -> Errand | None:
    """Where somebody who makes a class list came from."""
    kept = request.session.get(ERRAND)
    return Errand(*kept) if kept else None


def end_errand(request: HttpRequest) -> None:
    """They went on, or it is done."""
    request.session.pop(ERRAND, None)
