"""Applying to join: the public form, the page behind the link, the coordinator's desk, the nightly erasing."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils.timezone import now

from cluster_portal.hooks import mail_kinds
from cluster_portal.links import signed_token
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import available_moves
from members import actions, tasks
from members.models import Application, Person
from tests import factories as make

pytestmark = pytest.mark.django_db
State = Application.State
APPLY = "/members/apply/"
TYPED = {
    "name": "School  14", "kind": "school", "website": "https://school14.example.org", "why": "Our teachers want it.",
    "family_name": "Orlova", "given_name": "Vera", "patronymic": "", "email": "Head14@example.org", "fax": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_old_counts():
    from django.core.cache import cache

    cache.clear()


def typed(seconds=60, **changes):
    """What somebody sends who has had the form open for so long."""
    with time_machine.travel(now() - timedelta(seconds=seconds), tick=False):
        return {**TYPED, "stamp": signed_token("members.apply", "form"), **changes}


def applied(**facts):
    names = {"family_name": "Orlova", "given_name": "Vera"}
    known = {"name": "School 14", "kind": "school", "website": "", "why": "Our teachers want it.", "region": None}
    return actions.apply_to_join("head14@example.org", "en", names, **known | facts)


def received(**facts):
    it = applied(**facts)
    actions.confirm_application(it, by=it.applicant)
    return it


def mails(template):
    return [mail.to for mail in OutboxMail.objects.filter(template=f"members/{template}").order_by("pk")]


def link(it):
    return f"/application/{signed_token('members.application', it.public_id)}/"


def errors(response):
    return response.context["form"].non_field_errors()


# The form


def test_the_form_is_for_everybody_and_keeps_a_field_out_of_sight():
    page = Client().get(APPLY)
    assert page.status_code == 200
    assert [bound.name for bound in page.context["form"].visible_fields()] == [
        "name", "kind", "website", "family_name", "given_name", "patronymic", "email", "why",
    ]  # fmt: skip


def test_a_region_is_asked_for_where_there_are_regions():
    make.RegionFactory()
    assert "region" in Client().get(APPLY).context["form"].fields


def test_an_application_waits_for_its_sender_and_nobody_else_hears_of_it(cast):
    response = Client().post(APPLY, typed(), headers={"accept-language": "ru"})
    it = Application.objects.get()
    assert (response.status_code, response.url) == (302, "/members/apply/sent/")
    assert (it.state, it.name, it.applicant.email) == (State.UNCONFIRMED, "School 14", "head14@example.org")
    assert (it.applicant.family_name, it.applicant.language, it.applicant.has_claimed) == ("Orlova", "ru", False)
    assert [(mail.template, mail.to) for mail in OutboxMail.objects.all()] == [
        ("members/application_confirm", it.applicant)
    ]
    assert list(Application.objects.visible_to(cast.coordinator)) == []


def test_the_page_after_sending_is_the_same_for_the_known_and_the_unknown(cast):
    pages = [Client().post(APPLY, typed(email=email), follow=True) for email in (cast.teacher.email, "new@example.org")]
    main = [page.text.partition("<main")[2].partition("</main>")[0] for page in pages]
    assert (main[0] == main[1], "Look into your mail" in main[0]) == (True, True)


def test_whoever_is_known_keeps_their_person_and_their_names(cast):
    before = cast.teacher.family_name
    Client().post(APPLY, typed(email=cast.teacher.email.upper()))
    it = Application.objects.get()
    assert (it.applicant, it.applicant.family_name) == (cast.teacher, before)
    assert mails("application_confirm") == [cast.teacher]


def test_a_suspended_applicant_gets_no_mail_and_the_same_page():
    make.PersonFactory(email="head14@example.org", suspended_at=now())
    response = Client().post(APPLY, typed())
    assert (response.url, OutboxMail.objects.count()) == ("/members/apply/sent/", 0)


ASKED_AGAIN = {
    "too fast": ({"seconds": 1}, "faster than people type"),
    "too old": ({"seconds": 13 * 3600}, "open for long"),
    "no stamp": ({"stamp": ""}, "open for long"),
    "forged stamp": ({"stamp": "form:1:x"}, "open for long"),
    "trap": ({"fax": "buy"}, "people do not see"),
}


@pytest.mark.parametrize("how", ASKED_AGAIN)
def test_a_machine_is_asked_again_and_a_human_loses_nothing(how):
    changes, said = ASKED_AGAIN[how]
    client = Client()
    page = client.post(APPLY, typed(**changes))
    assert (page.status_code, Application.objects.count(), OutboxMail.objects.count()) == (200, 0, 0)
    assert [said in it for it in errors(page)] == [True]
    shown = {bound.name: bound.value() for bound in page.context["form"]}
    assert {name: shown[name] for name in TYPED} == TYPED
    with time_machine.travel(now() + timedelta(seconds=10)):
        assert client.post(APPLY, shown).status_code == 302


def test_a_link_instead_of_a_name_is_refused():
    page = Client().post(APPLY, typed(family_name="www.evil.test"))
    assert (set(page.context["form"].errors), Application.objects.count()) == ({"family_name"}, 0)


def test_an_address_takes_three_applications_a_day_from_anywhere():
    answers = [Client(REMOTE_ADDR=f"192.0.2.{n}").post(APPLY, typed()).status_code for n in range(4)]
    assert (answers, Application.objects.count()) == ([302, 302, 302, 200], 3)


def test_a_network_sends_ten_applications_a_day_and_is_told():
    client = Client(REMOTE_ADDR="192.0.2.7")
    answers = [client.post(APPLY, typed(email=f"head{n}@example.org")) for n in range(11)]
    assert [it.status_code for it in answers] == [302] * 10 + [200]
    assert errors(answers[-1]) == [
        "Several applications came from your network or with this address today. Please send it tomorrow."
    ]
    assert Client(REMOTE_ADDR="192.0.2.8").post(APPLY, typed()).status_code == 302


def test_looking_at_the_form_writes_nothing():
    Client().get(APPLY)
    assert (Application.objects.count(), Person.objects.count(), AuditEntry.objects.count()) == (0, 0, 0)


# The page behind the link


def test_the_link_shows_and_a_button_sends(cast):
    it, client = applied(), Client()
    for _scan in range(3):
        assert client.get(link(it)).status_code == 200
    it.refresh_from_db()
    assert it.state == State.UNCONFIRMED
    client.post(link(it), {"move": "confirm"})
    it.refresh_from_db()
    assert (it.state, mails("application_received")) == (State.RECEIVED, [cast.coordinator])


def test_the_mailed_link_opens_this_page(settings):
    applied()
    address = mail_kinds["members/application_confirm"].secrets(OutboxMail.objects.get())["application"]
    assert address.startswith(f"{settings.SITE_URL}/application/")
    assert Client().get(address.removeprefix(settings.SITE_URL)).status_code == 200


@pytest.mark.parametrize("token", ["x", "forged:1tq:abc"])
def test_a_forged_link_opens_nothing(token):
    assert Client().get(f"/application/{token}/").status_code == 404


def test_a_link_for_something_else_or_too_old_opens_nothing():
    it = received()
    other = signed_token("members.invitation", it.public_id)
    with time_machine.travel(now() - timedelta(days=91)):
        old = link(it)
    assert [Client().get(url).status_code for url in (f"/application/{other}/", old)] == [404, 404]
    assert Client().post(old, {"move": "withdraw"}).status_code == 404


def test_a_suspended_applicant_is_kept_out():
    it = received()
    actions.suspend_person(it.applicant, by=it.applicant)
    assert Client().get(link(it)).status_code == 404


def test_the_applicant_answers_on_their_page(cast):
    it = received()
    actions.ask_applicant(it, "How many teachers?", by=cast.coordinator)
    client = Client()
    assert "How many teachers?" in client.get(link(it)).text
    assert client.post(link(it), {"move": "answer", "text": " "}).status_code == 200
    client.post(link(it), {"move": "answer", "text": "Twelve."})
    it.refresh_from_db()
    assert (it.state, [note.text for note in it.notes.all()]) == (State.RECEIVED, ["How many teachers?", "Twelve."])
    assert (mails("application_question"), mails("application_answered")) == ([it.applicant], [cast.coordinator])


def test_the_applicant_withdraws_and_unsent_mail_stays(cast):
    it = received()
    Client().post(link(it), {"move": "withdraw"})
    it.refresh_from_db()
    states = set(OutboxMail.objects.filter(about_id=it.public_id).values_list("state", flat=True))
    assert (it.state, states) == (State.WITHDRAWN, {"cancelled"})


@pytest.mark.parametrize("move", ["", "accept", "decline", "ask_back"])
def test_the_link_makes_no_other_move(move):
    it = received()
    assert Client().post(link(it), {"move": move}).status_code == 404


def test_a_button_pressed_late_gets_a_sentence():
    it = received()
    page = Client().post(link(it), {"move": "confirm"}, follow=True)
    assert [str(it) for it in page.context["messages"]] == [
        "This was already answered. Reload the page to see its current state."
    ]


@pytest.mark.parametrize("state", State)
def test_the_page_shows_every_state(cast, state):
    it = in_state(state, cast)
    page = Client().get(link(it))
    assert (page.status_code, it.get_state_display() in page.text) == (200, True)


# Who may do what, when


def in_state(state, cast):
    it = applied()
    if state != State.UNCONFIRMED:
        actions.confirm_application(it, by=it.applicant)
    if state == State.QUESTIONED:
        actions.ask_applicant(it, "Why?", by=cast.coordinator)
    if state == State.ACCEPTED:
        actions.accept_application(it, cast.agreement, by=cast.coordinator)
    if state == State.DECLINED:
        actions.decline_application(it, "Not this year.", by=cast.coordinator)
    if state == State.WITHDRAWN:
        actions.withdraw_application(it, by=it.applicant)
    return it


ALLOWED = {
    ("applicant", "unconfirmed"): {"confirm"},
    ("applicant", "received"): {"withdraw"},
    ("applicant", "questioned"): {"answer", "withdraw"},
    ("coordinator", "received"): {"ask_back", "accept", "decline"},
    ("coordinator", "questioned"): {"accept", "decline"},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("role", ["applicant", "coordinator", "contact", "outsider"])
def test_moves_by_role_and_state(role, state, cast):
    it = in_state(state, cast)
    person = it.applicant if role == "applicant" else getattr(cast, role)
    assert set(available_moves(person, it)) == ALLOWED.get((role, state.value), set())


def test_nobody_decides_about_their_own_application(cast):
    make.CoordinatorFactory(person=make.PersonFactory(email="head14@example.org"))
    it = received()
    assert set(available_moves(it.applicant, it)) == {"withdraw"}


def test_a_regional_coordinator_sees_their_region_only():
    here, elsewhere = make.RegionFactory(), make.RegionFactory()
    regional = make.CoordinatorFactory(region=here).person
    own, other, nowhere = received(region=here), received(region=elsewhere), received()
    assert list(Application.objects.visible_to(regional)) == [own]
    assert (mails("application_received"), {it.region for it in (other, nowhere)}) == ([regional], {elsewhere, None})


def test_mail_to_a_coordinator_is_due_while_it_waits_and_they_coordinate(cast):
    it = received()
    mail = OutboxMail.objects.get(template="members/application_received")
    due = mail_kinds[mail.template].still_due
    assert due(mail)
    cast.coordinator.coordinating.update(until="2026-02-01")
    assert not due(mail)
    cast.coordinator.coordinating.update(until=None)
    actions.decline_application(it, "No.", by=cast.coordinator)
    assert not due(mail)


# Erasing


def forget():
    return actions.erase_forgotten_applications(before=now() - timedelta(days=7))


def test_what_nobody_confirmed_is_erased_after_seven_days(cast):
    with time_machine.travel(now() - timedelta(days=8)):
        old = applied()
        kept = applied(name="Confirmed")
        actions.confirm_application(kept, by=kept.applicant)
    young = applied(name="Young")
    tasks.run_retention()
    assert set(Application.objects.all()) == {kept, young}
    assert OutboxMail.objects.get(about_id=old.public_id).state == "cancelled"
    assert Client().get(link(old)).status_code == 404


def test_a_stranger_of_a_forgotten_form_is_forgotten_too():
    with time_machine.travel(now() - timedelta(days=8)):
        person = applied().applicant
    forget()
    person.refresh_from_db()
    assert (person.email, "Orlova" in person.full_name, person.is_active) == (None, False, False)
    assert forget() == 0


def test_somebody_known_otherwise_is_not_forgotten(cast):
    person = make.AffiliationFactory(person__email="head14@example.org", person__password="!").person
    with time_machine.travel(now() - timedelta(days=8)):
        applied()
    forget()
    person.refresh_from_db()
    assert (person.email, person.is_active) == ("head14@example.org", True)


def test_somebody_with_another_application_is_not_forgotten():
    with time_machine.travel(now() - timedelta(days=8)):
        applied()
    young = applied()
    forget()
    young.applicant.refresh_from_db()
    assert young.applicant.email == "head14@example.org"
