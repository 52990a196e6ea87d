"""Who looks at a child on the desk of courses is written down; what leaves the portal names nobody without consent."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now
from openpyxl import load_workbook

from courses.models import Pool
from members.models import RecordView
from members.records import PAGES
from tests import factories as make

pytestmark = pytest.mark.django_db
PAGES_OF_A_CHILD = {
    "desk_roster": "run roster",
    "desk_session_roster": "run roster",
    "desk_approvals": "approvals",
    "desk_rights_lost": "rights lost",
    "desk_refuse": "approvals",
}


@pytest.fixture
def desk(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


@pytest.fixture
def held(run, pool, cast):
    """A child, and an adult, held until the coordinator approves; both have a seat in a session of the run."""
    run.needs_approval = True
    run.save()
    session = make.SessionFactory(run=run, starts_at=now() + timedelta(days=9), ends_at=now() + timedelta(days=9.1))
    seats = make.PoolFactory(run=None, session=session, places=9)
    people = [make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person]
    for person in [*people, cast.teacher]:
        it = make.EnrolmentFactory(
            run=run, pool=pool, person=person, state="held", held_until=now() + timedelta(days=1),
            affiliation=person.affiliations.get(),
        )  # fmt: skip
        session.seats.create(enrolment=it, pool=seats, state="confirmed")
    Pool.objects.filter(pk__in=[pool.pk, seats.pk]).update(taken=2)
    return run.enrolments.get(person=people[0])


def address(name, it):
    of_a_run = {"desk_approvals": [], "desk_rights_lost": [], "desk_refuse": [it.run.public_id, it.public_id]}
    if name.startswith("desk_session"):
        return reverse(f"courses:{name}", args=[it.run.public_id, it.seats.get().session.public_id])
    return reverse(f"courses:{name}", args=of_a_run.get(name, [it.run.public_id]))


@pytest.mark.parametrize(("name", "noted"), PAGES_OF_A_CHILD.items())
def test_a_page_of_the_desk_names_the_child_and_notes_the_look(desk, cast, held, name, noted):
    if name == "desk_rights_lost":
        cast.school.parties.update(withdrawn_on="2026-06-01")
    assert held.person.full_name in desk.get(address(name, held)).content.decode()
    looks = list(RecordView.objects.values_list("child", "viewer", "page"))
    assert looks == [(held.person.pk, cast.coordinator.public_id, noted)]
    assert str(PAGES[noted])


def test_who_is_asked_whether_to_take_a_child_out_has_seen_it(desk, cast, held):
    url = reverse("courses:desk_act_on_enrolment", args=[held.run.public_id, held.public_id])
    assert held.person.full_name in desk.post(url, {"move": "cancel"}).content.decode()
    assert list(RecordView.objects.values_list("child", "page")) == [(held.person.pk, "run roster")]


@pytest.mark.parametrize("name", ["desk_roster_xlsx", "desk_session_roster_xlsx"])
def test_a_spreadsheet_names_no_child_without_consent_and_is_a_look_as_well(desk, held, name):
    sheet = load_workbook(io.BytesIO(desk.get(address(name, held)).content)).active
    names = {row[0] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert (held.person.family_name in names, "(name not shown)" in names) == (False, True)
    assert list(RecordView.objects.values_list("child", "page")) == [(held.person.pk, "run roster")]


def test_the_sheet_to_sign_is_a_look_at_the_children_on_it(desk, held):
    held.run.enrolments.update(state="confirmed", held_until=None)
    page = desk.get(address("desk_attendance_sheet", held)).content.decode()
    assert (held.person.family_name in page, "(name not shown)" in page) == (False, True)
    assert list(RecordView.objects.values_list("child", "page")) == [(held.person.pk, "run roster")]


def test_thirty_children_on_a_roster_cost_as_many_queries_as_one(desk, held, cast):
    counts = []
    for more in (0, 29):
        for _ in range(more):
            child = make.AffiliationFactory(institution=cast.school, role="student", person=make.ChildFactory()).person
            make.EnrolmentFactory(run=held.run, pool=held.pool, person=child)
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(address("desk_roster", held)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
