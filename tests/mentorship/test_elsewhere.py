"""What other pages show of mentorship, and to whom: institutions, initiatives, front page, search, own page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from cluster_portal.hooks import GuardianPage
from members.few_people import FEWEST_PEOPLE
from members.models import Initiative
from mentorship.child_parts import mentors
from mentorship.shown_elsewhere import found_mentors, found_requests, waiting_for
from tests import factories as make
from tests.mentorship import factories as pair

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


def said(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def mentors_at(institution, count):
    for _ in range(count):
        person = make.AffiliationFactory(institution=institution, role="staff").person
        pair.MentorFactory(person=person, person__family_name="Secretname")


@pytest.fixture
def initiative(cast):
    return Initiative.objects.create(
        title="Robot lab", responsible=cast.school, starts_on=localdate(), state=Initiative.State.PUBLISHED
    )


@pytest.mark.parametrize(("count", "shown"), [(FEWEST_PEOPLE - 1, False), (FEWEST_PEOPLE, True)])
def test_an_institution_says_how_many_mentors_it_has_from_three_on(client, cast, count, shown):
    mentors_at(cast.school, count)
    pair.MentorFactory(state="paused", person=make.AffiliationFactory(institution=cast.school).person)
    text = said(client, cast.school.get_absolute_url())
    assert (f"{count} mentors work here" in text) == shown
    assert "Secretname" not in text


def test_an_institution_shows_what_its_students_reached_and_not_who(client, cast):
    it = pair.PairingFactory(request__affiliation=cast.teacher.affiliations.get(), request__with_students=True)
    student = pair.PairingStudentFactory(pairing=it, person__family_name="Secretchild")
    pair.OutcomeFactory(pairing=it, contest="Robot Cup", day="2026-03-02").students.add(student)
    pair.OutcomeFactory(contest="Cup of others")
    text = said(client, cast.school.get_absolute_url())
    assert "Second place, Robot Cup (City or region)" in text
    assert "March 2026" in text
    for word in ("Secretchild", "1 student", "Cup of others"):
        assert word not in text


def test_an_initiative_says_that_it_seeks_a_mentor_and_has_one(client, cast, initiative):
    work = cast.teacher.affiliations.get()
    asked = {"what_for": "initiative", "contest": "", "initiative": initiative, "help": ["design"]}
    sought = pair.MentorRequestFactory(affiliation=work, title="Secret plans", **asked)
    held = pair.MentorRequestFactory(affiliation=work, title="Hidden plans", state="paired", **asked)
    it = pair.PairingFactory(request=held, mentor__person__family_name="Secretname")
    pair.MentorRequestFactory(affiliation=work, title="Withdrawn plans", state="withdrawn", **asked)
    text = said(client, initiative.get_absolute_url())
    assert 'Working out a course or an initiative <span class="quiet">a mentor is sought' in text
    assert "has a mentor" in text
    for word in ("Secret plans", "Hidden plans", "Withdrawn plans", "Secretname", sought.public_id):
        assert word not in text
    client.force_login(cast.outsider)
    assert "Secret plans" not in said(client, initiative.get_absolute_url())
    for person in (cast.teacher, cast.coordinator):
        client.force_login(person)
        text = said(client, initiative.get_absolute_url())
        assert sought.get_absolute_url() in text
        assert f"mentor: {it.mentor.person.full_name}" in text
        assert "Withdrawn plans" not in text


def test_an_initiative_names_a_mentor_only_to_those_who_see_the_request(client, cast, initiative):
    asked = {"what_for": "initiative", "contest": "", "initiative": initiative, "state": "paired"}
    request = pair.MentorRequestFactory(affiliation=cast.teacher.affiliations.get(), **asked)
    it = pair.PairingFactory(request=request)
    other = pair.PairingFactory(mentor=it.mentor, request__affiliation=cast.colleague.affiliations.get())
    before = pair.PairingFactory(request=request, state="dissolved").mentor.person
    elsewhere = make.CoordinatorFactory(region=make.RegionFactory()).person
    people = {"teacher": cast.teacher, "coordinator": cast.coordinator, "mentor": it.mentor.person, "before": before}
    people |= {"helped elsewhere": other.request.by, "coordinator elsewhere": elsewhere}
    named = set()
    for name, person in people.items():
        client.force_login(person)
        text = said(client, initiative.get_absolute_url())
        assert "mentor: " in text or "has a mentor" in text
        named |= {name} if f"mentor: {it.mentor.person.full_name}" in text else set()
    assert named == {"teacher", "coordinator", "mentor"}


def test_an_initiative_that_nobody_asked_for_says_nothing(client, cast, initiative):
    assert "Help of mentors" not in said(client, initiative.get_absolute_url())
    for person in (cast.outsider, make.AffiliationFactory(institution=cast.school, role="student").person):
        client.force_login(person)
        assert "Help of mentors" not in said(client, initiative.get_absolute_url())


def test_who_works_for_an_initiative_is_led_to_ask_while_it_is_under_way(client, cast, initiative):
    ask = "/mentorship/ask/?for=initiative"
    partner = make.AffiliationFactory()
    client.force_login(partner.person)
    assert ask not in said(client, initiative.get_absolute_url())
    initiative.participants.add(partner.institution)
    assert ask in said(client, initiative.get_absolute_url())
    client.force_login(cast.teacher)
    assert ask in said(client, initiative.get_absolute_url())
    Initiative.objects.update(state="completed")
    assert ask not in said(client, initiative.get_absolute_url())


def test_an_initiative_asks_as_much_for_one_request_as_for_three(client, cast, initiative):
    client.force_login(cast.coordinator)
    work, counts = cast.teacher.affiliations.get(), []
    for number in (1, 2):
        for _ in range(number):
            asked = {"affiliation": work, "what_for": "initiative", "contest": "", "initiative": initiative}
            pair.PairingFactory(request=pair.MentorRequestFactory(state="paired", **asked))
        client.get(initiative.get_absolute_url())
        with CaptureQueriesContext(connection) as seen:
            client.get(initiative.get_absolute_url())
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_front_page_counts_mentors_and_names_none(client, cast):
    assert "Ask for a mentor" not in said(client, "/")
    pair.MentorFactory(person__family_name="Secretname")
    text = said(client, "/")
    assert "1 mentor helps teachers" in text
    assert "Secretname" not in text


def test_every_page_leads_to_mentorship_and_the_desk_of_coordinators_too(client, cast):
    assert said(client, "/").count('href="/mentorship/"') == 3  # at the top, in the menu of a phone, at the foot
    client.force_login(cast.coordinator)
    assert 'href="/desk/mentorship/"' in said(client, "/desk/")
    client.force_login(cast.contact)
    assert 'href="/desk/mentorship/"' not in said(client, "/desk/")


@pytest.mark.parametrize("query", ["robot", "ROBOTT", "olimpiad"])
def test_search_finds_requests_by_title_and_contest_for_those_who_see_them(client, cast, query):
    it = pair.MentorRequestFactory(
        affiliation=cast.teacher.affiliations.get(), title="A mentor for robots", contest="Open Olympiad"
    )
    pair.MentorRequestFactory(title="Chess", contest="Chess cup")
    assert it.get_absolute_url() not in said(client, f"/search/?q={query}")
    for person, shown in ((cast.teacher, True), (cast.coordinator, True), (cast.colleague, False)):
        client.force_login(person)
        assert (it.get_absolute_url() in said(client, f"/search/?q={query}")) == shown
        assert list(found_requests(person, query)) == ([it] if shown else [])


@pytest.mark.parametrize("query", ["Wittgenstein", "witgenstein", "robot cup"])
def test_search_finds_mentors_for_those_who_may_know_them(client, cast, query):
    it = pair.MentorFactory(person__family_name="Wittgenstein", contests=["Chess", "Robot Cup"])
    pair.MentorFactory(person__family_name="Wittgenstein", contests=["Robot Cup"], state="ended")
    pair.PairingFactory(mentor=it, state="proposed", request__affiliation=cast.colleague.affiliations.get())
    pair.PairingFactory(mentor=it, state="accepted", request__affiliation=cast.teacher.affiliations.get())
    for person, shown in ((cast.teacher, True), (cast.coordinator, True), (cast.colleague, False)):
        client.force_login(person)
        assert (it.get_absolute_url() in said(client, f"/search/?q={query}")) == shown
        assert list(found_mentors(person, query)) == ([it] if shown else [])


def test_nobody_is_found_by_an_address(cast):
    it = pair.MentorFactory(person__email="hidden.address@example.org")
    assert it in found_mentors(cast.coordinator, it.person.family_name)
    assert it not in found_mentors(cast.coordinator, "hidden.address@example.org")


def test_ones_own_page_begins_with_what_one_is_asked(client, cast):
    work = cast.teacher.affiliations.get()
    asked = pair.PairingFactory(state="proposed", mentor__person=cast.teacher, request__title="Chess team")
    yes = pair.PairingFactory(state="accepted", request__affiliation=work, request__title="Robot team")
    pair.MentorRequestFactory(affiliation=work, title="Bridge team")
    pair.MentorRequestFactory(affiliation=work, title="Old team", state="closed")
    pair.PairingFactory(state="proposed", request__affiliation=work, request__title="Secret proposal")
    client.force_login(cast.teacher)
    text = said(client, "/me/")
    assert "You are asked to mentor: Chess team" in text
    assert f"/mentorship/asked/{asked.public_id}/" in text
    assert "A mentor has said yes: Robot team" in text
    assert f"/mentorship/asked/{yes.public_id}/agree/" in text
    assert "Bridge team" in text
    assert "Old team" not in text
    assert [it.title for it in waiting_for(cast.teacher).requests] == ["Secret proposal", "Bridge team", "Robot team"]
    assert waiting_for(cast.outsider) == type(waiting_for(cast.outsider))([], [], [])


@pytest.mark.parametrize(("decision", "offered"), [("granted", True), ("refused", False)])
def test_a_student_without_messages_is_not_led_to_what_is_written(client, decision, offered):
    born = localdate() - timedelta(days=15 * 366)
    it = pair.PairingStudentFactory(person__birth_date=born)
    text = make.ConsentTextFactory(purpose="messages")
    for by in (it.person, it.person.guarded_by.get().guardian):
        it.person.consent_decisions.create(
            text=text, sha256=text.sha256, purpose="messages", decision=decision, channel="signed_in", decided_by=by
        )
    found = [row for part in mentors(GuardianPage(it.person, [it.person], "")) for row in part.rows]
    assert ("What they write and plan" in [label for _address, label in found[0].links]) == offered


def test_ones_own_page_asks_as_much_for_one_as_for_three(client, cast):
    client.force_login(cast.teacher)
    work, counts = cast.teacher.affiliations.get(), []
    mentor = pair.MentorFactory(person=cast.teacher, places=9)
    for number in (1, 2):
        for _ in range(number):
            pair.PairingFactory(state="proposed", mentor=mentor)
            pair.PairingFactory(state="accepted", request__affiliation=work)
            pair.PairingFactory(request__affiliation=work)
            pair.MentorRequestFactory(affiliation=work)
        client.get("/me/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/me/")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 25


@pytest.mark.parametrize("address", ["/search/?q=team", "/"])
def test_search_and_the_front_page_ask_as_much_for_one_as_for_three(client, cast, address):
    client.force_login(cast.coordinator)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            pair.MentorFactory(contests=["Team cup"])
            pair.MentorRequestFactory(title="A mentor for a team")
        client.get(address)
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        counts.append(len(seen))
    assert counts[0] == counts[1]
