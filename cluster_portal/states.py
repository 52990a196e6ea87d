"""What a model writes in its ``MOVES``: the allowed changes of its state."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

DONE = _("Done.")


@dataclass(frozen=True)
class Move:
    """One allowed change of state, from any of `sources` to `target`; `label` is the word on its button.

    `done` is the sentence that the person who pressed it reads afterwards.
    """

    sources: frozenset[str]
    target: str
    label: Any
    done: Any


def move(sources: Iterable[str], target: str, label: Any, done: Any = DONE) -> Move:
    """A Move, written short in the tables of the models."""
    return Move(frozenset(sources), target, label, done)
