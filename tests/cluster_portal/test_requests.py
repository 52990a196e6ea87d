import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as configured
from django.http import HttpResponse

from cluster_portal.requests import (
    LONGEST_WAIT,
    ArrivalMiddleware,
    RequestIdMiddleware,
    RequestLogFilter,
    arrival,
    masked,
    masked_event,
    request_id,
)

NOON = datetime(2027, 6, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Not Found: /offer/s3cret/", "Not Found: /offer/***/"),
        ("GET /consent/s3cret/ HTTP/1.1", "GET /consent/***/ HTTP/1.1"),
        ('"POST /unsubscribe/s3cret"', '"POST /unsubscribe/***"'),
        ("/invitation/a.b:c-d_e/accept/", "/invitation/***/accept/"),
        ("/application/a.b:c-d_e/", "/application/***/"),
        ("/me/calendar/s3cret.ics", "/me/calendar/***.ics"),
        ("/me/calendar/s3cret", "/me/calendar/***"),
        (
            "http://portal.example/accounts/confirm-email/MQ:1abc:xyz/",
            "http://portal.example/accounts/confirm-email/***/",
        ),
        ("/accounts/password/reset/key/1-abc/", "/accounts/password/reset/key/***/"),
        ("/members/?q=Ёлкина+Анна", "/members/?***"),
        ("mail to anna.ёлкина@example.org failed", "mail to ***@*** failed"),
        ("DETAIL:  Key (email)=(x) already exists.", "DETAIL: ***"),
        ("/courses/ai-tools/ took 3 ms, why?", "/courses/ai-tools/ took 3 ms, why?"),
    ],
)
def test_what_nobody_may_read_is_masked(line, shown):
    assert masked(line) == shown


def record_of(message, *arguments, exc_info=None):
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, message, arguments, exc_info)
    RequestLogFilter().filter(record)
    return logging.Formatter("%(request_id)s %(message)s").format(record)


def test_arguments_of_a_line_are_masked():
    assert record_of("%s: %s", "Not Found", "/offer/s3cret/") == "- Not Found: /offer/***/"


def test_traceback_is_masked():
    try:
        raise ValueError("no offer at /offer/s3cret/")
    except ValueError:
        shown = record_of("failed", exc_info=sys.exc_info())
    assert "ValueError: no offer at /offer/***/" in shown
    assert "at /offer/s3cret" not in shown


def test_report_to_sentry_is_masked():
    event = {"request": {"url": "http://x/offer/s3cret/", "query_string": "q=Anna"}, "breadcrumbs": ["a@example.org"]}
    assert masked_event(event, {}) == {"request": {"url": "http://x/offer/***/"}, "breadcrumbs": ["***@***"]}


def answer(rf, **headers):
    seen = []

    def view(request):
        seen.append(request_id.get())
        return HttpResponse()

    response = RequestIdMiddleware(view)(rf.get("/", headers=headers))
    return response.headers["X-Request-ID"], seen[0]


def test_each_request_has_an_id_of_its_own(rf):
    first, second = answer(rf), answer(rf)
    assert first[0] == first[1] != second[0] == second[1]
    assert request_id.get() == "-"


def test_the_proxys_id_is_kept_when_it_is_plain(rf):
    assert answer(rf, **{"X-Request-ID": "abcd-1234"}) == ("abcd-1234", "abcd-1234")
    assert answer(rf, **{"X-Request-ID": "two\nlines and more"})[0] != "two\nlines and more"


@pytest.mark.parametrize(
    ("stamp", "arrived"),
    [
        ("", NOON),
        ("t=1814356799", NOON - timedelta(seconds=1)),
        ("t=1814356799.500", NOON - timedelta(seconds=0.5)),
        ("t=1814356798000", NOON - timedelta(seconds=2)),
        ("1814356798000", NOON - timedelta(seconds=2)),
        ("t=1814356797000000", NOON - timedelta(seconds=3)),
        ("t=1814356801", NOON),  # its clock is ahead
        ("t=1814350000", NOON - LONGEST_WAIT),  # its clock is behind, or somebody wrote it who is no proxy
        ("t=0000000000", NOON - LONGEST_WAIT),
        ("t=9999999999999999", NOON),
        ("t=yesterday", NOON),
        ("t=1814356799, t=1814356700", NOON),
        ("t=١٨١٤٣٥٦٧٩٩", NOON),
    ],
)
def test_the_proxys_word_counts_within_bounds(stamp, arrived):
    assert arrival(stamp, NOON) == arrived


def arrived_at(rf, **headers):
    seen = []
    with time_machine.travel(NOON, tick=False):
        ArrivalMiddleware(lambda request: seen.append(request.received_at) or HttpResponse())(
            rf.get("/", headers=headers)
        )
    return seen[0]


def test_arrival_is_our_clock_and_no_visitors_word(rf, settings):
    stamp = {"X-Request-Start": "t=1814356790"}
    assert arrived_at(rf, **stamp) == NOON
    settings.BEHIND_PROXY = True
    assert arrived_at(rf, **stamp) == NOON - timedelta(seconds=10)


def test_arrival_is_noted_before_anything_can_make_a_request_wait():
    assert configured.MIDDLEWARE[0] == "cluster_portal.requests.ArrivalMiddleware"
