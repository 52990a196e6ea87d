"""A coordinator from an empty form to the library: announced, looked through, judged, decided, published once; then
what a stranger finds in the library and what the author reads."""

from datetime import timedelta

import pytest
from django.utils.timezone import localdate, localtime, now

from cluster_portal.models import OutboxMail
from competitions.models import Competition, Entry, Juror, Plan, Review
from members.models import Certificate, Person
from tests import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TITLE = "Plans of June"
# What each plan gets on every criterion by whoever reads it; places are to follow from it.
WORTH = {"Detectives of the prompt": 5, "Weighing the leaves": 3, "A map of rumours": 1}


@pytest.fixture
def jurors():
    return [Person.objects.get(email=f"{name}@example.org") for name in ("juror", "juror2")]


def test_from_an_empty_form_to_the_results_and_the_library(visit, jurors):
    coordinator = visit("coordinator")
    competition = announce(coordinator)
    take_entries(visit, coordinator, competition, colleague_of=jurors[0])
    ask_jurors(coordinator, jurors)
    readers = [accept(visit, "juror"), accept(visit, "juror2")]
    declare(readers[1], Entry.objects.get(title="Weighing the leaves"))
    assign_and_remind(coordinator, competition)
    for reader in readers:
        judge_all(reader)
    hear_a_second_opinion(coordinator, readers, "Detectives of the prompt")
    place_and_publish(coordinator, competition)
    issue_diplomas(coordinator, competition)
    use_the_library(visit(width=390))
    read_what_the_jury_says(visit("teacher", width=390))


def announce(coordinator):
    """From the first click: the dates and the rules, two nominations, a rubric with examples of its levels."""
    coordinator.go("/desk/")
    coordinator.page.get_by_role("navigation", name="Desk").get_by_role("link", name="Competitions").click()
    coordinator.look("Every competition that you keep")
    coordinator.follow("New competition")
    coordinator.press("Save")  # what is missing is said beside the fields
    coordinator.look("New competition")
    coordinator.fill(title=TITLE, summary="Lessons that others can teach tomorrow.", jurors_per_entry="1")
    days = {"opens_at": 1, "closes_at": 20, "judged_until": 40}
    coordinator.fill(**{name: f"{localtime() + timedelta(days=n):%Y-%m-%dT%H:%M}" for name, n in days.items()})
    coordinator.fill(results_on=(localdate() + timedelta(days=45)).isoformat(), rules="Up to **four** authors.")
    coordinator.press("Save")
    coordinator.look("Add nominations and criteria, then publish it.")
    add_parts(coordinator)
    coordinator.press("Publish", exact=True)
    coordinator.look("The competition is published: everybody sees it now.")
    coordinator.follow("Public page")
    coordinator.page.locator("summary", has_text="What the levels look like").first.click()
    coordinator.look("Announced", "Ready to be taught tomorrow.", "Can I enter?")
    return Competition.objects.get(title=TITLE)


def add_parts(coordinator):
    for title in ("Primary school", "Upper years"):
        coordinator.follow("Add a nomination")
        coordinator.fill(title=title)
        coordinator.press("Save")
    for title in ("Idea", "Ethics and privacy"):
        coordinator.follow("Add a criterion")
        coordinator.fill(title=title, description="What matters.", lowest="0", highest="5", weight="1")
        coordinator.press("Save")
        coordinator.look("Now say what its levels look like.")
        coordinator.fill(example_0="Nothing of it.", example_5="Ready to be taught tomorrow.")
        coordinator.press("Save")
    coordinator.look("2 levels have an example")


