"""The first day: an empty cluster is led, step by step, to its first course; facts say what is done."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.test import Client

from cluster_portal.models import AuditEntry
from cluster_portal.uploads import keep_upload
from courses.models import Course
from members import theme
from members.first_day import steps_left, steps_of
from members.models import Cluster, Institution
from members.models.cluster import validate_time_zone
from tests import factories as make

pytestmark = pytest.mark.django_db
START = "/desk/start/"
STEPS = ["Name", "Accent", "Time zone and country", "Institutions", "Agreement", "First course"]
NAME = {"name": "AI cluster of the North", "about": "Schools that learn.", "contact_email": "us@example.org"}


@pytest.fixture
def coordinator(demo):
    return make.CoordinatorFactory().person


@pytest.fixture
def client(coordinator):
    client = Client()
    client.force_login(coordinator)
    return client


def done(coordinator):
    return [str(step.title) for step in steps_of(coordinator) if step.is_done]


def statuses(client):
    return [link["status"] for link in client.get(START).context["links"]]


def test_an_empty_cluster_has_six_steps_and_the_desk_leads_to_them(client, coordinator):
    assert [str(step.title) for step in steps_of(coordinator)] == STEPS
    assert statuses(client) == ["next"] + ["open"] * 5
    (row,) = client.get("/desk/").context["rows"]
    assert (row.count, row.url, row.text) == (6, START, "steps are left until your cluster stands")


def test_each_step_leads_to_the_next_and_is_derived_from_what_was_done(client, coordinator):
    response = client.post(f"{START}name/", NAME)
    assert (response["Location"], done(coordinator)) == (f"{START}accent/", STEPS[:1])
    response = client.post(f"{START}accent/", {"hue": "140"})
    assert (response["Location"], done(coordinator)) == (f"{START}place/", STEPS[:2])
    response = client.post(f"{START}place/", {"time_zone": "Europe/Moscow", "country": "ru"})
    assert (response["Location"], done(coordinator)) == (f"{START}institutions/", STEPS[:3])
    client.post(f"{START}institutions/", {"kind": "school", "names": "School 1\n\n  School   2 \nSchool 1"})
    assert done(coordinator) == STEPS[:4]
    cluster = Cluster.objects.get()
    assert (cluster.name, cluster.hue, cluster.time_zone, cluster.country) == (NAME["name"], 140, "Europe/Moscow", "RU")
    assert list(Institution.objects.values_list("name", "kind")) == [("School 1", "school"), ("School 2", "school")]
    make.AgreementFactory(state="draft")
    assert done(coordinator) == STEPS[:5]
    make.SessionFactory()
    assert (done(coordinator), steps_left(coordinator)) == (STEPS, [])
    assert client.get("/desk/").context["rows"] == []
    assert "Your cluster stands" in client.get(START).content.decode()


def test_who_keeps_the_default_accent_has_chosen_it_when_they_went_on(client, coordinator):
    client.post(f"{START}name/", NAME)
    client.post(f"{START}accent/", {"hue": "258"})
    client.post(f"{START}place/", {"time_zone": "UTC", "country": "KZ"})
    assert done(coordinator) == STEPS[:3]


def test_the_first_course_is_led_from_describing_to_publishing(coordinator):
    def step():
        return next((str(it.text), it.url) for it in steps_of(coordinator) if it.order == 60)

    assert step() == ("Describe it", "/desk/courses/new/")
    course = make.CourseFactory()
    assert step() == ("Prepare its run", f"/desk/courses/{course.slug}/new-run/")
    run = make.RunFactory(course=course, state="draft")
    assert step() == ("Plan its sessions", f"/desk/runs/{run.public_id}/pattern/")
    make.SessionFactory(run=run)
    assert step() == ("Publish it", f"/desk/runs/{run.public_id}/")
    assert Course.objects.count() == 1


@pytest.mark.parametrize("page", ["", "name/", "accent/", "place/", "institutions/", "agreement/"])
def test_every_step_is_one_page_with_one_filled_button(client, page):
    Cluster.objects.create(pk=1, name="North")
    make.AgreementFactory()
    response = client.get(START + page)
    main = response.content.decode().partition("<main")[2]
    assert (response.status_code, main.count('class="button primary"')) == (200, 1)


@pytest.mark.parametrize("page", ["", "name/", "accent/", "place/", "institutions/", "agreement/"])
def test_only_coordinators_of_the_whole_cluster_are_led(demo, page):
    regional = make.CoordinatorFactory(region=make.RegionFactory()).person
    head = make.AffiliationFactory(role="head").person
    for person in (regional, head, make.PersonFactory()):
        outsider = Client()
        outsider.force_login(person)
        assert outsider.get(START + page).status_code == 403
    assert Client().get(START + page).status_code == 302


@pytest.mark.parametrize("page", ["accent/", "place/"])
def test_looks_and_place_wait_for_the_name(client, page):
    response = client.post(START + page, {"hue": "1", "time_zone": "UTC", "country": "RU"})
    assert (response["Location"], Cluster.objects.exists()) == (f"{START}name/", False)


@pytest.mark.parametrize(
    ("page", "facts", "field"),
    [
        ("name/", {"name": ""}, "name"),
        ("name/", {"name": "x", "contact_email": "nobody"}, "contact_email"),
        ("accent/", {"hue": "360"}, "hue"),
        ("accent/", {"hue": "blue"}, "hue"),
        ("place/", {"time_zone": "Moon/Base", "country": "RU"}, "time_zone"),
        ("place/", {"time_zone": "UTC", "country": "Russia"}, "country"),
        ("institutions/", {"kind": "school", "names": " \n "}, "names"),
        ("institutions/", {"kind": "school", "names": "x" * 201}, "names"),
        ("institutions/", {"kind": "castle", "names": "x"}, "kind"),
        ("institutions/", {"kind": "school", "names": "\n".join(map(str, range(501)))}, "names"),
    ],
)
def test_bad_input_is_said_at_its_field_and_changes_nothing(client, page, facts, field):
    Cluster.objects.create(pk=1, name="North", hue=20)
    response = client.post(START + page, facts)
    assert list(response.context["form"].errors) == [field]
    assert (Cluster.objects.get().hue, Cluster.objects.get().country, Institution.objects.exists()) == (20, "", False)


def test_reading_the_steps_changes_nothing(client):
    for page in ("", "name/", "accent/?hue=20", "place/", "institutions/", "agreement/"):
        client.get(START + page)
    assert not Cluster.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_accent_is_looked_at_before_it_is_kept(client):
    Cluster.objects.create(pk=1, name="North")
    text = client.get(f"{START}accent/?hue=20").content.decode()
    assert '<link rel="stylesheet" href="/theme.css?hue=20">' in text
    assert '<input type="hidden" name="hue" value="20">' in text
    assert Client().get("/theme.css?hue=20").content.decode() == theme.theme_text(20)
    assert Cluster.objects.get().hue == 258


@pytest.mark.parametrize("hue", ["", "360", "-1", "1e2", "٣", "2580", "</style>"])
def test_a_hue_that_is_none_shows_the_clusters_own(hue):
    Cluster.objects.create(pk=1, name="North", hue=20)
    assert Client().get("/theme.css", {"hue": hue}).content.decode() == theme.theme_text(20)
    assert Client().get("/emblem.svg", {"hue": hue}).status_code == 200


def test_what_changed_about_the_cluster_is_in_the_audit_without_its_words(client):
    client.post(f"{START}name/", NAME)
    client.post(f"{START}place/", {"time_zone": "Asia/Seoul", "country": "KR"})
    change, named = AuditEntry.objects.all()
    assert (named.verb, change.verb) == ("members.cluster.name", "members.cluster.change")
    assert change.values == {"country": "KR", "time_zone": "Asia/Seoul"}


def test_the_agreements_page_lists_what_there_is(client):
    Cluster.objects.create(pk=1, name="North")
    it = make.AgreementFactory(state="draft", title="Network of the North")
    it.text = keep_upload(ContentFile(b"We agree.", "a.txt"), it, by=None)
    text = client.get(f"{START}agreement/").content.decode()
    assert ("Network of the North" in text, "Go on: First course" in text) == (True, True)


def test_what_is_no_time_zone_is_refused_by_name():
    validate_time_zone("Europe/Moscow")
    with pytest.raises(ValidationError) as refused:
        validate_time_zone("Moscow")
    assert refused.value.messages == ["“Moscow” is not a time zone. Choose one such as Europe/Moscow."]
