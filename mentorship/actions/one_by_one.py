"""Many rows, each by itself: what fails with one of them does not hold up the rest."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from cluster_portal.moves import Refused

log = logging.getLogger(__name__)


def each(rows: Iterable[Any], action: Callable[[Any], object]) -> int:
    """Do it with each row, where it still is to be done; for how many it was. The action is a transaction of its own.

    An action that found nothing to do says so with False. The log names a row by its public id alone.
    """
    done = 0
    for row in rows:
        try:
            done += action(row) is not False
        except Refused:  # answered between our look and our lock
            continue
        except Exception:  # one bad row must not keep the others waiting
            log.exception("What was due for %s could not be done.", row.public_id)
    return done
