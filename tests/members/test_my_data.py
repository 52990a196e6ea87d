"""The copy of one's data, and who looked at a child's record: whose it is, and what it needs."""

import json
import re
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import AuditEntry
from members import actions
from members.models import Guardianship, Person
from members.records import PAGES
from tests import factories as make

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-password"


def with_password(email, **names):
    person = Person.objects.create_user(email, PASSWORD, **names)
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    return person


def freshly_signed_in(person):
    """Somebody who has just typed their password again."""
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


@pytest.fixture
def ivanova(cast):
    person = with_password("ivanova@example.org", family_name="Иванова", given_name="Anna", language="ru")
    make.AffiliationFactory(person=person, institution=cast.school)
    return person


@pytest.fixture
def child(cast):
    child = make.ChildFactory(family_name="Petrov")
    make.AffiliationFactory(person=child, institution=cast.school, role="student")
    return child


@pytest.fixture
def guardian(child):
    guardian = with_password("guardian@example.org", family_name="Petrova")
    Guardianship.objects.create(guardian=guardian, child=child, how="paper")
    return guardian


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


@pytest.mark.parametrize(("name", "method"), [("my_data", "get"), ("my_data", "post"), ("my_data_json", "post")])
def test_a_copy_needs_a_fresh_sign_in(ivanova, name, method):
    client = Client()
    client.force_login(ivanova)
    answer = getattr(client, method)(reverse(f"members:{name}"))
    assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("account_reauthenticate"))
    assert AuditEntry.objects.filter(verb="members.person.copy").count() == 0


def test_the_file_has_what_the_tables_say(ivanova):
    answer = freshly_signed_in(ivanova).post(reverse("members:my_data_json"))
    content = json.loads(answer.content)
    (row,) = content["members"][0]["rows"]
    assert (row["family_name"], row["email"]) == ("Иванова", "ivanova@example.org")
    assert set(content) == {"courses", "competitions", "mentorship", "members", "cluster_portal"}
    assert "password" not in row
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{ivanova.public_id}.json"'
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_page_speaks_the_readers_language(ivanova):
    client = freshly_signed_in(ivanova)
    page = client.post(reverse("members:my_data"))
    assert (page.status_code, page.headers["Content-Language"]) == (200, "ru")
    assert "Иванова" in plain(page)
    assert "Фамилия" in plain(page) or "фамилия" in plain(page)
    assert client.get(reverse("members:my_data")).status_code == 200


def test_no_key_is_in_a_copy(ivanova):
    client = freshly_signed_in(ivanova)
    said = client.post(reverse("members:my_data_json")).content.decode() + plain(
        client.post(reverse("members:my_data"))
    )
    assert ivanova.password not in said
    assert client.session.session_key not in said


def test_taking_a_copy_is_noted(ivanova):
    client = freshly_signed_in(ivanova)
    client.get(reverse("members:my_data"))
    assert AuditEntry.objects.filter(verb="members.person.copy").count() == 0
    client.post(reverse("members:my_data"))
    client.post(reverse("members:my_data_json"))
    entries = AuditEntry.objects.filter(verb="members.person.copy").values_list("actor", "object_id")
    assert list(entries) == [(ivanova.public_id, ivanova.public_id)] * 2


def test_the_file_is_not_made_by_a_look(ivanova):
    assert freshly_signed_in(ivanova).get(reverse("members:my_data_json")).status_code == 405


def test_other_people_stand_there_without_their_names(ivanova, cast):
    make.AffiliationFactory(person=ivanova, invited_by=cast.contact, state="invited")
    client = freshly_signed_in(ivanova)
    said = client.post(reverse("members:my_data_json")).content.decode()
    assert cast.contact.public_id in said
    assert cast.contact.family_name not in said


def test_a_guardian_has_the_copy_of_their_child(guardian, child):
    client = freshly_signed_in(guardian)
    assert client.get(reverse("members:child_data", args=[child.public_id])).status_code == 200
    assert "Petrov" in plain(client.post(reverse("members:child_data", args=[child.public_id])))
    content = json.loads(client.post(reverse("members:child_data_json", args=[child.public_id])).content)
    assert content["members"][0]["rows"][0]["family_name"] == "Petrov"
    assert set(AuditEntry.objects.filter(verb="members.person.copy").values_list("object_id")) == {(child.public_id,)}


CHILD_PAGES = ["child_data", "child_looked_at", "erase_child"]


@pytest.mark.parametrize("name", CHILD_PAGES)
def test_a_child_of_others_is_unknown(ivanova, child, name):
    assert freshly_signed_in(ivanova).get(reverse(f"members:{name}", args=[child.public_id])).status_code == 404


def test_the_file_of_a_child_of_others_is_unknown(ivanova, child):
    answer = freshly_signed_in(ivanova).post(reverse("members:child_data_json", args=[child.public_id]))
    assert answer.status_code == 404


