"""A juror judges by keyboard only, rubric beside the plan; the coordinator assigns before, another has no script."""

import os

import pytest

from competitions.models import LevelExample, Review, Step
from members.models import Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def competition(portal):
    it = make.CompetitionFactory(title="Plans of June", jurors_per_entry=1)
    make.NominationFactory(competition=it, title="Primary school")
    for position, title in enumerate(("Idea", "Ethics and privacy"), 1):
        criterion = make.CriterionFactory(competition=it, title=title, position=position, description="What matters.")
        LevelExample.objects.create(criterion=criterion, score=0, text="Nothing of it.")
        LevelExample.objects.create(criterion=criterion, score=5, text="Ready to be taught tomorrow.")
    for number in (1, 2):
        author = make.PersonFactory(family_name="Zzyzxova", given_name="Olga", email=f"author-{number}@example.org")
        entry = make.EntryFactory(competition=it, state="admitted", title=f"Plan {number} by Zzyzxova")
        make.AuthorshipFactory(entry=entry, person=author, affiliation=make.AffiliationFactory(person=author))
        Step.objects.create(entry=entry, position=1, title="Ask", minutes=10, text="O. Zzyzxova asks a **model**.")
    make.JurorFactory(competition=it, person=Person.objects.get(email="teacher@example.org"))
    return it


def picture(visitor, name):
    """For whoever wants to look: PICTURES=folder makes pictures of the pages that this passes."""
    if folder := os.environ.get("PICTURES"):
        for width in (1280, 390):
            visitor.page.set_viewport_size({"width": width, "height": 800})
            visitor.page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        visitor.page.set_viewport_size({"width": visitor.width, "height": visitor.height})


def focused(visitor):
    return visitor.page.evaluate("document.activeElement.name + '=' + document.activeElement.value")


def test_the_coordinator_assigns_and_a_juror_judges_by_keyboard_alone(visit, competition):
    coordinator = visit("coordinator")
    coordinator.go(f"/desk/competitions/{competition.slug}/jury/")
    coordinator.look("Assign jurors: 2 entries lack some")
    picture(coordinator, "desk-jury")
    coordinator.follow("Assign jurors")
    coordinator.look("Assign 2 readings and tell the jurors")
    picture(coordinator, "desk-assign")
    coordinator.press("Assign 2 readings")
    coordinator.look("2 readings are assigned")
    coordinator.follow("Plan 1 by Zzyzxova")
    coordinator.look("Who else could")
    picture(coordinator, "desk-entry")
    juror = visit("teacher")
    juror.go("/jury/")
    juror.look("0 of 2 reviews given")
    picture(juror, "juries")
    juror.by_key("Open the list", to="**/jury/*/")
    juror.look("Whom you should not judge")
    picture(juror, "juror")
    juror.by_key("Read the next", to="**/reviews/*/")
    first = juror.page.url
    assert "zyzx" not in juror.page.content().lower()
    judge(juror)
    juror.page.wait_for_url(lambda address: "/reviews/" in address and address != first)
    juror.look("Here is the next entry.")
    assert Review.objects.completed().filter(entry__competition=competition).count() == 1
    juror.page.keyboard.press("p" if juror.page.locator("[data-previous]").count() else "n")
    juror.page.wait_for_url(first)
    juror.look("See what the others gave")
    picture(juror, "review-given")


def judge(juror):
    """Score and comment with the keys of the page, then give by Tab and Enter."""
    keys = juror.page.keyboard
    keys.press("?")
    juror.sees("next and previous criterion")
    juror.look()
    picture(juror, "review")
    keys.press("?")
    keys.press("j")
    keys.press("4")
    assert focused(juror).endswith("=4")
    keys.press("j")
    keys.press("2")
    keys.press("k")
    keys.press("3")
    assert focused(juror).endswith("=3")
    keys.press("j")
    keys.press("j")
    keys.type("jkn 123: a good plan.")
    juror.page.locator("[data-autosave-line] span").filter(has_text="Saved at").wait_for()
    juror.sees("2 of 2 criteria scored")
    review = Review.objects.get(for_author="jkn 123: a good plan.")
    assert [it.value for it in review.scores.all()] == [3, 2]
    keys.press("Escape")
    keys.press("5")
    juror.by_key("^Give this review$")


def test_by_keyboard_alone_a_juror_says_yes_names_a_conflict_and_hands_back(visit, competition):
    person = Person.objects.get(email="juror@example.org")
    it = make.JurorFactory(competition=competition, person=person, state="invited")
    juror = visit("juror")
    juror.go("/jury/")
    juror.by_key("^Answer", to="**/jury/*/")
    keys = juror.page.keyboard
    juror.tab_to("^Entries I can read")
    keys.press("Control+A")
    keys.type("3")
    juror.by_key("^Accept$")
    juror.sees("Nothing is assigned to you yet.")
    juror.tab_to("^Institution")
    keys.type("School 5")
    juror.by_key("^Declare it$")
    juror.sees("Noted.")
    it.refresh_from_db()
    assert (it.state, it.capacity, str(it.conflicts.get().institution)) == ("active", 3, "School 5")
    review = make.ReviewFactory(juror=it, entry=competition.entries.first())
    juror.page.reload()
    juror.by_key("^Read the next$", to="**/reviews/*/")
    juror.by_key("^Hand it back$", to="**/hand-back/")
    juror.tab_to("^Why")
    keys.type("I have seen this lesson.")
    juror.by_key("^Hand it back$")
    juror.sees("The entry goes to somebody else.")
    review.refresh_from_db()
    assert (review.state, review.withdrawn_because) == ("withdrawn", "I have seen this lesson.")


def test_without_a_script_a_juror_judges_as_well(visit, competition):
    juror = make.JurorFactory(competition=competition, person=Person.objects.get(email="contact@example.org"))
    make.ReviewFactory(juror=juror, entry=competition.entries.first())
    visitor = visit("contact", java_script_enabled=False)
    visitor.go(juror.get_absolute_url())
    visitor.follow("Read the next")
    scores = {f"score-{it.public_id}": "4" for it in competition.criteria.all()}
    for name, value in scores.items():
        visitor.page.locator(f"[name={name}][value='{value}']").check()
    visitor.press("Give this review")
    visitor.sees("That was the last one")