def take_entries(visit, coordinator, competition, colleague_of):
    """The plans come, one by somebody from the school of a juror; after the deadline the jury is given them."""
    school = colleague_of.affiliations.first().institution
    Competition.objects.filter(pk=competition.pk).update(opens_at=now() - timedelta(days=1))
    others = [make.PersonFactory(email=f"author-{number}@example.org") for number in (1, 2)]
    authors = [Person.objects.get(email="teacher@example.org"), *others]
    homes = [authors[0].affiliations.first()]
    homes += [
        make.AffiliationFactory(person=authors[1]),
        make.AffiliationFactory(person=authors[2], institution=school),
    ]
    for author, home, title in zip(authors, homes, WORTH, strict=True):
        entry = make.EntryFactory(competition=competition, title=title, state="submitted", subject="Media")
        entry.steps.create(position=1, title="Ask", minutes=10, text="They ask a **model**.")
        entry.tools.create(name="A tutor", use="On one screen.")
        make.AuthorshipFactory(entry=entry, person=author, affiliation=home)
    teacher = visit("teacher")
    teacher.follow("Detectives of the prompt")
    teacher.look("until", "The open library")
    teacher.press("The library may publish it")
    teacher.look("You agreed that the library may publish this plan")
    coordinator.go(f"/desk/competitions/{competition.slug}/")
    coordinator.follow("Entries")
    coordinator.look("Until the deadline authors can still change what they handed in", "Weighing the leaves")
    Competition.objects.filter(pk=competition.pk).update(closes_at=now())
    coordinator.page.reload()
    coordinator.follow("Weighing the leaves")
    coordinator.look("They ask a model.")
    coordinator.page.go_back()
    coordinator.press("Admit all that wait")
    coordinator.look("3 entries are admitted.")


def ask_jurors(coordinator, jurors):
    coordinator.follow(TITLE)
    coordinator.follow("Jury", exact=True)
    coordinator.look("Nobody is asked yet")
    for person in jurors:
        coordinator.follow("Ask somebody into the jury")
        coordinator.look("sees nothing that says who wrote what")
        coordinator.fill(email=person.email)
        coordinator.press("Send the question")
        coordinator.look("A mail asks them whether they judge.")


def accept(visit, name):
    """Somebody finds the question on their page, and says how much they read."""
    juror = visit(name)
    juror.follow(TITLE)
    juror.look("Do you judge?")
    juror.fill(capacity="5")
    juror.press("Accept")
    juror.look("Nothing is assigned to you yet.")
    return juror


def declare(juror, entry):
    """A juror names what nobody can know: they have left that school long ago."""
    juror.fill(institution=str(entry.authorships.get().affiliation.institution))
    juror.press("Declare it")
    juror.look("Noted.")


def assign_and_remind(coordinator, competition):
    coordinator.go(f"/desk/competitions/{competition.slug}/jury/")
    blocked = coordinator.page.locator("[data-label='Must not read']").all_inner_texts()
    assert [it.strip().partition(":")[0] for it in blocked] == ["1 entry", "1 entry"]
    coordinator.follow("Assign jurors: 3 entries lack some")
    coordinator.look("Nothing is assigned yet.")
    assert Review.objects.filter(juror__competition=competition).count() == 0
    coordinator.press("Assign 3 readings and tell the jurors")
    coordinator.look("3 readings are assigned. The jurors are told.")
    assert mails("competitions/reviews_assigned", competition) == 2
    coordinator.press("Remind")
    coordinator.look("A mail reminds")
    assert mails("competitions/reviews_waiting", competition) == 1
    assert Review.objects.get(entry__title="A map of rumours").juror.person.email == "juror2@example.org"
    assert Review.objects.get(entry__title="Weighing the leaves").juror.person.email == "juror@example.org"


def mails(template, competition):
    """How many people are written to for this purpose."""
    about = [competition.public_id, *competition.jurors.values_list("public_id", flat=True)]
    about += competition.entries.values_list("public_id", flat=True)
    return OutboxMail.objects.filter(template=template, about_id__in=about).exclude(state="cancelled").count()


def judge_all(juror):
    """Read what is assigned, one after the other, and give each plan what it is worth."""
    mine = Juror.objects.get(person__email=juror.email, competition__title=TITLE)
    juror.go(mine.get_absolute_url())
    waiting = mine.reviews.assigned()
    juror.follow("Read the next")
    for _entry in range(waiting.count()):
        worth = WORTH[juror.page.locator("h1").inner_text()]
        for criterion in mine.competition.criteria.all():
            juror.fill(**{f"score-{criterion.public_id}": str(worth)})
        juror.fill(for_author="Clear and kind.", for_jury="A word for the jury.")
        before = juror.page.url
        juror.press("Give this review")
        juror.page.wait_for_url(lambda address, before=before: address != before)
    juror.look("That was the last one: thank you.")


