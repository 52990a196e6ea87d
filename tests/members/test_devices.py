"""A password alone opens no class list: a new device is confirmed by a mailed code first, and can be forgotten."""

import logging
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
import time_machine
from django.core import mail as locmem
from django.test import Client
from django.test.client import RequestFactory
from django.urls import reverse
from django.utils.timezone import localdate, now

from cluster_portal.delivery import deliver_due_mail
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused
from members import actions
from members.actions.devices import MOST_TRIES
from members.devices import code_of, cookie_of, hash_of, name_of
from members.models import Device, Person
from tests import factories as make
from tests.everything import dump_of_every_text

CONFIRM, SEND = "/me/devices/confirm/", "/me/devices/code/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PASSWORD = "a-long-enough-password"

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(cast):
    group = make.GroupFactory(institution=cast.school, name="7 B")
    group.keepers.add(cast.teacher)
    make.GroupMemberFactory(group=group, person__family_name="Gromov")
    return group


def at_a_new_device(person, **habits):
    """A browser in which somebody has signed in and confirmed nothing."""
    client = Client(**habits)
    client.force_login(person)
    del client.cookies[cookie_of(person)]
    person.devices.order_by("-pk").first().delete()
    return client


def at_a_confirmed_device(person):
    client = Client()
    client.force_login(person)
    return client


def sign_in(client, person):
    """With the password, and nothing else."""
    person.set_password(PASSWORD)
    person.save()
    assert client.login(email=person.email, password=PASSWORD)


def led_to_confirm(response, onwards=None):
    path, _, query = response.get("Location", "").partition("?next=")
    return response.status_code == 302 and path == CONFIRM and onwards in {None, unquote(query)}


def asked(client, onwards="/classes/"):
    """Ask for a code; return the device that waits for it."""
    client.post(SEND, {"next": onwards})
    return Device.objects.asked().latest("pk")


def code_in_the_mail():
    deliver_due_mail()
    return re.search(r"^\d{6}$", locmem.outbox[-1].body, re.MULTILINE)[0]


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def enter(client, code, onwards="/classes/"):
    return client.post(f"{CONFIRM}?next={onwards}", {"code": code})


def said(response):
    return response.context["form"].errors.get("code", [])


def messages_of(response):
    return [str(it) for it in response.context["messages"]]


def test_a_teacher_confirms_a_new_device_once_and_goes_on_to_where_they_were_going(cast, group):
    client, page = at_a_new_device(cast.teacher, HTTP_USER_AGENT=FIREFOX), group.get_absolute_url()
    response = client.get(page)
    assert led_to_confirm(response, page)
    assert "Mail me a code" in client.get(response["Location"]).content.decode()
    response = client.post(SEND, {"next": page}, follow=True)
    assert messages_of(response) == [f"A code is on its way to {cast.teacher.email}."]
    response = enter(client, code_in_the_mail(), page)
    assert response["Location"] == page
    assert b"Gromov" in client.get(page).content
    device = Device.objects.get()
    assert (device.person, device.name, device.used_on) == (cast.teacher, "Firefox, Linux", localdate())


def test_a_confirmed_device_stays_so_after_signing_out_and_in(cast, group):
    client = at_a_new_device(cast.teacher)
    asked(client)
    enter(client, code_in_the_mail())
    client.post(reverse("account_logout"))
    sign_in(client, cast.teacher)
    assert client.get(group.get_absolute_url()).status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(cast, settings):
    settings.HTTPS = True
    client = at_a_new_device(cast.teacher)
    asked(client)
    cookie = enter(client, code_in_the_mail()).cookies[cookie_of(cast.teacher)]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")


def test_the_page_about_privacy_names_every_cookie_that_is_set(cast):
    client = at_a_new_device(cast.teacher)
    client.get("/members/apply/")  # its form has a token
    asked(client)
    client.post("/language/", {"language": "ru"})
    assert "messages" in client.cookies
    enter(client, code_in_the_mail())
    named = re.findall(r"<code>(.+?)</code>", client.get("/privacy/").content.decode())
    assert {re.sub("^device-.*", "device-…", it) for it in client.cookies} == set(named)


