"""Who looks at a child on the desk of courses is written down; what leaves the portal names nobody without consent."""

import io
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils.timezone import now
from openpyxl import load_workbook

from courses.models import Pool
from members.models import Person, RecordView
from members.records import PAGES
from tests import factories as make
from tests.browsing import at

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


def test_no_page_of_courses_names_a_child_to_who_keeps_it_without_a_note(cast, demo, held, plain_refusals):
    Person.objects.filter(pk=held.person.pk).update(family_name="Zyablikova")
    session, group = held.seats.get().session, make.GroupFactory(institution=cast.school)
    session.starts_at, session.ends_at = now(), now() + timedelta(hours=1)
    session.save()
    make.GroupMemberFactory(group=group, person=held.person)
    group.keepers.add(cast.teacher)
    booking = held.run.bookings.create(group=group, pool=held.pool, by=cast.teacher, held_until=held.held_until)
    held.run.enrolments.update(booking=booking)
    sure = make.EnrolmentFactory(run=held.run, pool=held.pool, person=make.ChildFactory(family_name="Zyablikova"))
    session.seats.create(enrolment=sure, pool=held.seats.get().pool, state="confirmed")
    things = [it.public_id for it in (held.run, session, held, booking, group)]
    silent, shown = set(), set()
    for reader in (cast.coordinator, cast.teacher):
        client = at(reader)
        for name, count in of_courses():
            for values in permutations(things, count):
                RecordView.objects.all().delete()
                try:
                    response = client.get(reverse(f"courses:{name}", args=values))
                except NoReverseMatch:
                    continue
                if response.status_code == 200 and not response.streaming and b"Zyablikova" in response.content:
                    noted = set(RecordView.objects.values_list("page", flat=True))
                    shown |= noted
                    silent |= set() if noted else {name}
    assert silent == set()
    assert shown >= {"run roster", "approvals", "attendance", "class", "class consent"}
    assert shown <= set(PAGES)


def of_courses():
    """The names of the addresses of courses, each with how many things it is made of."""
    found = get_resolver("courses.urls").reverse_dict
    return [(name, len(found[name][0][0][1])) for name in found if isinstance(name, str)]


def host_elsewhere(cast, run):
    """Who coordinates another region, where the run is hosted, and keeps none of the children in it."""
    run.host = make.InstitutionFactory(region=make.RegionFactory())
    run.save()
    client = Client()
    client.force_login(make.CoordinatorFactory(region=run.host.region).person)
    return client


@pytest.mark.parametrize("name", PAGES_OF_A_CHILD)
def test_who_only_hosts_the_run_reads_no_name_without_consent(cast, demo, held, name):
    if name == "desk_rights_lost":
        cast.school.parties.update(withdrawn_on="2026-06-01")
    page = host_elsewhere(cast, held.run).get(address(name, held)).content.decode()
    assert (held.person.full_name in page, "(name not shown)" in page) == (False, True)


@pytest.mark.parametrize("name", ["desk_approve", "desk_refuse", "desk_act_on_enrolment"])
def test_what_the_desk_says_after_a_button_names_no_child_to_the_host_either(cast, demo, held, name):
    client, url = host_elsewhere(cast, held.run), reverse(f"courses:{name}", args=[held.run.public_id, held.public_id])
    page = client.post(url, {"words": "Too young", "move": "cancel"}, follow=True).content.decode()
    assert (held.person.full_name in page, "(name not shown)" in page) == (False, True)


def test_the_booking_of_a_class_names_neither_child_nor_guardian_to_who_only_hosts_the_run(cast, demo, held):
    group = make.GroupFactory(institution=cast.school)
    make.GroupMemberFactory(group=group, person=held.person)
    guardian = make.GuardianshipFactory(child=held.person, guardian__family_name="Zyablikova").guardian
    it = held.run.bookings.create(group=group, pool=held.pool, by=cast.teacher, held_until=held.held_until)
    held.run.enrolments.filter(pk=held.pk).update(booking=it)
    for client, named in ((host_elsewhere(cast, held.run), False), (at(cast.contact), True)):
        page = client.get(it.get_absolute_url()).content.decode()
        assert (held.person.full_name in page, guardian.full_name in page) == (named, named)


def test_who_marks_reads_the_names_and_who_only_hosts_does_not(cast, demo, held):
    held.run.enrolments.update(state="confirmed", held_until=None)
    session = held.seats.get().session
    session.starts_at, session.ends_at = now(), now() + timedelta(hours=1)
    session.save()
    url = reverse("courses:session_attendance", args=[held.run.public_id, session.public_id])
    host = host_elsewhere(cast, held.run)
    held.run.instructors.add(cast.outsider)
    for client, named in ((host, False), (at(cast.outsider), True)):
        page = client.get(url).content.decode()
        assert (held.person.full_name in page, "(name not shown)" in page) == (named, not named)


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
