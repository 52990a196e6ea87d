"""Time zones in words: by their city, in the reader's language, on pages and in mail alike."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from cluster_portal.templatetags.mail import moment
from cluster_portal.zones import zone_name


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "Europe/Moscow", "Moscow time"),
        ("en", "America/New_York", "New York time"),
        ("en", "UTC", "UTC"),
        ("ru", "Europe/Moscow", "московское время"),
        ("xx", "Europe/Lisbon", "Lisbon time"),
    ],
)
def test_a_zone_is_said_by_its_city(language, zone, said):
    with translation.override(language):
        assert zone_name(ZoneInfo(zone)) == said


def test_a_city_without_words_of_ours_is_said_in_the_readers_language():
    with translation.override("ru"):
        assert "Лиссабон" in zone_name(ZoneInfo("Europe/Lisbon"))


def test_without_a_zone_it_is_the_readers_own():
    with timezone.override("Asia/Seoul"):
        assert zone_name() == "Seoul time"


def test_a_mail_says_the_distance_from_utc_too():
    with timezone.override("Asia/Seoul"):
        assert moment(datetime(2027, 3, 2, 7, tzinfo=UTC)) == "Tuesday 2 March 2027, 16:00 (Seoul time, UTC+09:00)"


def test_a_timeline_with_times_names_the_zone_and_one_with_days_does_not():
    page = Template('{% ui "timeline" entries=entries %}')
    at = datetime(2027, 3, 2, 7, tzinfo=UTC)
    with timezone.override("Asia/Seoul"):
        timed = page.render(Context({"entries": [{"at": at, "text": "Sent"}]}))
        dated = page.render(Context({"entries": [{"day": at.date(), "text": "Sent"}]}))
    assert ("Times: Seoul time." in timed, "Times:" in dated) == (True, False)
