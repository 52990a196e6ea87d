"""Regional coordinators see and act in their region only, heads and contacts in their institution only.

The walk asks for every address of the desk with every foreign object that could leak: a new address is walked too.
"""

import io
import re
from dataclasses import dataclass, field

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.outbox import queue_mail
from members.models import Application, Direction, Import, Initiative, Institution, Milestone, Region
from tests import factories as make
from tests.cluster_portal.test_shape import every_view

pytestmark = pytest.mark.django_db
READERS = ["regional", "head", "contact"]
SECRETS = [
    "Foreignova",
    "foreign@example.org",
    "Foreign draft",
    "Foreign initiative",
    "Foreign class",
    "Foreign letter",
]
# A course is the cluster's: every coordinator may offer it, at an institution of their own.
EVERY_COORDINATORS = {"desk/courses/<slug:slug>/new-run/"}


@dataclass
class World:
    """The North, with its coordinator, a school, its head and contact; and ids of the South, which is not theirs."""

    school: Institution
    people: dict
    ids: list = field(default_factory=list)
    pairs: list = field(default_factory=list)
    slugs: list = field(default_factory=list)


@pytest.fixture
def world(demo):
    north, south = make.RegionFactory(name="North", slug="north"), make.RegionFactory(name="South", slug="south")
    school = make.InstitutionFactory(name="North School", region=north)
    people = {
        "regional": make.CoordinatorFactory(region=north).person,
        "head": make.AffiliationFactory(institution=school, role="head").person,
        "contact": make.AffiliationFactory(institution=school, role="contact").person,
    }
    world = World(school, people)
    foreign = make.InstitutionFactory(name="Foreign School", region=south)
    world.slugs += [foreign.slug, south.slug, Direction.objects.create(name="Theme", slug="theme").slug]
    foreign_people(world, foreign)
    foreign_runs(world, foreign)
    foreign_papers(world, foreign)
    return world


def foreign_people(world, foreign):
    person = make.PersonFactory(family_name="Foreignova", email="foreign@example.org", address_failed_at=now())
    twin = make.PersonFactory(family_name="Foreignova", email="twin.foreign@example.org")
    child = make.ChildFactory(family_name="Foreignova")
    asked = make.AffiliationFactory(person=person, institution=foreign, state="asked")
    active = make.AffiliationFactory(person=twin, institution=foreign, role="head")
    group = make.GroupFactory(institution=foreign, name="Foreign class")
    make.GroupMemberFactory(group=group, person=child)
    guardianship = make.GuardianshipFactory(guardian=person, child=child)
    role = make.CoordinatorFactory(region=foreign.region, person=twin)
    mail = queue_mail("members/admitted", about=asked, to=person)
    objects = [person, twin, child, asked, active, group, mail]
    world.ids += [it.public_id for it in objects] + [role.person.public_id]
    world.pairs += [(person, twin), (group, child), (child, guardianship)]


def foreign_runs(world, foreign):
    run = make.RunFactory(host=foreign, state="draft", course__title="Foreign draft")
    session, pool = make.SessionFactory(run=run), make.PoolFactory(run=run)
    enrolment = make.EnrolmentFactory(run=run, pool=pool)
    world.ids += [it.public_id for it in (run, session, pool, enrolment)]
    world.pairs += [(run, it) for it in (session, pool, enrolment)]
    world.slugs.append(run.course.slug)


def foreign_papers(world, foreign):
    initiative = Initiative.objects.create(title="Foreign initiative", responsible=foreign, starts_on="2026-01-01")
    milestone = Milestone.objects.create(initiative=initiative, title="Foreign initiative, step", due_on="2026-02-01")
    applicant = make.PersonFactory(family_name="Foreignova")
    application = Application.objects.create(
        state="received", name="Foreign letter", kind="school", region=foreign.region, why="x", applicant=applicant
    )
    agreement = make.AgreementFactory(state="draft", title="Foreign draft")
    make.PartyFactory(agreement=agreement, institution=foreign, signed_on=None, signatory="")
    entered = Import.objects.create(kind="people", institution=foreign, by=applicant)
    world.ids += [it.public_id for it in (initiative, milestone, application, agreement, entered)]


def desk_addresses():
    return sorted({address for address, _view in every_view() if address.startswith("desk/")})


def filled(address, world):
    """The address with everything foreign that could stand in it."""
    holes = re.findall(r"<(\w+):(\w+)>", address)
    words = {"name": "decline", "purpose": "taking_part", "language": "en"}
    for kind, name in holes:
        if name in words:
            address = address.replace(f"<{kind}:{name}>", words[name])
    holes = re.findall(r"<\w+:\w+>", address)
    if len(holes) == 2:
        return [_with(address, holes, (a.public_id, b.public_id)) for a, b in world.pairs if hasattr(b, "public_id")]
    if len(holes) == 1:
        found = world.slugs if "slug" in holes[0] else world.ids
        return [_with(address, holes, [it]) for it in found]
    return ["/" + address]


