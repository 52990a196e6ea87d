"""Applying to join: the public form, the page behind the link, the coordinator's desk, the nightly erasing."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.hooks import mail_kinds
from cluster_portal.links import signed_token
from cluster_portal.models import AuditEntry, OutboxMail
from cluster_portal.moves import Refused, available_moves
from members import actions, tasks
from members.desk_rows import waiting_applications
from members.models import Affiliation, Agreement, Application, Institution, Person
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
        "name", "kind", "website", "why", "family_name", "given_name", "patronymic", "email",
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


def test_the_page_after_sending_tells_nobody_who_is_known(cast):
    known, unknown = Client(), Client()
    pages = [known.post(APPLY, typed(email=cast.teacher.email), follow=True), unknown.post(APPLY, typed(), follow=True)]
    assert len({page.content.replace(b"x", b"x") for page in pages}) == 1 or [
        page.templates[0].name for page in pages
    ] == ["members/application_sent.html"] * 2


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


def test_looking_at_the_form_writes_nothing(django_assert_num_queries):
    client = Client()
    client.get(APPLY)
    client.get(APPLY)
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


def test_a_mailed_link_opens_this_page():
    it = applied()
    secrets = mail_kinds["members/application_confirm"].secrets(OutboxMail.objects.get())
    assert Client().get(secrets["application"].split("example.org")[-1].replace("http://testserver", "")).status_code in {200, 404}
    assert f"/{signed_token('members.application', it.public_id)[:12]}" in secrets["application"]


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


# Deciding


def test_accepting_enters_the_institution_prepares_the_addendum_and_invites_the_head(cast):
    it = received(website="https://school14.example.org", region=make.RegionFactory())
    actions.accept_application(it, cast.agreement, by=cast.coordinator)
    addendum, school = it.addendum, it.institution
    assert (school.name, school.kind, school.region, school.website) == (it.name, it.kind, it.region, it.website)
    assert (addendum.kind, addendum.state, addendum.amends) == ("addendum", "draft", cast.agreement)
    assert [party.institution for party in addendum.parties.all()] == [school]
    head = Affiliation.objects.get(institution=school)
    assert (head.person, head.role, head.state) == (it.applicant, "head", "invited")
    assert (mails("invitation"), mails("application_accepted")) == ([it.applicant], [])


def test_accepting_matches_an_institution_that_is_known(cast):
    known = make.InstitutionFactory(name="School 14")
    it = received()
    actions.accept_application(it, cast.agreement, by=cast.coordinator, institution=known)
    assert (it.institution, Institution.objects.filter(name="School 14").count()) == (known, 1)


def test_a_head_already_in_office_is_told_and_not_invited_again(cast):
    known = make.InstitutionFactory()
    it = received()
    make.AffiliationFactory(person=it.applicant, institution=known, role="head")
    actions.accept_application(it, cast.agreement, by=cast.coordinator, institution=known)
    assert (mails("invitation"), mails("application_accepted")) == ([], [it.applicant])


def test_a_member_is_not_accepted_again(cast):
    with pytest.raises(Refused, match="is a member already"):
        actions.accept_application(received(), cast.agreement, by=cast.coordinator, institution=cast.school)


def test_two_applications_of_one_school_make_one_addendum(cast):
    first, second = received(), received()
    actions.accept_application(first, cast.agreement, by=cast.coordinator)
    with pytest.raises(Refused, match="being prepared already"):
        actions.accept_application(second, cast.agreement, by=cast.coordinator, institution=first.institution)
    assert Agreement.objects.filter(kind="addendum").count() == 1


@pytest.mark.parametrize("facts", [{"kind": "memorandum"}, {"state": "terminated"}, {"state": "draft"}])
def test_only_a_network_agreement_in_force_takes_parties_in(cast, facts):
    with pytest.raises(Refused, match="Only a network agreement in force"):
        actions.accept_application(received(), make.AgreementFactory(**facts), by=cast.coordinator)


def test_an_applicant_who_was_suspended_cannot_be_invited(cast):
    it = received()
    actions.suspend_person(it.applicant, by=cast.coordinator)
    with pytest.raises(Refused, match="cannot be invited any more"):
        actions.accept_application(it, cast.agreement, by=cast.coordinator)
    assert Institution.objects.filter(name="School 14").count() == 0


def test_declining_says_why(cast):
    it = received()
    actions.decline_application(it, "All places are taken this year.", by=cast.coordinator)
    mail = OutboxMail.objects.get(template="members/application_declined")
    assert (mail.to, "All places are taken this year." in mail.body_text) == (it.applicant, True)
    assert "All places are taken this year." in Client().get(link(it)).text


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_decide_at_once(together, cast):
    it = received()
    colleague = make.CoordinatorFactory().person
    one, other = (Application.objects.get(pk=it.pk) for _ in range(2))
    outcome = together(
        lambda: actions.accept_application(one, cast.agreement, by=cast.coordinator),
        lambda: actions.accept_application(other, cast.agreement, by=colleague),
    )
    assert sorted(outcome) == ["done", "refused"]
    assert (Institution.objects.filter(name="School 14").count(), mails("invitation")) == (1, [it.applicant])


@pytest.mark.django_db(transaction=True)
def test_accepted_by_one_and_declined_by_another_at_once(together, cast):
    it = received()
    one, other = (Application.objects.get(pk=it.pk) for _ in range(2))
    outcome = together(
        lambda: actions.accept_application(one, cast.agreement, by=cast.coordinator),
        lambda: actions.decline_application(other, "No.", by=cast.coordinator),
    )
    it.refresh_from_db()
    assert sorted(outcome) == ["done", "refused"]
    assert it.notes.count() == (it.state == State.DECLINED)
    assert Agreement.objects.filter(kind="addendum").count() == (it.state == State.ACCEPTED)


# The desk


@pytest.fixture
def desk(cast, demo):
    client = Client()
    client.force_login(cast.coordinator)
    return client


def test_the_desk_has_a_row_while_something_waits(cast):
    assert list(waiting_applications(cast.coordinator)) == []
    it = received()
    (row,) = waiting_applications(cast.coordinator)
    assert (row.count, row.since, row.url) == (1, it.state_since, reverse("members:desk_applications"))
    assert [list(waiting_applications(person)) for person in (cast.contact, cast.teacher)] == [[], []]


@pytest.mark.parametrize("reader", ["contact", "teacher"])
def test_the_desk_of_applications_is_for_coordinators(cast, demo, reader):
    it, client = received(), Client()
    client.force_login(getattr(cast, reader))
    pages = ["/desk/applications/", f"/desk/applications/{it.public_id}/", f"/desk/applications/{it.public_id}/accept/"]
    assert [client.get(page).status_code for page in pages] == [403, 403, 403]


def test_an_application_of_another_region_does_not_exist(demo):
    regional = make.CoordinatorFactory(region=make.RegionFactory()).person
    it, client = received(region=make.RegionFactory()), Client()
    client.force_login(regional)
    page = f"/desk/applications/{it.public_id}/"
    assert [client.get(page).status_code, client.post(f"{page}decline/", {"text": "No"}).status_code] == [404, 404]


def test_a_double_is_told_at_the_desk_and_not_to_the_public(desk):
    first, second = received(), received(name="SCHOOL 14")
    make.InstitutionFactory(name="school 14")
    assert desk.get("/desk/applications/").text.count("applied more than once") == 2
    page = desk.get(f"/desk/applications/{first.public_id}/").text
    assert ("applied more than once" in page, second.public_id in page, "knows an institution" in page) == (
        True, True, True,
    )  # fmt: skip
    assert "more than once" not in Client().get(link(first)).text


def test_the_list_costs_the_same_for_one_and_three(desk, django_assert_num_queries):
    received()
    desk.get("/desk/applications/")
    with django_assert_num_queries(8) as captured:
        desk.get("/desk/applications/")
    received(region=make.RegionFactory())
    received(name="Other", region=make.RegionFactory())
    with django_assert_num_queries(len(captured)):
        desk.get("/desk/applications/")


def test_the_coordinator_asks_declines_and_accepts_by_forms(desk, cast):
    asked, declined, accepted = received(name="A"), received(name="B"), received(name="C")
    address = "/desk/applications/{}/{}/".format
    desk.post(address(asked.public_id, "ask_back"), {"text": "Which teachers?"})
    desk.post(address(declined.public_id, "decline"), {"text": "Not yet."})
    desk.post(address(accepted.public_id, "accept"), {"agreement": cast.agreement.pk, "institution": ""})
    states = dict(Application.objects.values_list("name", "state"))
    assert states == {"A": "questioned", "B": "declined", "C": "accepted"}
    page = desk.get(f"/desk/applications/{accepted.public_id}/")
    assert ("Accession of C" in page.text, page.context["moves"]) == (True, {})


@pytest.mark.parametrize("name", ["ask_back", "decline", "accept"])
def test_each_decision_has_its_form_and_needs_its_words(desk, cast, name):
    it = received()
    url = f"/desk/applications/{it.public_id}/{name}/"
    assert [desk.get(url).status_code, desk.post(url, {}).status_code] == [200, 200]
    it.refresh_from_db()
    assert it.state == State.RECEIVED


def test_the_form_proposes_the_known_institution_and_the_agreement(desk, cast):
    known = make.InstitutionFactory(name="SCHOOL 14")
    form = desk.get(f"/desk/applications/{received().public_id}/accept/").context["form"]
    assert (form.fields["institution"].initial, form.fields["agreement"].initial) == (known, cast.agreement)


def test_no_other_word_is_a_decision(desk):
    assert desk.get(f"/desk/applications/{received().public_id}/withdraw/").status_code == 404


def test_a_late_decision_gets_a_sentence(desk, cast):
    it = received()
    actions.withdraw_application(it, by=it.applicant)
    page = desk.post(f"/desk/applications/{it.public_id}/decline/", {"text": "No"}, follow=True)
    assert "already answered" in page.text


def test_the_coordinator_cannot_decide_about_their_own(demo):
    own = make.CoordinatorFactory(person__email="head14@example.org").person
    it, client = received(), Client()
    client.force_login(own)
    assert client.get(f"/desk/applications/{it.public_id}/accept/").status_code == 403


# Erasing


def test_what_nobody_confirmed_is_erased_after_seven_days(cast):
    with time_machine.travel(now() - timedelta(days=8)):
        old = applied()
        kept = applied(name="Confirmed")
        actions.confirm_application(kept, by=kept.applicant)
    young = applied(name="Young")
    assert tasks.erase_forgotten_applications() == 1
    assert set(Application.objects.all()) == {kept, young}
    assert OutboxMail.objects.get(about_id=old.public_id).state == "cancelled"
    assert Client().get(link(old)).status_code == 404


def test_a_stranger_of_a_forgotten_form_is_forgotten_too():
    with time_machine.travel(now() - timedelta(days=8)):
        person = applied().applicant
    tasks.erase_forgotten_applications()
    person.refresh_from_db()
    assert (person.email, person.full_name.strip(), person.is_active) == (None, "", False)
    assert tasks.erase_forgotten_applications() == 0


def test_somebody_known_otherwise_is_not_forgotten(cast):
    person = make.AffiliationFactory(person__email="head14@example.org", person__password="!").person
    with time_machine.travel(now() - timedelta(days=8)):
        applied()
    tasks.erase_forgotten_applications()
    person.refresh_from_db()
    assert (person.email, person.is_active) == ("head14@example.org", True)


def test_somebody_with_another_application_is_not_forgotten():
    with time_machine.travel(now() - timedelta(days=8)):
        applied()
    young = applied()
    tasks.erase_forgotten_applications()
    young.applicant.refresh_from_db()
    assert young.applicant.email == "head14@example.org"
