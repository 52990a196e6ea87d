"""Every page of the portal in every language that has a catalogue: nothing is cut off on the narrowest phone."""

from pathlib import Path

import pytest
from django.conf import settings

from competitions.models import Competition, Entry, Juror, Plan
from members.models import Person
from tests.coordination.test_pages import COORDINATORS, PUBLIC, competition_pages, pages

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


def pages_of_competitions():
    """Every page of competitions, by whoever has it; the desk stands in test_pages.py."""
    decided = Competition.objects.get(state="concluded")
    judged, opened = Competition.objects.published().order_by("closes_at")
    plan, juror = (
        Plan.objects.public().first(),
        Juror.objects.get(competition=judged, person__email="juror@example.org"),
    )
    draft = Entry.objects.get(state="draft").get_absolute_url()
    waiting, given = juror.reviews.assigned().first(), juror.reviews.completed().first()
    entry = Entry.objects.get(competition=decided, authorships__person__email="teacher2@example.org")
    desk = [it for needs, it in competition_pages() if needs == COORDINATORS and not any(no in it for no in NOT_A_PAGE)]
    of_desk = [f"/desk/competitions/{opened.slug}/{part}" for part in ("", "edit/", "entries/", "nominations/new/")]
    of_desk += [f"/desk/competitions/{opened.slug}/criteria/{opened.criteria.first().public_id}/"]
    of_desk += [f"/desk/competitions/{judged.slug}/jury/entries/{waiting.entry.public_id}/"]
    of_desk += [f"/desk/competitions/{decided.slug}/results/", plan.get_absolute_url()]
    handed_in = opened.entries.submitted().first()
    of_desk += [f"/desk/competitions/{opened.slug}/entries/{handed_in.public_id}/disqualify/", "/desk/library/"]
    shown = ["/competitions/", *(it.get_absolute_url() for it in (opened, judged, decided))]
    shown += ["/library/", "/library/?q=nothing-is-called-so", plan.get_absolute_url(), "/search/?q=lesson"]
    written = [f"{draft}{part}" for part in ("", "edit/", "check/", "authors/", "withdraw/")]
    results = [entry.get_absolute_url(), f"{entry.get_absolute_url()}feedback/", f"{entry.get_absolute_url()}authors/"]
    read = ["/jury/", juror.get_absolute_url(), waiting.get_absolute_url(), given.get_absolute_url()]
    return {
        "": shown,
        "teacher": ["/me/", f"/competitions/{opened.slug}/enter/", *written, plan.get_absolute_url()],
        "teacher2": ["/me/", *results, plan.get_absolute_url()],
        "juror": ["/me/", *read, f"{waiting.get_absolute_url()}hand-back/"],
        "coordinator": [*desk, *of_desk],
    }


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 390), ("light", 1280)])
def test_every_page_of_competitions_is_clean_for_axe(visit, scheme, width):
    wrong = []
    for reader, read in pages_of_competitions().items():
        visitor = visit(reader, color_scheme=scheme, width=width)
        for address in read:
            visitor.go(address)
            try:
                visitor.look()
            except AssertionError as found:
                wrong.append(str(found))
    assert wrong == []
