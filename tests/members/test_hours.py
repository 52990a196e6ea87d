"""Hours of professional development: for the teacher, and for who answers for the institution."""

import html
import re
from datetime import date
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from openpyxl import load_workbook

from members.models import Affiliation, Certificate
from tests import factories as make
from tests.browsing import at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
PAGE = "members:desk_hours"


@pytest.fixture
def hours(cast):
    """Two certificates of the teacher through the school in 2026, and what must not count."""
    facts = {"person": cast.teacher, "institution": cast.school}
    make.CertificateFactory(hours=36, **facts)
    make.CertificateFactory(hours=8, **facts)
    make.CertificateFactory(hours=100, state="revoked", **facts)
    make.CertificateFactory(hours=100, kind="award", **facts)
    make.CertificateFactory(hours=5, begins_on=date(2025, 1, 1), ends_on=date(2025, 5, 1), **facts)
    make.CertificateFactory(hours=100, person=cast.teacher, institution=make.InstitutionFactory())


def listed(response):
    return {it.pk: (it.hours, it.certificate_count) for it in response.context["page"]}


def test_a_contact_sees_the_hours_of_everybody_at_the_institution(hours, cast):
    learner = make.AffiliationFactory(institution=cast.school, role="student").person
    response = at(cast.contact).get(reverse(PAGE), {"year": "2026"})
    assert listed(response) == {cast.teacher.pk: (44, 2), cast.colleague.pk: (0, 0), cast.contact.pk: (0, 0)}
    assert learner.pk not in listed(response)


def test_another_year_is_chosen_and_nonsense_is_the_latest(hours, cast):
    client = at(cast.contact)
    assert listed(client.get(reverse(PAGE), {"year": "2025"}))[cast.teacher.pk] == (5, 1)
    years = client.get(reverse(PAGE), {"year": "1850"}).context["years"]
    assert (years[0] >= 2026, years[-1]) == (True, 2025)


@pytest.mark.parametrize("year", ["²", "٢٠٢٥", "-1", "9" * 5000, "2025.5"])
def test_what_is_no_year_is_the_latest(year, cast):
    client = at(cast.contact)
    assert client.get(reverse(PAGE), {"year": year}).context["year"] >= 2026
    assert client.get(reverse("members:desk_hours_xlsx"), {"year": year}).status_code == 200


@pytest.mark.parametrize("reader", ["contact", "coordinator"])
def test_every_link_of_the_page_leads_somewhere(reader, hours, cast):
    client = at(getattr(cast, reader))
    page = client.get(reverse(PAGE), {"institution": cast.school.slug, "year": "2026"}).content.decode()
    main = page.partition("<main")[2].partition("</main")[0]
    links = set(re.findall(r'href="(/[^"#]+)"', main))
    assert len([it for it in links if it.startswith("/desk/people/")]) == 3
    assert {it: client.get(html.unescape(it)).status_code for it in links} == dict.fromkeys(links, 200)


def test_whoever_changed_to_another_institution_stands_in_the_lists_of_both(hours, cast):
    new = make.AffiliationFactory(person=cast.teacher, role="teacher").institution
    head = make.AffiliationFactory(institution=new, role="head").person
    make.CertificateFactory(
        hours=20, person=cast.teacher, institution=new, ends_on=now().date(), begins_on=now().date()
    )
    old = cast.teacher.affiliations.get(institution=cast.school)
    Affiliation.objects.filter(pk=old.pk).update(state="ended", starts_on=date(2025, 9, 1), ends_on=date(2026, 6, 30))
    there = {"year": "2026"}
    assert listed(at(cast.contact).get(reverse(PAGE), there))[cast.teacher.pk] == (44, 2)
    assert listed(at(head).get(reverse(PAGE), {"year": str(now().year)}))[cast.teacher.pk] == (20, 1)


def test_whoever_left_before_a_year_or_came_after_it_is_not_in_its_list(hours, cast):
    Certificate.objects.filter(ends_on__year=2026, person=cast.teacher).update(institution=None)
    rows = Affiliation.objects.filter(institution=cast.school, person=cast.teacher)
    rows.update(state="ended", starts_on=date(2024, 9, 1), ends_on=date(2026, 1, 1))
    Affiliation.objects.filter(person=cast.colleague).update(starts_on=date(2026, 1, 1))
    client, both = at(cast.contact), (cast.teacher.pk, cast.colleague.pk)
    for year, there in (("2026", [False, True]), ("2025", [True, False])):
        assert [pk in listed(client.get(reverse(PAGE), {"year": year})) for pk in both] == there


def test_of_another_institution_nobody_is_told(hours, cast):
    other = make.AffiliationFactory(role="head")
    client = at(other.person)
    assert client.get(reverse(PAGE), {"institution": cast.school.slug}).status_code == 404
    assert client.get(reverse("members:desk_hours_xlsx"), {"institution": cast.school.slug}).status_code == 404
    assert at(cast.teacher).get(reverse(PAGE)).status_code == 403


def test_a_coordinator_chooses_the_institution(hours, cast):
    response = at(cast.coordinator).get(reverse(PAGE), {"institution": cast.school.slug, "year": "2026"})
    assert listed(response)[cast.teacher.pk] == (44, 2)


def test_the_spreadsheet_has_the_same_lines(hours, cast):
    response = at(cast.contact).get(reverse("members:desk_hours_xlsx"), {"year": "2026"})
    rows = list(load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True))
    names = (cast.teacher.family_name, cast.teacher.given_name, None, "School 1", 2026, 44, 2)
    assert rows[0] == (
        "Family name", "Given name", "Patronymic", "Institution", "Year", "Academic hours", "Certificates",
    )  # fmt: skip
    assert [it for it in rows[1:] if it[0] == cast.teacher.family_name] == [names]


def test_as_many_queries_for_three_as_for_one(cast):
    client, counts = at(cast.contact), []
    for _ in range(2):
        for _ in range(1 + len(counts)):
            make.CertificateFactory(
                person=make.AffiliationFactory(institution=cast.school).person, institution=cast.school
            )
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse(PAGE))
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 20


def test_my_certificates_cost_as_many_queries_for_three_as_for_one(cast):
    client, counts = at(cast.teacher), []
    for _ in range(2):
        for _ in range(1 + len(counts)):
            make.CertificateFactory(person=cast.teacher)
            make.CertificateFactory(person=make.GuardianshipFactory(guardian=cast.teacher).child)
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("members:certificates"))
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 20
