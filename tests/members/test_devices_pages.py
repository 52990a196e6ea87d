"""Which pages a new device is kept from, and where confirmed ones are seen and forgotten."""

import re
from datetime import timedelta
from itertools import product

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail as locmem
from django.core.files.base import ContentFile
from django.urls import URLPattern, get_resolver, reverse
from django.utils.timezone import localdate

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.models import AuditEntry
from cluster_portal.uploads import keep_upload
from members import actions
from members.access import WAYS_TO_SIGN_IN
from members.devices import code_of
from members.models import ConsentDecision, Device, Purpose
from tests import factories as make
from tests.everything import dump_of_every_text
from tests.members.test_devices import (
    PASSWORD,
    at_a_confirmed_device,
    at_a_new_device,
    led_to_confirm,
    messages_of,
)
from tests.members.test_imports import CLASS, begun

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school, name="7 B")
    group.keepers.add(cast.teacher)
    make.GroupMemberFactory(group=group, person__family_name="Gromov")
    return group


def with_second_factor(person):
    """Somebody with a second factor, in a sign-in that did not use it: it is older, or the factor is new."""
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    return person


def somebody(cast, who):
    """One of the cast, or a coordinator in whose region nothing is yet."""
    if who == "coordinator of nothing":
        return make.CoordinatorFactory(region=make.RegionFactory()).person
    return getattr(cast, who)