def hear_a_second_opinion(coordinator, readers, title):
    coordinator.go("/desk/competitions/")
    coordinator.follow(TITLE)
    coordinator.follow("Results")
    coordinator.look("Propose places by the mean")
    coordinator.press(f"Second opinion {title}")
    coordinator.look(f"One more juror is asked to read “{title}”.")
    second = Review.objects.get(entry__title=title, is_second_opinion=True)
    judge_all(next(it for it in readers if it.email == second.juror.person.email))


def place_and_publish(coordinator, competition):
    """Places are planned and seen, then who is told; then they are out, once."""
    coordinator.page.reload()
    coordinator.press("Propose places by the mean")
    coordinator.look("3 places are changed. Nobody is told yet.")
    chosen = coordinator.page.locator("#places select option:checked").all_inner_texts()
    assert chosen == ["First place", "Second place", "Third place"]
    coordinator.fill(**{Entry.objects.get(title="A map of rumours").public_id: "Laureate"})
    coordinator.press("Save the places")
    coordinator.look("1 place is changed. Nobody is told yet.")
    assert [mails(f"competitions/{name}", competition) for name in ("results", "jury_thanked")] == [0, 0]
    coordinator.follow("On to publishing")
    coordinator.look("Authors: 3", "Jurors: 2", "afterwards no place changes")
    coordinator.press("Publish the results and write to all")
    coordinator.look("The results are out; the authors are told.")
    assert [mails(f"competitions/{name}", competition) for name in ("results", "jury_thanked")] == [3, 2]
    coordinator.go(f"/desk/competitions/{competition.slug}/results/publish/")
    coordinator.look("Protocol of the jury (PDF)")
    assert coordinator.page.locator("#places select").count() == 0


def issue_diplomas(coordinator, competition):
    protocol = coordinator.page.request.get(f"/desk/competitions/{competition.slug}/protocol.pdf")
    assert (protocol.status, protocol.body()[:5]) == (200, b"%PDF-")
    coordinator.follow("Diplomas")
    coordinator.press("Issue 5 papers, and write to their owners")
    coordinator.look("Valid", "Work in the jury", "Detectives of the prompt, First place")
    assert Certificate.objects.filter(person__in=competition.jurors.values("person")).count() == 2
    coordinator.go(competition.get_absolute_url())
    coordinator.look("Results", "First place")


def use_the_library(stranger):
    """Whoever comes by finds the plan by words and by facets, reads how to name its author, and takes it along."""
    stranger.go("/")
    stranger.page.get_by_role("contentinfo").get_by_role("link", name="Library of lesson plans").click()
    stranger.look("Detectives of the prompt")
    for name, value in (("subject", "Media (1)"), ("tool", "A tutor (1)"), ("q", "detectivs prompt")):
        with stranger.page.expect_response(lambda answer: "/library/?" in answer.url):
            stranger.fill(**{name: value})
        stranger.page.keyboard.press("Tab")  # the field is left, and the list asks no more
        stranger.page.wait_for_load_state("networkidle")
    stranger.look("1 lesson plan")
    stranger.follow("Detectives of the prompt")
    stranger.look("Say it like this when you use it", "They ask a model.")
    plan = Plan.objects.get(entry__title="Detectives of the prompt")
    teacher = Person.objects.get(email="teacher@example.org")
    said = stranger.page.locator("#attribution").input_value()
    named = (teacher.full_name, plan.entry.title, "CC BY 4.0", plan.get_absolute_url())
    assert [it in said for it in named] == [True] * 4
    for name, ending in (("Download as PDF", "pdf"), ("With all files (ZIP)", "zip")):
        with stranger.page.expect_download() as taken:
            stranger.page.get_by_role("link", name=name).click()
        assert taken.value.suggested_filename == f"{plan.slug}.{ending}"


def read_what_the_jury_says(teacher):
    """The author reads scores and comments meant for them; what the jury said among itself stays there."""
    teacher.follow("Detectives of the prompt")
    teacher.look("First place")
    teacher.follow("What the jury says")
    teacher.look("2 jurors read your entry.", "Clear and kind.", "Together these are 100.0 of 100.")
    assert "A word for the jury." not in teacher.page.content()
