"""A word to the worker that there is mail. It may be lost: beat finds due mail within a minute anyway.

The person who waits for a page must not wait for a broker that is away, so this has a line of its own with short
patience; Celery's own pool tries again for seconds, and for ever when the broker hangs without closing (tried).
"""

import logging
import threading
import time
from typing import Any

from celery import Celery
from django.conf import settings

TASK = "cluster_portal.tasks.deliver_due_mail"
EXPIRES = 30  # seconds
PAUSE_AFTER_FAILURE = 10.0  # seconds without a try
PATIENCE = {
    "socket_connect_timeout": 0.3,
    "socket_timeout": 0.3,
    "max_retries": 0,
    "connect_retries_timeout": 0.3,
    "retry_on_timeout": False,
}
log = logging.getLogger(__name__)
_mine = threading.local()  # lines are not for two threads at once
_silent_until = 0.0


def nudge() -> None:
    """Send the word, unless the broker was away a moment ago; never raise, never wait long."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        app, line = _line()
        app.send_task(TASK, connection=line, expires=EXPIRES, retry=False)
    except Exception as error:  # whatever the broker's client raises: the mail itself is safe in the database
        _silent_until = time.monotonic() + PAUSE_AFTER_FAILURE
        hang_up()
        log.warning("The broker does not answer (%s). Mail leaves with the next minute's look.", type(error).__name__)


def hang_up() -> None:
    """Close this thread's line at once, without a word of goodbye; the next nudge opens another."""
    if line := getattr(_mine, "line", None):
        line.collect(socket_timeout=0.1)
    _mine.__dict__.clear()


def _line() -> tuple[Celery, Any]:
    if getattr(_mine, "url", None) != settings.CELERY_BROKER_URL:
        from cluster_portal.celery import app

        _mine.app, _mine.url = app, settings.CELERY_BROKER_URL
        _mine.line = app.connection_for_write(url=_mine.url, transport_options=PATIENCE)
    return _mine.app, _mine.line