def passed(client, person):
    """As allauth notes it when somebody signs in with their second factor."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": 1}, {"method": "mfa", "at": 2}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return client


@pytest.mark.parametrize("who", ["teacher", "contact", "coordinator"])
def test_who_signed_in_with_a_second_factor_is_not_asked_twice(cast, group, who):
    person = with_second_factor(getattr(cast, who))
    client = passed(at_a_new_device(person), person)
    assert client.get(group.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("who", ["teacher", "contact", "coordinator"])
def test_a_second_factor_that_this_sign_in_did_not_use_is_none(cast, group, who):
    client = at_a_new_device(with_second_factor(getattr(cast, who)))
    assert led_to_confirm(client.get(group.get_absolute_url()), group.get_absolute_url())


def test_the_second_factor_of_somebody_else_in_the_session_is_none(cast, group):
    client = passed(at_a_new_device(cast.teacher), cast.colleague)
    assert led_to_confirm(client.get(group.get_absolute_url()))


@pytest.mark.parametrize("who", ["teacher", "contact", "coordinator of nothing"])
@pytest.mark.parametrize("name", sorted(WAYS_TO_SIGN_IN))
def test_a_stolen_password_makes_itself_no_way_around_the_code(cast, who, name):
    args = [1] if name in {"mfa_edit_webauthn", "mfa_remove_webauthn"} else []
    page = reverse(name, args=args)
    client = at_a_new_device(somebody(cast, who))
    assert led_to_confirm(client.get(page), page)
    assert led_to_confirm(client.post(page, {"email": "thief@example.org", "action_add": ""}))


def test_who_reads_the_back_room_confirms_before_adding_a_second_factor(db):
    superuser = make.PersonFactory(is_superuser=True)
    assert led_to_confirm(at_a_new_device(superuser).get(reverse("mfa_activate_totp")))


def test_a_confirmed_device_may_add_a_second_factor(cast):
    page = at_a_confirmed_device(cast.contact).get(reverse("mfa_activate_totp"))
    assert page.status_code == 302  # allauth asks for the password once more
    assert page["Location"].startswith("/accounts/reauthenticate/")


def test_every_page_of_second_factors_is_guarded_or_changes_nothing():
    open_to_all = {"mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
    names = {it.name for address, it in patterns() if address.startswith("/accounts/2fa/")}
    assert names == open_to_all | (WAYS_TO_SIGN_IN - {"account_email"})


def test_the_list_shows_ones_own_devices_and_which_this_is(cast):
    client = at_a_confirmed_device(cast.teacher)
    make.DeviceFactory(person=cast.teacher, name="Safari, iPhone")
    make.DeviceFactory(person=cast.teacher, name="Old", used_on=localdate() - timedelta(days=91))
    make.DeviceFactory(person=cast.colleague, name="Edge, Windows")
    Device.objects.create(person=cast.teacher)
    page = client.get("/me/devices/")
    assert [it.name for it in page.context["devices"]] == ["Safari, iPhone", "Firefox, Linux"]
    text = page.content.decode()
    assert (text.count("This device"), "First confirmed" in text, "Last used" in text) == (1, True, True)


def test_the_list_asks_as_often_for_three_devices_as_for_one(cast, django_assert_num_queries):
    client = at_a_confirmed_device(cast.teacher)
    client.get("/me/devices/")
    with django_assert_num_queries(4):
        client.get("/me/devices/")
    make.DeviceFactory.create_batch(2, person=cast.teacher)
    with django_assert_num_queries(4):
        client.get("/me/devices/")


@pytest.mark.parametrize("page", ["members:profile", "usersessions_list"])
def test_the_list_is_found_where_one_looks(cast, page):
    assert b'href="/me/devices/"' in at_a_confirmed_device(cast.teacher).get(reverse(page)).content


def test_one_device_is_forgotten_or_all_are(cast, group):
    client = at_a_confirmed_device(cast.teacher)
    others = make.DeviceFactory.create_batch(2, person=cast.teacher)
    response = client.post(f"/me/devices/{others[0].public_id}/forget/", follow=True)
    assert messages_of(response) == ["Forgotten. To open a class list there, a new code is needed."]
    assert Device.objects.filter(person=cast.teacher).count() == 2
    response = client.post("/me/devices/forget/", follow=True)
    assert messages_of(response) == ["All are forgotten. To open a class list, a new code is needed."]
    assert "No device is confirmed" in response.content.decode()
    assert led_to_confirm(client.get(group.get_absolute_url()))


def test_somebody_elses_device_is_not_found(cast):
    theirs = make.DeviceFactory(person=cast.colleague)
    assert at_a_confirmed_device(cast.teacher).post(f"/me/devices/{theirs.public_id}/forget/").status_code == 404
    assert Device.objects.filter(pk=theirs.pk).exists()


def test_a_stolen_password_forgets_no_device(cast):
    theirs, client = make.DeviceFactory(person=cast.teacher), at_a_new_device(cast.teacher)
    for page in ("/me/devices/forget/", f"/me/devices/{theirs.public_id}/forget/"):
        assert led_to_confirm(client.post(page))
    assert list(Device.objects.filter(person=cast.teacher)) == [theirs]
    passed(client, cast.teacher).post("/me/devices/forget/")
    assert not Device.objects.filter(person=cast.teacher).exists()


def test_forgetting_wants_a_button(cast):
    client, device = at_a_confirmed_device(cast.teacher), make.DeviceFactory(person=cast.teacher)
    addresses = ["/me/devices/forget/", f"/me/devices/{device.public_id}/forget/"]
    assert [client.get(it).status_code for it in addresses] == [405, 405]


def test_a_new_password_forgets_all_devices(cast):
    cast.teacher.set_password(PASSWORD)
    cast.teacher.save()
    client = at_a_confirmed_device(cast.teacher)
    make.DeviceFactory(person=cast.colleague)
    words = {"oldpassword": PASSWORD, "password1": "another-long-password", "password2": "another-long-password"}
    client.post(reverse("account_change_password"), words)
    assert [it.person for it in Device.objects.all()] == [cast.colleague]


def test_a_reset_password_forgets_all_devices(cast, client):
    make.DeviceFactory(person=cast.teacher)
    client.post(reverse("account_reset_password"), {"email": cast.teacher.email})
    deliver_due_mail()
    path = client.get(re.search(r"http://testserver(/\S+)", locmem.outbox[-1].body)[1]).url
    client.post(path, {"password1": "another-long-password", "password2": "another-long-password"})
    assert not Device.objects.exists()


def test_suspension_forgets_all_devices_and_mails_no_code(cast):
    make.DeviceFactory(person=cast.teacher)
    actions.ask_for_code(by=cast.teacher)
    actions.suspend_person(cast.teacher, by=cast.coordinator)
    assert not Device.objects.trusted().exists()
    assert deliver_due_mail() == 0


def test_erasure_forgets_all_devices(cast):
    make.DeviceFactory(person=cast.teacher)
    actions.erase_person(cast.teacher, by=cast.teacher)
    assert not Device.objects.exists()


def test_what_is_done_with_devices_stands_in_the_audit_without_a_code(cast):
    device = actions.ask_for_code(by=cast.teacher)
    actions.confirm_device(device, code_of(device), "Firefox, Linux", by=cast.teacher)
    actions.forget_devices(cast.teacher, by=cast.teacher)
    lines = AuditEntry.objects.filter(model="members.device").order_by("pk")
    assert [it.verb.rpartition(".")[2] for it in lines] == ["ask_code", "confirm_device", "forget_device"]
    assert {(it.actor, str(it.values), it.reason) for it in lines} == {(cast.teacher.public_id, "{}", "")}


# ── A walk over every address ──────────────────────────────────────────────────────────────────────────────────


def patterns(found=None, prefix="/"):
    for it in get_resolver().url_patterns if found is None else found:
        if isinstance(it, URLPattern):
            yield f"{prefix}{it.pattern}", it
        else:
            yield from patterns(it.url_patterns, f"{prefix}{it.pattern}")


@pytest.fixture
def world(cast, group, settings, tmp_path):
    """Whatever shows the child in some page: class, guardian, consent, slip, list on its way in. Ids and slugs."""
    settings.MEDIA_ROOT = tmp_path
    child = group.members.get()
    guardianship = make.GuardianshipFactory(child=child, guardian__family_name="Gromova")
    text = make.ConsentTextFactory()
    actions.request_consent([child], [Purpose.TAKING_PART], by=cast.teacher)
    decision = ConsentDecision(
        child=child, purpose=text.purpose, text=text, decided_by=guardianship.guardian, decision="granted",
        channel="paper", recorded_by=cast.teacher,
    )  # fmt: skip
    decision.scan = keep_upload(ContentFile(b"Gromov, signed", "slip.txt"), about=decision, by=cast.teacher)
    decision.save()
    listed = begun("classes", CLASS + "7;Gromov;Ilya;;;\n", cast.teacher, cast.school)
    found = (group, child, guardianship, decision.scan, listed, listed.file, cast.teacher.affiliations.get())
    return {"id": [it.public_id for it in found], "slug": [cast.school.slug, "photo", "en"]}


def addresses(world):
    """Every address of ours with these ids and slugs; every id after the first is a child's part."""
    for route, pattern in patterns():
        if route.startswith(("/accounts/", "/admin/")) or "(?P" in route:
            continue
        kinds = re.findall(r"<(?:(\w+):)?\w+>", route)
        ids = [world["id"], *[world["id"][1:3]] * len(kinds)]
        for values in product(*(ids[at] if kind == "id" else world["slug"] for at, kind in enumerate(kinds))):
            rest = iter(values)
            yield re.sub(r"<[^>]+>", lambda _: next(rest), route), pattern.callback  # noqa: B023


