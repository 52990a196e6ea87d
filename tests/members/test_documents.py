"""By which documents an institution belongs, as its own page says it."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members.documents import documents_of
from members.models import Agreement, Cluster, Coverage
from tests import factories as make

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 1)


def page_of(institution, client):
    return " ".join(client.get(institution.get_absolute_url()).content.decode().split())


def links_of(institution, client):
    """The addresses of the clauses that the page names."""
    return re.findall(r'href="([^"]*#clause-[^"]*)"', page_of(institution, client))


def shown(institution, day=DAY):
    rows = documents_of(institution, Agreement.objects.all(), day)
    return [(it.agreement.title, [clause.number for clause in it.clauses]) for it in rows]


@pytest.fixture
def base(cast):
    make.ClauseFactory(agreement=cast.agreement, number="9", right="")
    return cast.agreement


@pytest.fixture
def newcomer(base):
    """Joined by an addendum with a clause of its own."""
    addendum = make.AgreementFactory(kind="addendum", amends=base, title="Accession")
    make.ClauseFactory(agreement=addendum, number="1", right="event")
    return make.PartyFactory(agreement=addendum).institution


@pytest.fixture
def branch(cast, base):
    """Covered by the school, until the end of June."""
    it = make.InstitutionFactory(name="Branch")
    party = base.parties.get(institution=cast.school)
    Coverage.objects.create(
        party=party, institution=it, since=date(2026, 1, 1), until=date(2100, 6, 30), document="Roll 7"
    )
    return it


def test_who_is_covered_reads_by_whom_and_with_which_rights(base, branch, client):
    page = page_of(branch, client)
    assert "No agreement of the cluster names it yet" not in page
    assert "covered by School 1: Roll 7" in page
    assert links_of(branch, client) == [f"{base.get_absolute_url()}#clause-2.1"]


def test_who_acceded_reads_the_rights_of_the_addendum_and_of_what_it_amends(base, newcomer, client):
    addendum = newcomer.parties.get().agreement
    assert links_of(newcomer, client) == [
        f"{base.get_absolute_url()}#clause-2.1",
        f"{addendum.get_absolute_url()}#clause-1",
    ]


def test_a_clause_stands_once_however_many_documents_give_it(base, newcomer):
    make.PartyFactory(agreement=base, institution=newcomer)
    assert shown(newcomer) == [("Accession", ["2.1", "1"]), (base.title, [])]


@pytest.mark.parametrize(("day", "numbers"), [(date(2026, 4, 30), ["2.1"]), (DAY, [])])
def test_who_left_has_no_right_any_more(base, day, numbers):
    left = make.PartyFactory(agreement=base, withdrawn_on=DAY).institution
    assert shown(left, day) == [(base.title, numbers)]


@pytest.mark.parametrize(("days", "numbers"), [(0, ["2.1"]), (1, [])])
def test_who_is_off_the_roll_has_no_right_any_more(base, branch, days, numbers):
    assert shown(branch, date(2100, 6, 30) + timedelta(days=days)) == [(base.title, numbers)]


def test_a_draft_that_would_cover_it_is_not_shown(branch, client):
    draft = make.AgreementFactory(state="draft", concluded_on=None, title="Secret")
    party = make.PartyFactory(agreement=draft, signed_on=None)
    Coverage.objects.create(party=party, institution=branch, since=date(2026, 1, 1), document="Roll 8")
    assert "Roll 8" not in page_of(branch, client)


def test_who_stands_on_no_document_is_told_so(cast, client):
    assert "No agreement of the cluster names it yet" in page_of(make.InstitutionFactory(), client)


def test_the_page_asks_as_often_for_many_documents_as_for_few(base, newcomer):
    client, counts = Client(), []
    client.get(newcomer.get_absolute_url())
    for _more in range(2):
        other = make.AgreementFactory(kind="addendum", amends=base)
        make.ClauseFactory(agreement=other)
        make.PartyFactory(agreement=other, institution=newcomer)
        roll = make.PartyFactory(agreement=make.AgreementFactory(kind="addendum", amends=base))
        Coverage.objects.create(party=roll, institution=newcomer, since=Cluster.current().today(), document="Roll")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(newcomer.get_absolute_url())
        counts.append(len(asked))
    assert counts[0] == counts[1]
