"""The run page and its chain, for each reader; forged ids, double clicks, other people's enrolments."""

import re
from datetime import timedelta

import pytest
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localdate, now

from courses import actions
from courses.chain import chain_of
from courses.models import Enrolment, Run
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in():
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def links(run, person, enrolment=None):
    run = Run.objects.for_lists().get(pk=run.pk)
    return [(link["title"].split(":")[0], link["status"]) for link in chain_of(run, person, enrolment)]


def test_a_teacher_of_a_member_sees_every_link_up_to_enrolling(run, cast):
    assert links(run, cast.teacher) == [
        (f"School 1 signed the {cast.agreement.title}", "done"), ("Teacher at School 1", "done"), ("Enrol", "next"),
        ("First session", "open"),
    ]  # fmt: skip


def test_after_enrolling_the_first_session_is_next(run, cast):
    enrolment = actions.enrol(run, cast.teacher, by=cast.teacher)
    assert links(run, cast.teacher, enrolment)[2:] == [
        ("You are in", "done"), ("0 of 1 session, 1 needed", "open"), ("First session", "next"),
    ]  # fmt: skip


def test_once_the_course_has_begun_the_next_session_is_next(run, cast):
    enrolment = actions.enrol(run, cast.teacher, by=cast.teacher)
    begun = now() - timedelta(days=1)
    make.SessionFactory(run=run, starts_at=begun, ends_at=begun + timedelta(hours=1))
    assert links(run, cast.teacher, enrolment)[3:] == [
        ("0 of 2 sessions, 2 needed", "next"), ("Next session", "next"),
    ]  # fmt: skip


def test_only_the_button_enrols_and_the_chain_does_not_repeat_it(run, cast):
    chain = chain_of(Run.objects.for_lists().get(pk=run.pk), cast.teacher, None)
    assert [(it["title"], it["url"]) for it in chain if it["status"] == "next"] == [("Enrol", "")]


def test_who_may_enrol_has_the_button_and_others_have_none(signed_in, run, cast):
    pages = [signed_in(it).get(run.get_absolute_url()).content.decode() for it in (cast.teacher, cast.outsider)]
    assert [("You can take part" in it, it.count('name="pool"')) for it in pages] == [(True, 1), (False, 0)]


def test_a_full_run_says_so_once_on_its_card(client, run):
    run.pools.update(taken=models.F("places"))
    text = client.get(reverse("courses:programme")).content.decode()
    assert (text.count("Full"), text.count("The queue is open until"), text.count("Enrolment until")) == (1, 1, 0)


def test_in_the_queue_the_link_says_so(run, cast):
    run.pools.update(taken=2)
    enrolment = actions.enrol(run, cast.teacher, by=cast.teacher)
    assert links(run, cast.teacher, enrolment)[2] == ("You are in the queue", "next")


def broken(run, person):
    return [
        (it["title"], it["text"])
        for it in chain_of(Run.objects.for_lists().get(pk=run.pk), person, None)
        if it["status"] == "broken"
    ]


def test_without_an_institution_that_link_is_broken(run, cast):
    assert broken(run, cast.outsider) == [
        ("Your institution", "You do not belong to an institution yet. Ask your institution to admit you.")
    ]


def test_a_school_that_left_is_named_with_the_day(run, cast):
    cast.school.parties.update(withdrawn_on=localdate() - timedelta(days=1))
    ((title, text),) = broken(run, cast.teacher)
    assert title == "Agreement"
    assert text.startswith("School 1 is not a member since")


def test_a_clause_whose_day_is_still_to_come_breaks_the_agreement_and_says_the_day(run, cast):
    day = localdate() + timedelta(days=40)
    make.ClauseFactory(agreement=cast.agreement, number="9", right="event", since=day)
    run.course.kind = "event"
    run.course.save()
    said = (
        f"§ 9 of the {cast.agreement} opens this to School 1 from {date_format(day)} on. Come back then, or look in "
        "the programme for something else."
    )
    assert broken(run, cast.teacher) == [(f"School 1 signed the {cast.agreement}", said)]
    run.admits = "everyone"
    run.save()
    assert broken(run, cast.teacher) == []


def test_a_wrong_role_breaks_the_affiliation_and_leaves_the_agreement_whole(run, cast):
    run.roles = ["head"]
    run.save()
    assert links(run, cast.teacher)[:2] == [
        (f"School 1 signed the {cast.agreement.title}", "done"), ("Teacher at School 1", "broken"),
    ]  # fmt: skip


def test_who_is_in_and_lost_the_right_sees_the_broken_link_and_stays_in(run, cast):
    enrolment = actions.enrol(run, cast.teacher, by=cast.teacher)
    cast.school.parties.update(withdrawn_on=localdate() - timedelta(days=1))
    assert links(run, cast.teacher, enrolment)[:3] == [
        ("Agreement", "broken"), ("Teacher at School 1", "done"), ("You are in", "done"),
    ]  # fmt: skip


