"""When a request arrived; and requests in the logs: each with an id, none with a token, a query or a person.

A signed link is a key: whoever reads it in a log can use it. So every line, traceback and report passes `masked`.
"""

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now

HEADER = "X-Request-ID"
ARRIVAL_HEADER = "X-Request-Start"
# How much earlier than our clock the proxy's word may be (decision 100).
LONGEST_WAIT = timedelta(seconds=30)
request_id: ContextVar[str] = ContextVar("request_id", default="-")

_STAMP = re.compile(r"(?:t=)?(\d{10}(?:\.\d{1,6})?|\d{13}|\d{16})", re.ASCII)
_GOOD_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_MASKS = [
    (
        re.compile(
            r"/(application|certificate|consent|door|erase|erasure-request|invitation|join|leave|offer|ticket"
            r"|unsubscribe|accounts/confirm-email)/[^/\s?\"'<>]+"
        ),
        r"/\1/***",
    ),
    (re.compile(r"/accounts/password/reset/key/[^/\s?\"'<>]+"), "/accounts/password/reset/key/***"),
    (re.compile(r"/me/calendar/[^/\s?\"'<>]+?(\.ics)?(?=[\s?\"'<>/]|$)"), r"/me/calendar/***\1"),
    (re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]+"), r"\1?***"),
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+"), "***@***"),
    (re.compile(r"(DETAIL:|Failing row contains).*"), r"\1 ***"),  # PostgreSQL quotes the row there
]


def masked(text: str) -> str:
    """The text without tokens of signed links, query strings, addresses and quoted rows."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


class ArrivalMiddleware:
    """Note as `request.received_at` when the request arrived, before anything can make it wait: the outermost one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        stamp = request.headers.get(ARRIVAL_HEADER, "") if settings.BEHIND_PROXY else ""
        request.received_at = arrival(stamp, now())  # type: ignore[attr-defined]
        return self.get_response(request)


def arrival(stamp: str, ours: datetime) -> datetime:
    """When a request arrived: the proxy's stamp, never later than our clock and only a little earlier."""
    found = _STAMP.fullmatch(stamp)
    if not found:
        return ours
    # Proxies count in seconds (nginx), milliseconds (Caddy) or microseconds (Apache): the digits tell which.
    seconds = float(found[1]) / 1000 ** ((len(found[1].partition(".")[0]) - 10) // 3)
    return min(ours, max(datetime.fromtimestamp(seconds, UTC), ours - LONGEST_WAIT))


class RequestIdMiddleware:
    """Give each request an id (the reverse proxy's, if it sends a plain one) and say it in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get(HEADER, "")
        name = sent if _GOOD_ID.fullmatch(sent) else secrets.token_hex(8)
        known = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(known)
        response.headers[HEADER] = name
        return response


class RequestLogFilter(logging.Filter):
    """Add the request's id to every line, and mask what must not be read in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        record.msg, record.args = masked(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        return True


def masked_event(event: Any, hint: Any = None) -> Any:
    """A report to Sentry, masked all through (its `before_send`)."""
    if isinstance(event, dict):
        return {name: masked_event(value) for name, value in event.items() if name != "query_string"}
    if isinstance(event, (list, tuple)):
        return [masked_event(value) for value in event]
    return masked(event) if isinstance(event, str) else event


def mask_access_log() -> None:
    """granian sets its access log up by itself, out of reach of Django's settings."""
    logger = logging.getLogger("granian.access")
    if not any(isinstance(one, RequestLogFilter) for one in logger.filters):
        logger.addFilter(RequestLogFilter())
