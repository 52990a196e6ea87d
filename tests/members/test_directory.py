"""The directory: filters, search, 300 institutions, paging, spreadsheets and paper."""

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from cluster_portal.sheets import as_csv, as_text, as_xlsx
from members.models import Direction, Institution
from tests import factories as make

pytestmark = pytest.mark.django_db
DIRECTORY, XLSX, CSV = (reverse(f"members:{name}") for name in ("directory", "directory_xlsx", "directory_csv"))


@pytest.fixture
def north(db):
    return make.RegionFactory(name="North", slug="north")


@pytest.fixture
def robotics(db):
    return Direction.objects.create(name="Robotics", slug="robotics")


def named(response):
    return [it.name for it in response.context["page"]]


def asked(client, **wanted):
    return client.get(DIRECTORY, wanted)


def test_it_is_narrowed_by_kind_region_theme_and_standing(client, cast, north, robotics):
    college = make.InstitutionFactory(name="College", kind="college", region=north)
    college.directions.add(robotics)
    assert named(asked(client)) == ["College", "School 1"]
    assert named(asked(client, kind="college")) == ["College"]
    assert named(asked(client, region="north")) == ["College"]
    assert named(asked(client, direction="robotics")) == ["College"]
    assert named(asked(client, standing="member")) == ["School 1"]
    assert named(asked(client, standing="none", kind="college", region="north", direction="robotics")) == ["College"]
    assert named(asked(client, standing="member", region="north")) == []


@pytest.mark.parametrize("name", ["kind", "region", "direction", "standing"])
def test_a_value_that_nothing_has_does_not_break_the_list(client, cast, north, robotics, name):
    assert named(asked(client, **{name: "no such thing"})) == ["School 1"]


def test_filters_that_could_choose_nothing_are_not_shown(client, cast):
    assert list(asked(client).context["narrow"].fields) == ["q", "kind", "standing"]


@pytest.mark.parametrize("query", ["Берёзовая", "БЕРЕЗОВАЯ", "березовая", "Бирезовая", "гимназия березовая"])
def test_search_ignores_case_and_yo_and_forgives_a_typo(client, query):
    make.InstitutionFactory(name="Гимназия «Берёзовая роща»")
    make.InstitutionFactory(name="Технический лицей")
    assert named(asked(client, q=query)) == ["Гимназия «Берёзовая роща»"]


def fill(count, region, direction):
    kinds = list(Institution.Kind)
    rows = [
        Institution(
            name=f"Institution {number:03}",
            kind=kinds[number % 9],
            region=region,
            slug=f"i{number}",
            words=f"i {number}",
        )
        for number in range(count)
    ]
    made = Institution.objects.bulk_create(rows)
    through = Institution.directions.through
    through.objects.bulk_create([through(institution=it, direction=direction) for it in made])


def queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("query", ["", "?region=north&kind=school", "?q=institution", "?direction=robotics&page=2"])
def test_three_hundred_cost_as_many_queries_as_three(client, north, robotics, query):
    make.InstitutionFactory.create_batch(3, region=north)[0].directions.add(robotics)
    addresses = [address + query for address in (DIRECTORY, XLSX, CSV, reverse("members:directory_print"))]
    client.get(DIRECTORY)
    before = [queries(client, url) for url in addresses]
    fill(300, north, robotics)
    assert [queries(client, url) for url in addresses] == before
    assert max(before) <= 6


def test_three_hundred_are_counted_and_paged_and_the_filter_survives(client, north, robotics):
    fill(300, north, robotics)
    page = asked(client, kind="school", region="north")
    assert "34 institutions" in page.content.decode()
    first = asked(client, region="north")
    text = first.content.decode()
    assert (len(named(first)), "300 institutions" in text) == (50, True)
    assert "?region=north&amp;page=2" in text
    assert f"{XLSX}?region=north" in text
    last = asked(client, region="north", page=6)
    assert named(last)[-1] == "Institution 299"
    assert f"{XLSX}?region=north&" not in last.content.decode()


def test_it_works_without_javascript_and_is_quick_with_it(client, cast):
    text = asked(client, kind="school").content.decode()
    assert '<form method="get" class="filter-bar"' in text
    assert 'hx-get="/members/" hx-target="#results" hx-select="#results"' in text
    assert '<button class="button" type="submit">Show</button>' in text


HEADINGS = ["Name", "Short name", "Kind", "Region", "Themes", "Standing", "Website", "Page"]


def cells(content):
    return [list(row) for row in load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]


def test_the_spreadsheet_holds_what_is_filtered(client, cast, north, robotics, settings):
    it = make.InstitutionFactory(name="College", kind="college", region=north, website="https://college.example")
    it.directions.add(robotics)
    response = client.get(XLSX, {"region": "north"})
    assert response["Content-Disposition"] == 'attachment; filename="members.xlsx"'
    page = f"{settings.SITE_URL}/members/college/"
    line = ["College", None, "College", "North", "Robotics", "Not a member", "https://college.example", page]
    assert cells(response.content) == [HEADINGS, line]


def test_the_csv_opens_in_excel_with_cyrillic_letters_whole(client):
    make.InstitutionFactory(name="Гимназия № 1; «Берёзка»")
    content = client.get(CSV).content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert (rows[0], rows[1][0]) == (HEADINGS, "Гимназия № 1; «Берёзка»")


def test_the_csv_of_a_russian_reader_has_the_separator_of_russian_excel(client):
    make.InstitutionFactory(name="School")
    client.cookies["django_language"] = "ru"
    assert client.get(CSV).content.decode("utf-8-sig").count(";") == 14


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil.test")', "+1", "-2+3", "@SUM(A1)", "\t=1"])
def test_formulas_are_neutralised_in_both(client, name):
    make.InstitutionFactory(name=name)
    assert cells(client.get(XLSX).content)[1][0] == f"'{name}"
    rows = list(csv.reader(io.StringIO(client.get(CSV).content.decode("utf-8-sig"), newline="")))
    assert rows[1][0] == f"'{name}"


def test_a_sheet_takes_any_text():
    assert as_text("a\x0bb") == "ab"
    assert cells(as_xlsx("A/B: [1]?*", ["=x"], [["a\x00b"]])) == [["'=x"], ["ab"]]
    assert as_csv(["x"], [["\n=1"]]).decode("utf-8-sig") == 'x\r\n"\'\n=1"\r\n'


def test_paper_holds_every_line_and_says_what_it_is_narrowed_to(client, north, robotics):
    fill(120, north, robotics)
    response = client.get(reverse("members:directory_print"), {"region": "north", "kind": "school"})
    text = response.content.decode()
    assert (text.count('<th scope="row">'), "14 institutions · School, North" in text) == (14, True)
    everything = client.get(reverse("members:directory_print")).content.decode()
    assert everything.count('<th scope="row">') == 120


@pytest.mark.parametrize("url", [XLSX, CSV, reverse("members:directory_print")])
def test_exports_are_read_only(url):
    assert Client().post(url).status_code == 405


def test_an_institution_called_like_a_page_gets_an_address_of_its_own():
    assert make.InstitutionFactory(name="Apply").slug.startswith("apply-")
    assert make.InstitutionFactory(name="New").slug.startswith("new-")