def test_a_run_for_everyone_says_so(run, cast):
    run.admits = "everyone"
    run.save()
    assert links(run, cast.outsider)[0] == ("Open to everyone", "done")
    stranger = make.AffiliationFactory(institution__name="School 9").person
    assert links(run, stranger)[:2] == [("Open to everyone", "done"), ("Teacher at School 9", "done")]


def test_whose_age_is_unknown_reads_that_it_is_asked_for_first(run, cast):
    cast.teacher.birth_date = None
    assert broken(run, cast.teacher) == []
    (link,) = [it for it in chain_of(Run.objects.for_lists().get(pk=run.pk), cast.teacher, None) if it["enrols"]]
    assert link["text"].endswith("first we ask for what is missing: your birth date, or who consents for you")


def test_a_stranger_is_asked_to_sign_in(run, client):
    page = client.get(run.get_absolute_url()).content.decode()
    assert "Sign in to enrol" in page
    assert "/enrol/" not in page


def test_enrolling_and_leaving_with_one_click_each(run, cast, signed_in):
    client = signed_in(cast.teacher)
    page = client.post(reverse("courses:enrol", args=[run.public_id]), follow=True).content.decode()
    assert "You are in. A mail with the dates" in page
    it = Enrolment.objects.get()
    page = client.post(
        reverse("courses:act_on_enrolment", args=[it.public_id]), {"move": "cancel"}, follow=True
    ).content.decode()
    assert "The place is free again" in page
    it.refresh_from_db()
    assert it.state == "cancelled"


def test_who_took_part_in_a_run_that_is_over_has_nothing_to_press(run, cast, signed_in):
    enrolment = actions.enrol(run, cast.teacher, by=cast.teacher)
    page = reverse("courses:run", args=[run.public_id])
    assert list(signed_in(cast.teacher).get(page).context["moves"]) == ["cancel"]
    run.sessions.update(starts_at=now() - timedelta(days=2), ends_at=now() - timedelta(days=1))
    assert (signed_in(cast.teacher).get(page).context["moves"], enrolment.is_live) == ({}, True)


def test_a_double_click_is_told_and_changes_nothing(run, cast, signed_in):
    client = signed_in(cast.teacher)
    url = reverse("courses:enrol", args=[run.public_id])
    client.post(url)
    assert "enrolled in this run already" in client.post(url, follow=True).content.decode()
    assert Enrolment.objects.count() == 1


def test_get_enrols_nobody(run, cast, signed_in):
    response = signed_in(cast.teacher).get(reverse("courses:enrol", args=[run.public_id]))
    assert response["Location"] == run.get_absolute_url()
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize("forged", ["zzzzzzzzzzzz", "1", "../../etc", "%00"])
def test_a_forged_run_is_not_found(cast, signed_in, forged):
    assert signed_in(cast.teacher).post(f"/runs/{forged}/enrol/").status_code == 404


def test_a_draft_is_not_found(cast, signed_in):
    draft = make.RunFactory(state="draft")
    assert signed_in(cast.teacher).get(draft.get_absolute_url()).status_code == 404
    assert signed_in(cast.teacher).post(reverse("courses:enrol", args=[draft.public_id])).status_code == 404


def test_a_pool_of_another_run_is_refused(run, cast, signed_in):
    other = make.PoolFactory()
    page = signed_in(cast.teacher).post(
        reverse("courses:enrol", args=[run.public_id]), {"pool": other.public_id}, follow=True
    )
    assert "These places do not exist any more" in page.content.decode()
    assert Enrolment.objects.count() == 0


@pytest.mark.parametrize("move", ["cancel", "accept", "decline"])
def test_somebody_elses_enrolment_is_not_found(run, cast, signed_in, move):
    it = actions.enrol(run, cast.teacher, by=cast.teacher)
    response = signed_in(cast.colleague).post(reverse("courses:act_on_enrolment", args=[it.public_id]), {"move": move})
    assert response.status_code == 404


@pytest.mark.parametrize("move", ["", "confirm", "lapse", "offer", "promote", "state"])
def test_a_move_that_is_not_ones_own_is_refused(run, cast, signed_in, move):
    it = actions.enrol(run, cast.teacher, by=cast.teacher)
    response = signed_in(cast.teacher).post(reverse("courses:act_on_enrolment", args=[it.public_id]), {"move": move})
    assert response.status_code in {403, 404}