def test_the_code_can_be_typed_with_spaces(cast):
    client = at_a_new_device(cast.teacher)
    asked(client)
    code = code_in_the_mail()
    assert enter(client, f" {code[:3]} {code[3:]} ").status_code == 302
    assert Device.objects.trusted().count() == 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_is_no_try(cast, typed):
    client = at_a_new_device(cast.teacher)
    device = asked(client)
    assert len(said(enter(client, typed))) == 1
    device.refresh_from_db()
    assert device.wrong_tries == 0


def test_a_wrong_code_is_refused_and_counted(cast, group):
    client = at_a_new_device(cast.teacher)
    device = asked(client)
    response = enter(client, wrong(code_of(device)))
    assert said(response) == ["This is not the code. Look for the latest mail, and enter its six digits."]
    device.refresh_from_db()
    assert (device.wrong_tries, device.confirmed_at) == (1, None)
    assert led_to_confirm(client.get(group.get_absolute_url()))


def test_after_five_wrong_codes_the_right_one_is_refused_too(cast):
    client = at_a_new_device(cast.teacher)
    device = asked(client)
    for _ in range(MOST_TRIES):
        enter(client, wrong(code_of(device)))
    assert said(enter(client, code_of(device))) == ["A wrong code was entered too often. Ask for a new one."]
    assert not Device.objects.trusted().exists()


def test_a_code_is_over_after_half_an_hour(cast):
    client = at_a_new_device(cast.teacher)
    device = asked(client)
    with time_machine.travel(now() + timedelta(minutes=31)):
        response = enter(client, code_of(device))
        assert "Mail me a code" in response.content.decode()
        with pytest.raises(Refused, match="too old or was used"):
            actions.confirm_device(device, code_of(device), "", by=cast.teacher)
        assert deliver_due_mail() == 0
    assert not Device.objects.trusted().exists()


def test_a_code_works_once(cast):
    device = actions.ask_for_code(by=cast.teacher)
    actions.confirm_device(device, code_of(device), "", by=cast.teacher)
    with pytest.raises(Refused, match="too old or was used"):
        actions.confirm_device(device, code_of(device), "", by=cast.teacher)


def test_the_code_of_another_person_is_refused(cast):
    mine, theirs = at_a_new_device(cast.teacher), actions.ask_for_code(by=cast.colleague)
    asked(mine)
    assert len(said(enter(mine, code_of(theirs)))) == 1
    with pytest.raises(Refused, match="too old or was used"):
        actions.confirm_device(theirs, code_of(theirs), "", by=cast.teacher)


def test_a_code_works_only_in_the_browser_that_asked_for_it(cast):
    """Otherwise somebody who reads the mail over the owner's shoulder could use it at home."""
    first, second = at_a_new_device(cast.teacher), at_a_new_device(cast.teacher)
    device = asked(first)
    assert "Mail me a code" in enter(second, code_of(device)).content.decode()
    asked(second)
    assert len(said(enter(second, code_of(device)))) == 1


def test_a_new_code_makes_the_one_before_worthless(cast):
    client = at_a_new_device(cast.teacher)
    old, new = asked(client), asked(client)
    assert len(said(enter(client, code_of(old)))) == 1
    assert enter(client, code_of(new)).status_code == 302


def test_five_codes_are_mailed_in_an_hour_and_ten_in_a_day(cast):
    start, sent = now().replace(hour=10), []
    for minutes in range(0, 24 * 60, 10):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            client = at_a_new_device(cast.teacher)
            response = client.post(SEND, {"next": "/classes/"}, follow=True)
            if response.context["form"]:
                sent.append(minutes)
    refusal = "Many codes were mailed already. Enter the one in the latest mail, or come back later."
    assert messages_of(response) == [refusal]
    assert sent == [0, 10, 20, 30, 40, 60, 70, 80, 90, 100]
    assert OutboxMail.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_for_the_last_code_at_once_one_is_refused(cast, together):
    for _ in range(4):
        actions.ask_for_code(by=cast.teacher)
    ask = [lambda: actions.ask_for_code(by=cast.teacher)] * 2
    assert sorted(together(*ask)) == ["done", "refused"]


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_counted_each(cast, together):
    device = actions.ask_for_code(by=cast.teacher)
    guess = [lambda: actions.confirm_device(device, wrong(code_of(device)), "", by=cast.teacher)] * 4
    assert together(*guess) == ["refused"] * 4
    device.refresh_from_db()
    assert device.wrong_tries == 4


