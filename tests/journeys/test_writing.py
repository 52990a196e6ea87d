"""A teacher writes a lesson plan: it saves itself, survives a lost sign-in, a lost network, a second window, and is
handed in; then once more without a script."""

import pytest
from django.contrib.sessions.models import Session
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from competitions.models import Competition, Entry
from members.models import Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINE = "[data-autosave-line] span"


@pytest.fixture
def competition(portal):
    competition = make.CompetitionFactory(title="Plans of June")
    make.NominationFactory(competition=competition, title="Primary school")
    return competition


@pytest.fixture
def entry(competition):
    it = make.EntryFactory(competition=competition, title="Agents", abstract="")
    teacher = Person.objects.get(email="teacher@example.org")
    make.AuthorshipFactory(entry=it, person=teacher, affiliation=teacher.affiliations.first())
    return it


def stored(entry):
    return Entry.objects.get(pk=entry.pk)


def says(visitor, text):
    visitor.page.locator(LINE).filter(has_text=text).wait_for()


def edit(visitor, entry):
    visitor.go(f"/entries/{entry.public_id}/edit/")


def test_a_plan_saves_itself_is_checked_and_handed_in(visit, competition):
    teacher = visit("teacher", width=390, height=780)
    teacher.go(f"/competitions/{competition.slug}/enter/")
    teacher.look("Begin the entry")
    teacher.press("Begin the entry")
    teacher.look("Write the lesson plan", "things are still missing")
    teacher.fill(title="Agents", abstract="Students ask.", subject="Informatics", stage_from="5", stage_until="6")
    teacher.fill(minutes="45", objectives="They can tell.", risks="No names.", licence="CC-BY-4.0")
    says(teacher, "Saved at")
    entry = Entry.objects.get(competition=competition)
    assert (entry.title, entry.abstract) == ("Agents", "Students ask.")
    teacher.fill(**{"steps-0-title": "Ask", "steps-0-text": "They ask a model."})
    teacher.press("Add a step")
    teacher.fill(**{"steps-1-title": "Check", "steps-1-text": "They check it."})
    teacher.press("Up Step 2")
    teacher.press("Save and check")
    teacher.look("Worth a second look", "Nothing is missing")
    assert [it.title for it in entry.steps.all()] == ["Check", "Ask"]
    teacher.press("Hand in")
    teacher.look("Your entry is handed in")
    assert stored(entry).state == "submitted"


def test_what_is_missing_is_listed_and_what_was_handed_in_changes_until_the_deadline(visit, competition, entry):
    teacher = visit("teacher", width=390, height=780)
    teacher.go(f"/entries/{entry.public_id}/check/")
    teacher.look("3 things are missing", "Choose the nomination.", "Describe the course of the lesson")
    assert teacher.page.get_by_role("button", name="Hand in").count() == 0
    teacher.follow("Say in a few sentences what the lesson is about.")
    teacher.page.wait_for_url("**/edit/#*")
    assert teacher.page.evaluate("document.querySelector(':target').name") == "abstract"
    teacher.fill(nomination=str(competition.nominations.get().pk), abstract="First thought.")
    teacher.fill(**{"steps-0-title": "Ask", "steps-0-text": "They ask a model."})
    hand_in(teacher)
    teacher.follow("Receipt")
    teacher.look("SHA-256", "Sorokina Anna")
    first = stored(entry).sha256
    teacher.page.get_by_role("link", name="Back").click()
    teacher.look("you can open it again, change it and hand it in once more")
    teacher.press("Change it again")
    teacher.look("It is a draft again.")
    edit(teacher, entry)
    teacher.fill(abstract="Second thought.")
    hand_in(teacher)
    it = stored(entry)
    assert (it.state, it.abstract, it.sha256 == first) == ("submitted", "Second thought.", False)
    assert OutboxMail.objects.filter(template="competitions/receipt", about_id=it.public_id).count() == 2
    Competition.objects.filter(pk=competition.pk).update(closes_at=now())
    teacher.page.reload()
    teacher.look("The coordinators look at it, then the jury judges it.")
    assert teacher.page.get_by_role("button", name="Change it again").count() == 0