@pytest.mark.parametrize("name", CHILD_PAGES)
@pytest.mark.parametrize("change", ["grown up", "guardianship ended", "erased"])
def test_what_ends_the_right_to_a_childs_pages(guardian, child, name, change):
    match change:
        case "grown up":
            Person.objects.filter(pk=child.pk).update(birth_date="2000-01-01")
        case "guardianship ended":
            child.guarded_by.update(ended_at=now())
        case "erased":
            actions.erase_person(child, by=guardian)
    assert freshly_signed_in(guardian).get(reverse(f"members:{name}", args=[child.public_id])).status_code == 404


def test_a_guardian_sees_who_looked_when_and_at_what(guardian, child, cast):
    actions.note_view(child, cast.teacher, "class")
    actions.note_view(child, cast.coordinator, "slips")
    actions.note_view(child, guardian, "consent")
    page = plain(freshly_signed_in(guardian).get(reverse("members:child_looked_at", args=[child.public_id])))
    assert f"{cast.teacher.full_name} Teacher, School 1 The class list" in page
    assert f"{cast.coordinator.full_name} coordinator Printed consent slips" in page
    assert "Petrova guardian Consents" in page


def test_an_erased_viewer_has_no_name_any_more(guardian, child, cast):
    actions.note_view(child, cast.teacher, "class")
    actions.erase_person(cast.teacher, by=cast.teacher)
    page = plain(freshly_signed_in(guardian).get(reverse("members:child_looked_at", args=[child.public_id])))
    assert "Erased person" in page


@pytest.mark.parametrize(("years", "status"), [(13, 404), (14, 200), (17, 200)])
def test_a_child_sees_it_from_the_age_at_which_they_decide_too(cast, years, status):
    today = now().date()
    student = make.PersonFactory(birth_date=today.replace(year=today.year - years, day=1))
    actions.note_view(student, cast.teacher, "class")
    client = Client()
    client.force_login(student)
    assert client.get(reverse("members:looked_at")).status_code == status


def test_every_page_that_is_noted_has_its_words():
    """What views tell note_view is shown in words."""
    apps = [Path(actions.__file__).parents[2] / name for name in ("members", "courses", "coordination")]
    sources = [it.read_text() for app in apps for it in app.rglob("*.py")]
    noted = {name for text in sources for name in re.findall(r'note_(?:views?|children)\(.+, "([^"]+)"\)', text)}
    assert noted - set(PAGES) == set()
    assert "class" in noted


def test_nobody_looked(guardian, child):
    page = plain(freshly_signed_in(guardian).get(reverse("members:child_looked_at", args=[child.public_id])))
    assert "Nobody has looked yet" in page


def test_three_views_cost_as_many_queries_as_one(guardian, child, cast):
    client, url = freshly_signed_in(guardian), reverse("members:child_looked_at", args=[child.public_id])
    actions.note_view(child, cast.teacher, "class")
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    actions.note_view(child, cast.colleague, "class")
    actions.note_view(child, cast.contact, "class")
    with CaptureQueriesContext(connection) as three:
        client.get(url)
    assert (len(three), len(three) <= 25) == (len(one), True)


@pytest.fixture
def coordinator(cast):
    cast.school.region = make.RegionFactory()
    cast.school.save()
    return make.CoordinatorFactory(person=with_password("coordinator@example.org"), region=cast.school.region).person


def test_a_coordinator_takes_the_copy_for_who_asks_by_letter(coordinator, child, demo):
    client = freshly_signed_in(coordinator)
    page = reverse("members:desk_copy", args=[child.public_id])
    assert "What we hold about Petrov" in plain(client.get(page))
    assert "Petrov" in plain(client.post(page))
    file = client.post(reverse("members:desk_copy_json", args=[child.public_id]))
    assert json.loads(file.content)["members"][0]["rows"][0]["family_name"] == "Petrov"
    looks = child.record_views.values_list("viewer", "page")
    assert list(looks) == [(coordinator.public_id, "copy")] * 3
    copies = AuditEntry.objects.filter(verb="members.person.copy").values_list("actor", "object_id")
    assert list(copies) == [(coordinator.public_id, child.public_id)] * 2


def test_whom_a_coordinator_may_not_erase_they_take_no_copy_of(coordinator, cast, demo):
    client = freshly_signed_in(coordinator)
    other = make.AffiliationFactory(institution__region=make.RegionFactory()).person
    for person in (other, cast.coordinator):
        page = reverse("members:desk_copy", args=[person.public_id])
        file = reverse("members:desk_copy_json", args=[person.public_id])
        assert (client.get(page).status_code, client.post(file).status_code) == (404, 404)


@pytest.mark.parametrize("name", ["desk_copy", "desk_copy_json"])
def test_a_copy_of_somebody_else_needs_a_coordinator_and_a_fresh_sign_in(coordinator, ivanova, child, demo, name):
    address, client = reverse(f"members:{name}", args=[child.public_id]), Client()
    client.force_login(coordinator)
    assert client.post(address).url.split("?")[0] == reverse("account_reauthenticate")
    assert freshly_signed_in(ivanova).post(address).status_code in {403, 404}
    assert AuditEntry.objects.filter(verb="members.person.copy").count() == 0
