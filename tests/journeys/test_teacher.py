"""A teacher: from the home page into a course, into a queue, and by an offer into the workshop."""

import re

import pytest

from courses import actions
from courses.models import Enrolment, Run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def mailed_link(coordinator, subject):
    """The link in the newest mail with this subject, as the coordinator of a demonstration reads it in the outbox."""
    coordinator.go("/desk/outbox/")
    coordinator.follow(subject)
    coordinator.look("What happened")
    return coordinator.page.locator("main .button[href*='//']").first.get_attribute("href")


def test_a_teacher_signs_up_is_admitted_enrols_and_leaves(visit):
    coordinator, teacher = visit("coordinator"), visit()
    teacher.go("/")
    teacher.look("Coming up", "13 members")
    teacher.follow("Create an account")
    teacher.look()
    facts = {"email": "New.Teacher@example.org", "family_name": "Rybakova", "given_name": "Zoya"}
    teacher.fill(**facts, birth_date="1990-05-04", password1="a long enough secret")
    teacher.press("Make an account")
    teacher.look()
    link = mailed_link(coordinator, re.compile("[Cc]onfirm"))
    teacher.go(link)
    teacher.look()
    teacher.press("Confirm")
    teacher.look("You belong to no institution yet")

    teacher.follow("Choose your institution")
    teacher.look("14 institutions")
    teacher.follow("School 1", exact=True)
    teacher.look("Do you work or learn here?")
    teacher.follow("Ask to be admitted")
    teacher.look()
    teacher.fill(role="teacher")
    teacher.press("Ask", exact=True)
    teacher.look("School 1 was asked")

    contact = visit("contact")
    contact.go("/desk/")
    contact.look("ask to join an institution")
    contact.follow("Decide")
    contact.look("Rybakova Zoya")
    contact.press("Admit Rybakova Zoya")
    contact.look("Admitted. A mail says so.")

    teacher.go("/courses/")
    teacher.look("4 to choose from")
    teacher.follow("AI Tools in Teaching")
    teacher.look("You can take part", "School 1 signed the Network collaboration agreement", "Teacher at School 1")
    teacher.press("Enrol", exact=True)
    teacher.look("You are in. A mail with the dates", "one is yours")
    teacher.go("/me/")
    teacher.look("What a model is, and what it is not", "Confirmed")
    teacher.follow("AI Tools in Teaching")
    teacher.press("Leave")
    teacher.look("You can take part")
    assert Enrolment.objects.get(person__family_name="Rybakova").state == "cancelled"


def test_a_teacher_waits_honestly_and_takes_an_offered_place_by_the_mailed_link(visit):
    teacher, coordinator = visit("teacher", width=390), visit("coordinator")
    run = Run.objects.get(course__title__startswith="Asking well")
    teacher.go(run.get_absolute_url())
    teacher.look("Full: all 12 places are taken", "3 people in the queue")
    teacher.press("Join the queue")
    teacher.look("You are number 4 in the queue", "Number 4 in the queue")

    for ahead in list(Enrolment.objects.in_queue().filter(pool__run=run).order_by("queued_at"))[:3]:
        actions.ACTIONS["enrolment"]["cancel"](ahead, by=ahead.person)
    coordinator.go(f"/desk/runs/{run.public_id}/roster/")
    coordinator.look("Roster")
    coordinator.press("Take out")
    coordinator.look("2 people will get a mail about this.", "Next in the queue")
    coordinator.press("Save and send")
    coordinator.look("A place is offered", "1 of them offered")
    link = mailed_link(coordinator, re.compile("Asking well"))

    visitor = visit(width=390)  # a phone that is not signed in
    visitor.go(link)
    visitor.look("a place became free")
    visitor.press("Take the place")
    visitor.look("The place is yours")
    teacher.go("/me/")
    teacher.look("Asking well", "Confirmed")