def test_looking_at_the_page_sends_nothing_and_changes_nothing(cast, group):
    client = at_a_new_device(cast.teacher)
    asked(client)
    before = dump_of_every_text(but=("django_session",))
    for _ in range(20):
        client.get(f"{CONFIRM}?next=/classes/", HTTP_SEC_PURPOSE="prefetch")
        client.get(f"{CONFIRM}?code=123456")
        assert client.get(SEND).status_code == 405
        assert led_to_confirm(client.get(group.get_absolute_url()))
    assert dump_of_every_text(but=("django_session",)) == before


def test_neither_code_nor_key_is_stored_or_logged(cast, caplog):
    caplog.set_level(logging.DEBUG)
    client = at_a_new_device(cast.teacher)
    asked(client)
    code = code_in_the_mail()
    enter(client, wrong(code))
    enter(client, code)
    key = client.cookies[cookie_of(cast.teacher)].value.partition(":")[0]
    assert len(key) > 40
    stored = dump_of_every_text()
    assert [it for it in (code, key) if it in stored or it in caplog.text] == []


@pytest.mark.parametrize(("language", "subject"), [("en", "Enter this code"), ("ru", ""), ("ko", "")])
def test_the_mail_speaks_the_language_of_its_reader(cast, language, subject):
    Person.objects.filter(pk=cast.teacher.pk).update(language=language)
    actions.ask_for_code(by=Person.objects.get(pk=cast.teacher.pk))
    mail = OutboxMail.objects.get()
    assert (mail.language, mail.template, mail.subject.startswith(subject)) == (language, "members/device_code", True)
    assert re.fullmatch(r"\d{6}", code_in_the_mail())
    assert locmem.outbox[-1].to == [cast.teacher.email]


def test_the_code_goes_to_the_address_one_signs_in_with(cast):
    """Others may correct the address to write to; what opens class lists must not follow it."""
    Person.objects.filter(pk=cast.teacher.pk).update(contact_email="office@example.org")
    actions.ask_for_code(by=Person.objects.get(pk=cast.teacher.pk))
    code_in_the_mail()
    assert locmem.outbox[-1].to == [cast.teacher.email]


def test_a_code_that_was_entered_is_not_mailed_any_more(cast):
    device = actions.ask_for_code(by=cast.teacher)
    actions.confirm_device(device, code_of(device), "", by=cast.teacher)
    assert deliver_due_mail() == 0


def test_forgetting_takes_back_neither_the_count_of_codes_nor_the_mails_that_tell_the_owner(cast):
    for _ in range(5):
        actions.ask_for_code(by=cast.teacher)
    actions.forget_devices(cast.teacher, by=cast.teacher)
    with pytest.raises(Refused, match="Many codes were mailed already"):
        actions.ask_for_code(by=cast.teacher)
    assert deliver_due_mail() == 5


def test_somebody_elses_cookie_opens_nothing(cast, group):
    group.keepers.add(cast.colleague)
    theirs, mine = at_a_confirmed_device(cast.teacher), at_a_new_device(cast.colleague)
    value = theirs.cookies[cookie_of(cast.teacher)].value
    for name in (cookie_of(cast.teacher), cookie_of(cast.colleague)):
        mine.cookies[name] = value
        assert led_to_confirm(mine.get(group.get_absolute_url()))


def test_a_cookie_that_was_not_signed_here_opens_nothing(cast, group):
    make.DeviceFactory(person=cast.teacher, key_hash=hash_of("key"))
    client = at_a_new_device(cast.teacher)
    client.cookies[cookie_of(cast.teacher)] = "key:signature"
    assert led_to_confirm(client.get(group.get_absolute_url()))


def test_two_teachers_at_one_computer_are_both_remembered(cast, group):
    group.keepers.add(cast.colleague)
    client = at_a_confirmed_device(cast.teacher)
    client.force_login(cast.colleague)
    for person in (cast.teacher, cast.colleague):
        sign_in(client, person)
        assert client.get(group.get_absolute_url()).status_code == 200


