"""A word to the workers that there is mail or long work: PostgreSQL's NOTIFY, for which each worker listens.

docs/decisions/027 says why not the broker.

It belongs to the transaction: heard when that is committed, once however often it was said, never when it is rolled
back. A word that is lost is made good by beat within a minute.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, close_old_connections, connection

MAIL, LONG_WORK = "portal_mail", "portal_long_work"
LOOK_UP = 1.0  # seconds between two looks at whether the worker stops
TRY_AGAIN = 3.0  # seconds until a database that went away is asked again
log = logging.getLogger(__name__)


def nudge(channel: str = MAIL) -> None:
    """Say the word, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [channel])


def listen(heard: Callable[[], Any], stop: threading.Event, channel: str = MAIL) -> None:
    """Call `heard` now and for every word until `stop` is set; words that come during a call count as one.

    A database that goes away is asked again until it answers.
    """
    while not stop.is_set():
        try:
            _listen_on_one_line(heard, stop, channel)
        except OperationalError:
            log.warning("The database does not answer. What is due is done with the next minute's look.")
            stop.wait(TRY_AGAIN)


def _listen_on_one_line(heard: Callable[[], Any], stop: threading.Event, channel: str) -> None:
    line = connection.copy()  # of its own: Django closes the one that `heard` uses
    try:
        with line.wrap_database_errors:
            line.cursor().execute(f"LISTEN {channel}")
            words: list[Any] = ["what was queued before we listened"]
            while not stop.is_set():
                if words:
                    _answer(heard)
                words = list(line.connection.notifies(timeout=LOOK_UP, stop_after=1))
    finally:
        line.close()


def _answer(heard: Callable[[], Any]) -> None:
    try:
        heard()
    except Exception:  # one bad round must not make the worker deaf
        log.exception("A round of work ended early.")
    finally:
        close_old_connections()