def hand_in(teacher):
    teacher.press("Save and check")
    teacher.page.wait_for_url("**/check/**")  # the form says "Nothing is missing" too, when it has saved itself
    teacher.look("Nothing is missing")
    teacher.press("Hand in")
    teacher.look("Your entry is handed in")


def test_a_lost_sign_in_loses_no_word(visit, entry):
    teacher = visit("teacher")
    edit(teacher, entry)
    Session.objects.all().delete()
    teacher.fill(abstract="Written while signed out.")
    says(teacher, "You are signed out")
    assert stored(entry).abstract == ""
    teacher.look()
    other = teacher.context.new_page()
    teacher.page, writing = other, teacher.page
    teacher.sign_in("teacher@example.org")
    teacher.page = writing
    writing.evaluate("dispatchEvent(new Event('focus'))")
    says(teacher, "Saved at")
    assert stored(entry).abstract == "Written while signed out."


def test_signing_in_in_the_same_window_brings_the_text_back(visit, entry):
    teacher = visit("teacher")
    edit(teacher, entry)
    Session.objects.all().delete()
    teacher.fill(abstract="Kept on the device.")
    says(teacher, "You are signed out")
    teacher.sign_in("teacher@example.org")
    edit(teacher, entry)
    says(teacher, "Saved at")
    assert stored(entry).abstract == "Kept on the device."


def test_without_a_network_the_text_waits_on_the_device(visit, entry):
    teacher = visit("teacher")
    edit(teacher, entry)
    teacher.page.wait_for_load_state("networkidle")
    teacher.context.set_offline(True)
    teacher.page.wait_for_function("!navigator.onLine")
    teacher.fill(abstract="Written in a train.")
    says(teacher, "The network is away")
    teacher.context.set_offline(False)
    says(teacher, "Saved at")
    assert stored(entry).abstract == "Written in a train."


def test_the_later_window_is_told_and_decides(visit, entry):
    teacher = visit("teacher")
    edit(teacher, entry)
    first, second = teacher.page, teacher.context.new_page()
    second.goto(first.url)
    first.locator("[name=abstract]").fill("First window.")
    first.locator(LINE).filter(has_text="Saved at").wait_for()
    second.locator("[name=abstract]").fill("Second window.")
    second.get_by_text("This is what it says there").wait_for()
    assert (stored(entry).abstract, second.locator("[data-autosave-clash] dd").inner_text()) == (
        "First window.", "First window.",
    )  # fmt: skip
    second.get_by_role("button", name="Save what stands here").click()
    second.locator(LINE).filter(has_text="Saved at").wait_for()
    assert stored(entry).abstract == "Second window."


def test_two_windows_that_write_in_different_places_do_not_meet(visit, entry):
    teacher = visit("teacher")
    edit(teacher, entry)
    first, second = teacher.page, teacher.context.new_page()
    second.goto(first.url)
    first.locator("[name=abstract]").fill("First window.")
    first.locator(LINE).filter(has_text="Saved at").wait_for()
    second.locator("[name=subject]").fill("Ethics")
    second.locator(LINE).filter(has_text="Another window has changed Abstract").wait_for()
    second.get_by_role("button", name="Save and check").click()
    second.wait_for_url("**/check/")
    it = stored(entry)
    assert (it.abstract, it.subject) == ("First window.", "Ethics")


def test_without_a_script_steps_are_written_and_moved(visit, entry):
    teacher = visit("teacher", java_script_enabled=False)
    edit(teacher, entry)
    teacher.fill(**{"steps-0-title": "Ask"})
    teacher.press("Save the draft")
    teacher.look("Your draft is saved.")
    teacher.fill(**{"steps-1-title": "Check"})
    teacher.press("Up Step 2")
    assert [it.title for it in entry.steps.all()] == ["Check", "Ask"]