def test_a_copied_cookie_opens_nothing_after_its_device_was_forgotten(cast, group):
    client, thief = at_a_confirmed_device(cast.teacher), at_a_new_device(cast.teacher)
    thief.cookies[cookie_of(cast.teacher)] = client.cookies[cookie_of(cast.teacher)].value
    assert thief.get(group.get_absolute_url()).status_code == 200
    actions.forget_device(Device.objects.get(), by=cast.teacher)
    assert [led_to_confirm(it.get(group.get_absolute_url())) for it in (client, thief)] == [True, True]


def test_a_device_counts_while_it_is_used_and_for_90_days_more(cast, group):
    client, start = at_a_confirmed_device(cast.teacher), now()
    for days, opened in [(60, True), (140, True), (231, False)]:
        with time_machine.travel(start + timedelta(days=days)):
            cookie = client.cookies[cookie_of(cast.teacher)]
            client.force_login(cast.teacher)  # the session is over, the cookie of the device is not
            Device.objects.latest("pk").delete()
            client.cookies[cookie_of(cast.teacher)] = cookie.value
            assert (client.get(group.get_absolute_url()).status_code == 200) is opened


def test_the_day_of_use_is_noted_once_a_day(cast, group):
    client = at_a_confirmed_device(cast.teacher)
    Device.objects.update(used_on=localdate() - timedelta(days=3))
    client.get(group.get_absolute_url())
    assert Device.objects.get().used_on == localdate()
    before = dump_of_every_text(but=("django_session", "members_recordview"))
    client.get(group.get_absolute_url())
    assert dump_of_every_text(but=("django_session", "members_recordview")) == before


def test_a_pressed_button_leads_back_to_its_page(cast, group):
    client, page = at_a_new_device(cast.teacher), group.get_absolute_url()
    response = client.post(f"{page}act/", {"do": "archive"}, HTTP_REFERER=f"http://testserver{page}?page=2")
    assert led_to_confirm(response, f"{page}?page=2")
    group.refresh_from_db()
    assert group.archived_at is None
    asked(client)
    assert enter(client, code_in_the_mail(), f"{page}%3Fpage%3D2")["Location"] == f"{page}?page=2"


@pytest.mark.parametrize("referer", ["", "https://evil.example/x/", "javascript:alert(1)"])
def test_who_came_from_nowhere_goes_on_to_their_classes(cast, group, referer):
    client = at_a_new_device(cast.teacher)
    response = client.post(f"{group.get_absolute_url()}act/", {"do": "archive"}, HTTP_REFERER=referer)
    asked(client)
    response = client.post(response["Location"], {"code": code_in_the_mail()})
    assert response["Location"] == "/classes/"


@pytest.mark.parametrize("onwards", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_nobody_is_led_to_another_site(cast, onwards):
    client = at_a_confirmed_device(cast.teacher)
    assert client.get(CONFIRM, {"next": onwards})["Location"] == "/classes/"
    assert led_to_confirm(at_a_new_device(cast.teacher).post(SEND, {"next": onwards}), "/classes/")


def test_htmx_is_led_there_as_a_page(cast, group):
    client, page = at_a_new_device(cast.teacher), group.get_absolute_url()
    response = client.get(page, HTTP_HX_REQUEST="true", HTTP_REFERER=f"http://testserver{page}")
    assert unquote(response["HX-Redirect"]) == f"{CONFIRM}?next={page}"


def test_guardians_and_students_need_no_device(cast, settings):
    guardian = make.GuardianshipFactory().guardian
    student = make.AffiliationFactory(institution=cast.school, role="student").person
    for person in (guardian, student, cast.outsider):
        client = at_a_new_device(person)
        assert client.get(CONFIRM)["Location"] == "/classes/"
        assert [client.get(it).status_code for it in ("/classes/", "/me/children/", "/accounts/email/")] == [200] * 3
        client.post(SEND)
    assert not Device.objects.exists()


def test_a_demonstration_asks_for_no_code(cast, group, demo):
    assert at_a_new_device(cast.teacher).get(group.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/140.0 YaBrowser/25.1 Safari/537.36", "Yandex Browser, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_of_a_browser_only_its_plain_name_is_kept(agent, name):
    assert name_of(RequestFactory().get("/", HTTP_USER_AGENT=agent)) == name
