"""A coordinator with an empty portal: in one sitting to a course that everybody sees in the programme."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils.timezone import localtime

from courses.models import Run
from members.models import Agreement, Cluster, Institution
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def portal(demo, settings, live_server):
    """The address of a portal that holds nothing but its first coordinator."""
    settings.SITE_URL = live_server.url
    person = make.CoordinatorFactory(person__email="coordinator@example.org").person
    person.set_password("demo-cluster")
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return live_server.url


def name_and_place(coordinator):
    coordinator.go("/desk/")
    coordinator.look("steps are left until your cluster stands")
    coordinator.follow("Go on")
    coordinator.look("Set up your cluster")
    coordinator.follow("Go on: Name")
    coordinator.press("Save and go on")  # nothing was filled in: it says so
    coordinator.look("Step 1 of 6")
    coordinator.fill(name="AI cluster of the North", about="Schools that learn.", contact_email="us@example.org")
    coordinator.press("Save and go on")
    coordinator.look("Which accent is yours?", "Hue 258")
    coordinator.follow("140", exact=True)
    coordinator.look("Hue 140")
    coordinator.press("Keep it and go on")
    coordinator.look("Step 3 of 6")
    coordinator.fill(time_zone="Europe/Moscow", country="ru")
    coordinator.press("Save and go on")


def institutions_and_agreement(coordinator):
    coordinator.look("Which institutions are in it?")
    coordinator.fill(kind="School", names="School 1\nSchool 2\nSchool 3")
    coordinator.press("Enter these")
    coordinator.look("3 institutions are entered.")
    coordinator.follow("Go on: the agreement")
    coordinator.look("Which agreement binds you?")
    coordinator.follow("Write the agreement")
    coordinator.look()
    coordinator.fill(title="Network of the North", valid_from="2026-11-01")
    coordinator.press("Save")
    coordinator.look("Network of the North")
    coordinator.page.get_by_role("link", name="First day").click()
    coordinator.page.wait_for_url("**/desk/start/")
    coordinator.look("Network of the North: Draft")


def first_course(coordinator):
    coordinator.follow("Go on: First course")
    coordinator.fill(title="Statistics without fear", kind="Course", summary="Numbers, honestly.")
    coordinator.press("Save")
    coordinator.look("Now prepare its first run.")
    opens, closes = localtime() - timedelta(days=1), localtime() + timedelta(weeks=3)
    coordinator.fill(title="first", host="School 1", place="Room 5", room_places="20")
    coordinator.fill(enrol_from=f"{opens:%Y-%m-%dT%H:%M}", enrol_until=f"{closes:%Y-%m-%dT%H:%M}")
    coordinator.press("Save")
    coordinator.look("The run is prepared. Plan its sessions next.")
    first = localtime().date() + timedelta(weeks=4)
    coordinator.fill(weekdays=["1"], start_time="16:00", minutes="90")
    coordinator.fill(first_day=first.isoformat(), last_day=(first + timedelta(days=20)).isoformat())
    coordinator.press("Show the dates")
    coordinator.press("Plan these 3 sessions")
    coordinator.look("3 sessions are planned.")
    coordinator.press("Publish")
    coordinator.look("The run is published")


@pytest.mark.parametrize("width", [390, 1280])
def test_an_empty_cluster_is_led_to_its_first_course(visit, width):
    coordinator = visit("coordinator", width=width)
    name_and_place(coordinator)
    institutions_and_agreement(coordinator)
    first_course(coordinator)
    coordinator.page.get_by_role("link", name="First day").click()
    coordinator.look("Your cluster stands")
    public = visit(width=width)
    public.go("/courses/")
    public.look("Statistics without fear")
    public.go("/members/")
    public.look("3 institutions")
    public.follow("School 1", exact=True)
    public.look("What it offers", "Statistics without fear")
    assert (Cluster.objects.get().hue, Cluster.objects.get().country) == (140, "RU")
    assert (Institution.objects.count(), Agreement.objects.get().state, Run.objects.get().state) == (
        3,
        "draft",
        "published",
    )


def test_the_accent_is_looked_at_without_javascript_too(visit):
    Cluster.objects.create(pk=1, name="North")
    coordinator = visit("coordinator", java_script_enabled=False)
    coordinator.go("/desk/start/accent/")
    coordinator.follow("20", exact=True)
    coordinator.sees("Hue 20")
    assert coordinator.page.locator("#look link").get_attribute("href") == "/theme.css?hue=20"
    coordinator.press("Look at it")
    coordinator.sees("Hue 20")
    coordinator.press("Keep it and go on")
    coordinator.sees("Where is it?")
    assert Cluster.objects.get().hue == 20
