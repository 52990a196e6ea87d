"""The back room: superusers only, through the portal's own sign-in, and read-only where things have a life."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from cluster_portal.admin import ReadOnlyAdmin
from cluster_portal.moves import available_moves
from members.models import Cluster, Coordinator, Person, Region
from tests import factories as make

pytestmark = pytest.mark.django_db
SETTABLE = {Cluster, Coordinator, Region}


@pytest.fixture
def superuser(demo):
    client = Client()
    client.force_login(Person.objects.create_superuser("root@example.org", family_name="Root"))
    return client


def test_what_has_a_life_is_read_only():
    ours = [
        model
        for model in admin.site._registry
        if model._meta.app_label in {"cluster_portal", "members", "courses", "competitions"}
    ]
    writable = {model for model in ours if not isinstance(admin.site._registry[model], ReadOnlyAdmin)}
    assert writable == SETTABLE


@pytest.mark.parametrize("name", ["members_person", "members_agreement", "courses_run", "cluster_portal_outboxmail"])
def test_a_superuser_reads_lists(superuser, cast, name):
    assert superuser.get(reverse(f"admin:{name}_changelist")).status_code == 200


def test_a_superuser_makes_the_first_coordinator(superuser, cast):
    facts = {"person": cast.outsider.pk, "since": "2026-01-01"}
    superuser.post(reverse("admin:members_coordinator_add"), facts)
    assert Person.objects.get(pk=cast.outsider.pk).is_coordinator


def test_a_superuser_without_a_second_factor_is_led_to_set_it_up():
    client = Client()
    client.force_login(Person.objects.create_superuser("root@example.org", family_name="Root"))
    assert client.get("/admin/members/person/", follow=True).redirect_chain[-1][0] == reverse("mfa_index")


def test_a_superuser_suspends_and_restores(superuser, cast):
    chosen = {"_selected_action": [cast.teacher.pk]}
    superuser.post(reverse("admin:members_person_changelist"), chosen | {"action": "suspend"})
    assert not Person.objects.get(pk=cast.teacher.pk).is_active
    superuser.post(reverse("admin:members_person_changelist"), chosen | {"action": "restore"})
    assert Person.objects.get(pk=cast.teacher.pk).is_active


def test_being_a_superuser_gives_no_button_outside_of_the_back_room(cast):
    person = Person.objects.create_superuser("root@example.org", family_name="Root")
    assert available_moves(person, make.EnrolmentFactory(state="waiting")) == {}


def test_nobody_else_enters(cast):
    client = Client()
    client.force_login(cast.coordinator)
    assert client.get("/admin/members/person/").status_code == 302


def test_the_sign_in_is_the_portals_own(client):
    response = client.get("/admin/login/?next=/admin/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=%2Fadmin%2F")


def test_a_suspended_superuser_is_out():
    person = make.PersonFactory(is_superuser=True, suspended_at="2026-01-01T00:00Z")
    client = Client()
    client.force_login(person)
    assert client.get("/admin/").status_code == 302