def test_only_those_confirmed_online_are_led_to_where_one_joins(run, cast, signed_in):
    run.online_link = "https://meet.example.org/secret"
    run.save()
    make.PoolFactory(run=run, sort="online")
    page = lambda person: signed_in(person).get(run.get_absolute_url()).content.decode()  # noqa: E731
    actions.enrol(run, cast.teacher, by=cast.teacher, pool=run.pools.get(sort="online").public_id)
    actions.enrol(run, cast.colleague, by=cast.colleague, pool=run.pools.get(sort="room").public_id)
    pages = [page(it) for it in (cast.teacher, cast.colleague, cast.outsider)]
    assert [("/join/" in it, "meet.example.org" in it) for it in pages] == [
        (True, False), (False, False), (False, False),
    ]  # fmt: skip


@pytest.fixture
def offered(run, cast):
    people = [make.AffiliationFactory(institution=cast.school).person for _ in range(3)]
    enrolments = [actions.enrol(run, person, by=person) for person in people]
    actions.cancel_enrolment(enrolments[0], by=enrolments[0].person)
    return Enrolment.objects.get(state="offered")


def offer_link(enrolment):
    from cluster_portal.links import signed_token

    return reverse(
        "courses:offer", args=[signed_token("courses.offer", f"{enrolment.public_id}.{enrolment.person.public_id}")]
    )


def test_a_scanner_reading_the_offer_changes_nothing(offered, client):
    assert "Take the place" in client.get(offer_link(offered)).content.decode()
    client.head(offer_link(offered))
    offered.refresh_from_db()
    assert offered.state == "offered"


@pytest.mark.parametrize(("answer", "state"), [("accept", "confirmed"), ("decline", "declined")])
def test_an_offer_is_answered_from_the_mail_without_signing_in(offered, client, answer, state):
    client.post(offer_link(offered), {"answer": answer})
    offered.refresh_from_db()
    assert offered.state == state


def test_an_answered_offer_says_so(offered, client):
    actions.decline_offer(offered, by=offered.person)
    page = client.post(offer_link(offered), {"answer": "accept"}, follow=True).content.decode()
    assert "answered already" in page
    offered.refresh_from_db()
    assert offered.state == "declined"


def test_a_forged_or_suspended_offer_link_opens_nothing(offered, client):
    assert client.get("/offer/forged/").status_code == 404
    link = offer_link(offered)
    offered.person.suspended_at = now()
    offered.person.save()
    assert client.post(link, {"answer": "accept"}).status_code == 404


def test_pressed_button_is_answered_with_the_page_when_htmx_asks(run, cast, signed_in):
    teacher, address = signed_in(cast.teacher), run.get_absolute_url()
    said_by_htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{address}"}
    answer = teacher.post(f"{address}enrol/", headers=said_by_htmx)
    assert (answer.status_code, answer["HX-Replace-Url"]) == (200, address)
    assert "You are in. A mail" in answer.content.decode()
    leave = reverse("courses:act_on_enrolment", args=[run.enrolments.get().public_id])
    answer = teacher.post(leave, {"move": "cancel"}, headers=said_by_htmx | {"HX-Current-URL": "http://testserver/me/"})
    assert (answer.status_code, answer["HX-Push-Url"]) == (200, address)


@pytest.mark.parametrize("state", ["published", "closed", "cancelled"])
def test_a_run_that_is_over_asks_nobody_to_enrol_and_has_its_materials_first(state, client):
    run = make.RunFactory(state=state)
    make.PoolFactory(run=run, places=71)
    make.SessionFactory(run=run, starts_at=now() - timedelta(days=2))
    make.MaterialFactory(run=run, is_public=True)
    page = client.get(run.get_absolute_url())
    text = page.content.decode()
    assert ["Sign in to enrol" in text, re.search(r"71\s+place", text)] == [False, None]
    assert [it["title"] for it in page.context["chain"]] == ["Enrol", "All sessions are over"]
    assert text.index("Materials</h2>") < text.index("About</h2>")


def test_whose_enrolment_closed_is_not_asked_to_sign_in_for_it(client):
    run = make.RunFactory(enrol_until=now() - timedelta(days=1))
    make.SessionFactory(run=run, starts_at=now() + timedelta(days=2))
    assert "Sign in to enrol" not in client.get(run.get_absolute_url()).content.decode()


@pytest.mark.parametrize(("sort", "has_code"), [("room", True), ("online", False)])
def test_the_code_for_the_door_is_for_who_comes_to_it(sort, has_code, run, signed_in):
    Run.objects.filter(pk=run.pk).update(needs_work=True)
    it = make.EnrolmentFactory(
        run=run, pool=run.pools.filter(sort=sort).first() or make.PoolFactory(run=run, sort=sort)
    )
    text = signed_in(it.person).get(run.get_absolute_url()).content.decode()
    assert ["Code for the door" in text, "Final work" in text] == [has_code, True]
