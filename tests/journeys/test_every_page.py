"""Every page of the portal in every language that has a catalogue: nothing is cut off on the narrowest phone."""

from pathlib import Path

import pytest
from django.conf import settings

from members.models import Person
from tests.coordination.test_pages import COORDINATORS, PUBLIC, pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOT_A_PAGE = (".css", ".svg", ".ics", ".xlsx", ".pdf", ".zip", ".xml", "/feed/", "healthz", "readyz", "/files/")


def spoken():
    """English, and each language whose sentences are written down."""
    known = {path.parts[-3] for path in Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/*.po")}
    return [code for code, _name in settings.LANGUAGES if code == "en" or code in known]


def addresses(most):
    return [address for needs, address in pages() if needs <= most and not any(it in address for it in NOT_A_PAGE)]


@pytest.mark.parametrize("reader", ["", "coordinator"])
def test_no_page_is_cut_off_at_320_pixels(visit, portal, reader):
    visitor, cut = visit(width=320), {}
    if reader:
        visitor.sign_in(f"{reader}@example.org")
    for language in spoken():
        Person.objects.update(language=language)
        visitor.context.add_cookies([{"name": "django_language", "value": language, "url": portal}])
        for address in [*addresses(COORDINATORS if reader else PUBLIC), "/no-such-page/"]:
            visitor.go(address)
            if found := visitor.cut_off_now():
                cut[language, address] = found
        assert visitor.page.locator("html").get_attribute("lang") == language
    assert cut == {}


def test_every_page_is_clean_for_axe_in_the_dark(visit):
    visitor = visit("coordinator", color_scheme="dark", width=390)
    members = ["/members/", "/members/standing/", "/members/apply/", "/initiatives/", "/privacy/", "/me/erase/"]
    people = [f"/desk/people/{part}" for part in ("", "addresses/", "duplicates/", "unanswered/", "invite/list/")]
    desk = ["/desk/", *people, "/desk/import/", "/desk/initiatives/new/", "/desk/agreements/", "/desk/regions/"]
    drawn = [f"/courses/{view}" for view in ("", "?view=week", "?view=timetable", "?view=week&paper=yes")]
    pathways = [f"{desk}/pathways/{slug}" for desk in ("", "/desk") for slug in ("", "teaching-with-ai/")]
    programme = [*drawn, *pathways, "/me/calendar/", "/desk/courses/review/"]
    for address in ["/", *members, *programme, *desk, "/no-such-page/"]:
        visitor.go(address)
        visitor.look()