def shown_by(client, address):
    response = client.get(address)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code == 200 and (b"Gromov" in body or response["Content-Type"] == "application/pdf")


@pytest.mark.parametrize("who", ["teacher", "coordinator"])
def test_no_page_shows_a_child_at_a_new_device(cast, world, who, plain_refusals):
    """A page that is added and forgets it shows the child in the first browser and does not lead away in the second."""
    person = getattr(cast, who) if who == "teacher" else with_second_factor(getattr(cast, who))
    known, new = at_a_confirmed_device(person), at_a_new_device(person)
    shown = [address for address, _view in addresses(world) if shown_by(known, address)]
    routes = {re.sub(r"[a-z0-9]{12}", "…", it) for it in shown}
    if who == "teacher":
        assert routes >= TEACHER_SEES
    assert [it for it in shown if not led_to_confirm(new.get(it), it)] == []


TEACHER_SEES = {
    "/classes/…/", "/classes/…/up/", "/classes/…/students/…/", "/classes/…/consent/", "/classes/…/consent/…/",
    "/classes/…/consent/slips/", "/desk/import/…/", "/files/…/",
}  # fmt: skip


def test_no_button_of_a_class_works_at_a_new_device(cast, world):
    client = at_a_new_device(cast.teacher)
    before = dump_of_every_text(but=("django_session",))
    guarded = ("/classes/", "/desk/import/", "/desk/people/addresses/")
    tried = [it for it, _view in addresses(world) if it.startswith(guarded) and it != "/desk/people/addresses/"]
    assert len(tried) > 50
    assert [it for it in tried if not led_to_confirm(client.post(it))] == []
    assert dump_of_every_text(but=("django_session",)) == before