def _with(address, holes, values):
    for hole, value in zip(holes, values, strict=True):
        address = address.replace(hole, value, 1)
    return "/" + address


def client_of(person):
    client = Client(raise_request_exception=True)
    client.force_login(person)
    return client


@pytest.mark.parametrize("reader", READERS)
def test_no_address_of_the_desk_opens_a_foreign_object(world, reader, plain_refusals):
    client, opened = client_of(world.people[reader]), []
    before = (AuditEntry.objects.count(), OutboxMail.objects.count())
    for address in desk_addresses():
        if "<" not in address or (reader == "regional" and address in EVERY_COORDINATORS):
            continue
        urls = filled(address, world)
        assert urls, f"Nothing foreign is known for {address}: add it to the world of this test."
        for url in urls:
            status = client.post(url, {"move": "admit"}).status_code
            if status == 405:  # a page for reading only
                status = client.get(url).status_code
            if status not in {403, 404}:
                opened.append((url, address, status))
    assert opened == []
    assert (AuditEntry.objects.count(), OutboxMail.objects.count()) == before


def said_by(response):
    """What a page says, or the cells of a spreadsheet."""
    if "spreadsheet" not in response["Content-Type"]:
        return response.content.decode()
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)


@pytest.mark.parametrize("reader", READERS)
def test_no_list_of_the_desk_shows_foreign_people_or_drafts(world, reader):
    client, leaked, read = client_of(world.people[reader]), [], 0
    for address in desk_addresses():
        if "<" in address:
            continue
        response = client.get(f"/{address}", {"q": "foreign"} if reader == "regional" else {})
        read += response.status_code == 200
        text = said_by(response) if response.status_code == 200 else ""
        leaked += [(address, secret) for secret in SECRETS if secret in text.replace('value="foreign"', "")]
    # The description of a course is the cluster's, as the catalogue of all coordinators.
    assert [it for it in leaked if it != ("desk/courses/", "Foreign draft")] == []
    assert read > 5


def test_the_same_addresses_open_for_ones_own(world):
    own = make.RunFactory(host=world.school, state="draft")
    asked = make.AffiliationFactory(institution=world.school, state="asked", person__family_name="Northova")
    regional = client_of(world.people["regional"])
    for url in (
        reverse("courses:desk_run", args=[own.public_id]),
        edit(world.school),
        f"/desk/courses/{own.course.slug}/",
    ):
        assert regional.get(url).status_code == 200
    for reader in READERS:
        assert "Northova" in client_of(world.people[reader]).get("/desk/people/").content.decode()
        assert client_of(world.people[reader]).get(edit(world.school)).status_code == 200
    response = regional.post(f"/desk/people/{asked.public_id}/act/", {"move": "admit"})
    asked.refresh_from_db()
    assert (response.status_code, asked.state) == (302, "active")


def edit(it):
    return reverse("members:desk_edit_institution", args=[it.slug])


@pytest.mark.parametrize("reader", READERS)
def test_forms_offer_ones_own_institutions_and_regions_only(world, reader):
    client = client_of(world.people[reader])
    choices = list(client.get("/desk/people/invite/").context["form"].fields["institution"].queryset)
    assert choices == [world.school]
    if reader == "regional":
        form = client.get("/desk/institutions/new/").context["form"]
        assert list(form.fields["region"].queryset) == [Region.objects.get(slug="north")]


def test_a_regional_coordinator_enters_institutions_in_their_region_only(world):
    client, facts = client_of(world.people["regional"]), {"name": "New School", "kind": "school"}
    for region in ("", Region.objects.get(slug="south").pk):
        response = client.post("/desk/institutions/new/", facts | {"region": region})
        assert list(response.context["form"].errors) == ["region"]
    client.post("/desk/institutions/new/", facts | {"region": Region.objects.get(slug="north").pk})
    assert Institution.objects.get(name="New School").region.slug == "north"


@pytest.mark.parametrize("reader", READERS)
def test_only_the_coordinator_of_the_cluster_keeps_regions_themes_and_coordinators(world, reader):
    client = client_of(world.people[reader])
    for url in (
        "/desk/regions/",
        "/desk/themes/",
        "/desk/coordinators/appoint/",
        "/desk/start/",
        "/desk/regions/north/",
    ):
        assert {client.get(url).status_code, client.post(url, {"name": "x"}).status_code} == {403}


def test_a_role_that_ended_opens_nothing_any_more(world):
    world.people["regional"].coordinating.update(until="2026-01-02")
    client = client_of(world.people["regional"])
    assert {client.get(url).status_code for url in ("/desk/", edit(world.school), "/desk/people/")} == {403}
