"""Whoever was not approved: no page and no address lets them, their guardian or their teacher try again."""

import pytest
from django.test import Client
from django.urls import reverse

from cluster_portal.moves import Refused, available_moves
from courses import actions
from courses.bringing import students_of
from courses.child_parts import _open_for
from courses.forms_enrolling import EnrolForm
from courses.models import Enrolment, Run
from tests import factories as make

pytestmark = pytest.mark.django_db
WORDS = "It is for beginners."


@pytest.fixture
def picky(run):
    run.needs_approval = True
    run.save()
    return run


@pytest.fixture
def child(group, children, text):
    return children[0]


def refuse(run, person, by):
    it = actions.enrol(run, person, by=person)
    actions.refuse_enrolment(it, by=by, words=WORDS)


def posted(person, run):
    client = Client()
    client.force_login(person)
    return client.post(reverse("courses:enrol", args=[run.public_id]), {"pool": run.pools.get().public_id}, follow=True)


def test_the_address_of_enrolling_refuses_with_the_words_of_the_page(picky, cast):
    refuse(picky, cast.teacher, cast.coordinator)
    said = [str(it) for it in posted(cast.teacher, picky).context["messages"]]
    assert said == [f"Your enrolment was not approved: {WORDS}"]
    assert list(cast.teacher.enrolments.values_list("state", flat=True)) == ["declined"]


def test_nothing_is_asked_of_who_was_not_approved(picky, cast):
    make.QuestionFactory(run=picky)
    assert EnrolForm(run=picky, person=cast.teacher).is_needed is True
    refuse(picky, cast.teacher, cast.coordinator)
    assert EnrolForm(run=Run.objects.get(pk=picky.pk), person=cast.teacher).is_needed is False


def test_a_guardian_finds_the_run_no_more_and_cannot_enrol_the_child(picky, child, cast):
    guardian = child.guarded_by.get().guardian
    assert _open_for(child) == [picky]
    refuse(picky, child, cast.coordinator)
    assert _open_for(child) == []
    with pytest.raises(Refused) as refused:
        actions.enrol(picky, child, by=guardian)
    assert str(refused.value) == f"The enrolment of {child.given_name} was not approved: {WORDS}"


def test_a_teacher_cannot_bring_who_was_not_approved(picky, group, children, child, cast):
    refuse(picky, child, cast.coordinator)
    why_not = {it.person: it.why_not for it in students_of(picky, group)}
    assert why_not == {child: "Was not approved here.", children[1]: "", children[2]: ""}


def test_another_run_is_open_to_who_was_not_approved(picky, child, cast):
    other = make.RunFactory(course=picky.course)
    make.SessionFactory(run=other)
    make.PoolFactory(run=other)
    refuse(picky, child, cast.coordinator)
    assert _open_for(child) == [other]


def test_an_attempt_that_came_after_counts_more(picky, child, cast):
    refuse(picky, child, cast.coordinator)
    make.EnrolmentFactory(run=picky, pool=picky.pools.get(), person=child, state="cancelled")
    assert _open_for(child) == [picky]
    assert actions.enrol(picky, child, by=child).state == "held"


@pytest.fixture
def own(picky, cast):
    """A coordinator enrols in the run that they coordinate."""
    make.AffiliationFactory(person=cast.coordinator, institution=cast.school)
    person = type(cast.coordinator).objects.get(pk=cast.coordinator.pk)
    return actions.enrol(picky, person, by=person)


@pytest.mark.parametrize("name", ["desk_approve", "desk_refuse"])
def test_a_coordinator_does_not_decide_about_their_own_enrolment(own, picky, demo, name):
    client = Client()
    client.force_login(own.person)
    url = reverse(f"courses:{name}", args=[picky.public_id, own.public_id])
    assert client.post(url, {"words": WORDS}).status_code == 403
    assert Enrolment.objects.get(pk=own.pk).state == "held"
    assert url not in client.get(reverse("courses:desk_roster", args=[picky.public_id])).content.decode()
    assert set(available_moves(own.person, own)) == {"cancel"}


def test_another_coordinator_decides_about_it(own, picky, demo):
    client = Client()
    client.force_login(make.CoordinatorFactory().person)
    url = reverse("courses:desk_approve", args=[picky.public_id, own.public_id])
    assert url in client.get(reverse("courses:desk_roster", args=[picky.public_id])).content.decode()
    client.post(url)
    assert Enrolment.objects.get(pk=own.pk).state == "confirmed"
