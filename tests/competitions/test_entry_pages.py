"""The pages of an entry: begun, written (with script and without), checked, handed in, receipt; who sees which."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.models import OutboxMail
from competitions import actions
from competitions.models import Competition, Entry
from competitions.receipt import as_bytes
from tests import factories as make
from tests.browsing import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def competition(db):
    return make.CompetitionFactory(title="June plans", asks_for="One lesson.")


@pytest.fixture
def entry(cast, competition):
    return actions.begin_entry(competition, by=cast.teacher, at=now())


def address(name, entry, *more):
    return reverse(f"competitions:{name}", args=[entry.public_id, *more])


def typed(entry, **facts):
    """What the form sends: an empty plan, and what is typed over it."""
    plain = {
        "revision": entry.revision, "title": "", "abstract": "", "subject": "", "language": "en",
        "steps-TOTAL_FORMS": 1, "steps-INITIAL_FORMS": 0, "tools-TOTAL_FORMS": 1, "tools-INITIAL_FORMS": 0,
    }  # fmt: skip
    return plain | facts


def steps(*titles):
    rows = {f"steps-{number}-title": title for number, title in enumerate(titles)}
    return rows | {"steps-TOTAL_FORMS": len(titles)}


def save(client, entry, **facts):
    """As the script does it."""
    return client.post(address("edit_entry", entry), typed(entry, **facts), headers={"accept": "application/json"})


def fresh(entry):
    return Entry.objects.get(pk=entry.pk)


def test_the_page_to_enter_says_by_what_right_and_until_when(cast, competition):
    page = at(cast.teacher).get(reverse("competitions:enter", args=[competition.slug])).content.decode()
    assert ("Begin the entry" in page, "School 1" in page, "Hand it in until" in page) == (True, True, True)


def test_who_may_not_enter_reads_why_and_finds_no_button(cast, competition):
    page = at(cast.outsider).get(reverse("competitions:enter", args=[competition.slug])).content.decode()
    assert ("Begin the entry" in page, "You do not belong to an institution yet" in page) == (False, True)


@pytest.mark.parametrize("source", ["%00", "nothing", "%D1%91"])
def test_an_address_of_no_plan_is_no_source(cast, competition, source):
    page = at(cast.teacher).get(f"/competitions/{competition.slug}/enter/?from={source}")
    assert (page.status_code, page.context["source"]) == (200, None)


def test_the_last_coordinator_who_could_keep_it_cannot_compete(cast, competition):
    make.AffiliationFactory(person=cast.coordinator, institution=cast.school)
    page = at(cast.coordinator).get(f"/competitions/{competition.slug}/enter/")
    assert "Appoint another coordinator first." in page.content.decode()
    make.CoordinatorFactory()
    page = at(cast.coordinator).get(f"/competitions/{competition.slug}/enter/")
    assert "Appoint another coordinator first." not in page.content.decode()


def test_a_title_pasted_from_word_has_one_line(cast, entry):
    save(at(cast.teacher), entry, title="Agents\x0bin class")
    assert fresh(entry).title == "Agents in class"


def test_the_button_begins_an_entry_and_leads_to_the_form(cast, competition):
    response = at(cast.teacher).post(reverse("competitions:enter", args=[competition.slug]))
    assert response.url == address("edit_entry", Entry.objects.get())


def test_a_draft_of_a_competition_is_not_found(cast):
    hidden = make.CompetitionFactory(state=Competition.State.DRAFT)
    assert at(cast.teacher).get(reverse("competitions:enter", args=[hidden.slug])).status_code == 404


PAGES = ["entry", "edit_entry", "check_entry", "authors"]


@pytest.mark.parametrize("name", PAGES)
def test_a_draft_is_its_authors_alone(cast, entry, name):
    people = [cast.teacher, cast.colleague, cast.coordinator, cast.outsider]
    assert [at(it).get(address(name, entry)).status_code for it in people] == [200, 404, 404, 404]


def test_what_is_handed_in_is_seen_by_who_keeps_the_competition_but_not_changed(cast):
    entry = make.EntryFactory(state="submitted")
    make.AuthorshipFactory(entry=entry, person=cast.teacher)
    client = at(cast.coordinator)
    assert [client.get(address(name, entry)).status_code for name in PAGES] == [200, 404, 404, 404]
    assert client.post(address("act_on_entry", entry), {"move": "withdraw"}).status_code == 403


def test_whoever_is_asked_sees_the_entry_and_answers_there(cast, entry):
    author = actions.invite_author(entry, cast.colleague.email, by=cast.teacher, at=now())
    client = at(cast.colleague)
    assert "I am an author" in client.get(address("entry", entry)).content.decode()
    assert [client.get(address(name, entry)).status_code for name in PAGES[1:]] == [404, 404, 404]
    client.post(reverse("competitions:act_on_authorship", args=[author.public_id]), {"move": "confirm"})
    assert client.get(address("edit_entry", entry)).status_code == 200


def test_the_script_saves_and_is_told_when_and_what_is_missing(cast, entry):
    told = save(at(cast.teacher), entry, title="Agents", **steps("Ask", "", "Check")).json()
    assert (told["revision"], told["said"][:8], told["parts"]["missing"]) == (
        2, "Saved at", "10 things are still missing.",
    )  # fmt: skip
    assert (fresh(entry).title, [it.title for it in entry.steps.all()]) == ("Agents", ["Ask", "Check"])


def test_saving_the_same_rows_again_keeps_them(cast, entry):
    client, rows = at(cast.teacher), steps("Ask", "Check") | {"tools-0-name": "A model"}
    for _time in range(2):
        told = save(client, fresh(entry), **rows).json()
    assert (told["revision"], entry.tools.count(), [it.title for it in entry.steps.all()]) == (2, 1, ["Ask", "Check"])


def test_what_is_not_well_formed_is_left_out_and_the_rest_is_saved(cast, entry):
    told = save(at(cast.teacher), entry, title="Agents", minutes="3", stage_from="9", stage_until="5").json()
    assert sorted(told["errors"]) == ["minutes", "stage_from", "stage_until"]
    it = fresh(entry)
    assert (it.title, it.minutes, it.stage_from) == ("Agents", None, None)


def test_a_request_that_does_not_speak_of_steps_leaves_them(cast, entry):
    client = at(cast.teacher)
    save(client, entry, **steps("Ask"))
    client.post(
        address("edit_entry", entry),
        {"revision": 2, "title": "New", "language": "en"},
        headers={"accept": "application/json"},
    )
    assert (fresh(entry).title, [it.title for it in entry.steps.all()]) == ("New", ["Ask"])


def test_the_later_window_is_told_what_the_other_saved(cast, entry):
    client = at(cast.teacher)
    save(client, entry, title="First")
    response = save(client, entry, title="Second")
    told = response.json()
    assert (response.status_code, told["revision"], told["theirs"]) == (409, 2, [["Title", "First"]])
    entry.revision = 2
    assert save(client, entry, title="Second").status_code == 200


def test_a_window_that_has_fallen_behind_saves_what_it_has_changed_itself(cast, entry):
    client = at(cast.teacher)
    base = json.dumps([[name, str(value)] for name, value in typed(entry).items() if name != "revision"])
    save(client, entry, title="First", **steps("Ask"))
    told = save(client, entry, abstract="Second", base=base).json()
    it = fresh(entry)
    assert (it.title, it.abstract, it.steps.count()) == ("First", "Second", 1)
    assert told["said"].endswith("Another window has changed Title, Course of the lesson: reload the page to read it.")


@pytest.mark.parametrize("base", ["", "[1]", "{", "[[1, 2, 3]]", "[" * 100_000])
def test_a_broken_base_is_none(cast, entry, base):
    client = at(cast.teacher)
    save(client, entry, title="First")
    assert save(client, entry, title="Second", base=base).status_code == 409


def test_after_a_sign_in_the_script_learns_the_token_and_who_reads(cast, entry):
    told = at(cast.teacher).get(address("edit_entry", entry), headers={"accept": "application/json"}).json()
    assert (told["revision"], told["reader"], bool(told["token"])) == (1, cast.teacher.public_id, True)


def test_signed_out_the_script_is_led_away_and_nothing_is_saved(entry):
    response = save(Client(), entry, title="Lost?")
    assert (response.status_code, fresh(entry).title) == (302, "")


def test_too_late_the_script_is_told_so(cast, entry):
    Competition.objects.update(opens_at=now() - timedelta(days=9), closes_at=now() - timedelta(seconds=1))
    response = save(at(cast.teacher), entry, title="Late")
    assert (response.status_code, response.json()["said"].startswith("Entries were taken until")) == (422, True)
    assert fresh(entry).title == ""


def test_without_script_the_button_saves(cast, entry):
    client = at(cast.teacher)
    response = client.post(address("edit_entry", entry), typed(entry, title="Agents", **steps("Ask")))
    assert (response.url, fresh(entry).title) == (address("edit_entry", entry), "Agents")
    page = client.get(response.url).content.decode()
    assert ("Your draft is saved." in page, 'name="steps-1-title"' in page) == (True, True)


def test_without_script_the_later_window_keeps_what_was_typed(cast, entry):
    client = at(cast.teacher)
    save(client, entry, title="First")
    page = client.post(address("edit_entry", entry), typed(entry, title="Second")).content.decode()
    assert ("Nothing of yours is lost" in page, "First" in page, 'value="Second"' in page) == (True, True, True)
    assert 'name="revision" value="2"' in page


@pytest.mark.parametrize(
    ("press", "order"),
    [
        ("steps-2-up", ["A", "C", "B"]),
        ("steps-0-down", ["B", "A", "C"]),
        ("steps-0-up", ["A", "B", "C"]),
        ("steps-2-down", ["A", "B", "C"]),
        ("steps-1-remove", ["A", "C"]),
        ("steps-9-up", ["A", "B", "C"]),
        ("steps-x-up", ["A", "B", "C"]),
        (f"steps-{'9' * 5_000}-up", ["A", "B", "C"]),
    ],
)
def test_without_script_steps_are_moved_and_taken_out_by_buttons(cast, entry, press, order):
    response = at(cast.teacher).post(address("edit_entry", entry), typed(entry, press=press, **steps("A", "B", "C")))
    assert (response.url.partition("#")[2], [it.title for it in entry.steps.all()]) == ("steps", order)


def test_the_check_lists_what_is_missing_with_the_way_to_each_field(cast, entry):
    page = at(cast.teacher).get(address("check_entry", entry)).content.decode()
    assert (f"{address('edit_entry', entry)}#id_title" in page, 'value="submit"' in page) == (True, False)


def complete(entry):
    filled = make.EntryFactory.build()
    for name in ("abstract", "subject", "stage_from", "stage_until", "minutes", "objectives", "risks", "licence"):
        setattr(entry, name, getattr(filled, name))
    entry.title = "Agents"
    entry.save()
    entry.steps.create(position=1, title="Ask", text="Students ask.")


def test_a_complete_entry_is_handed_in_and_has_a_receipt(cast, entry):
    complete(entry)
    client = at(cast.teacher)
    assert 'value="submit"' in client.get(address("check_entry", entry)).content.decode()
    response = client.post(address("act_on_entry", entry), {"move": "submit"})
    assert (response.url, fresh(entry).state) == (entry.get_absolute_url(), "submitted")
    page = client.get(address("entry_receipt", entry)).content.decode()
    assert (entry.public_id in page, fresh(entry).sha256 in page) == (True, True)
    assert client.get(address("entry_content", entry)).content == as_bytes(Entry.objects.with_parts().get(pk=entry.pk))


def test_a_draft_has_no_receipt(cast, entry):
    client = at(cast.teacher)
    names = ("entry_receipt", "entry_content")
    assert [client.get(address(name, entry)).status_code for name in names] == [404, 404]


def test_the_moment_of_arrival_counts_however_long_the_request_waits(cast, entry, monkeypatch):
    complete(entry)
    arrived = now()
    monkeypatch.setattr("cluster_portal.requests.now", lambda: arrived)
    Competition.objects.update(closes_at=arrived + timedelta(microseconds=1))  # over long before the lock is got
    at(cast.teacher).post(address("act_on_entry", entry), {"move": "submit"})
    assert (fresh(entry).state, fresh(entry).submitted_at) == ("submitted", arrived)


def test_withdrawing_is_asked_on_a_page_of_its_own(cast, entry):
    client = at(cast.teacher)
    assert address("withdraw_entry", entry) in client.get(entry.get_absolute_url()).content.decode()
    assert "Withdraw for good" in client.get(address("withdraw_entry", entry)).content.decode()
    client.post(address("act_on_entry", entry), {"move": "withdraw"})
    assert fresh(entry).state == "withdrawn"
    assert client.get(address("withdraw_entry", entry)).status_code == 404


def test_a_plan_of_the_library_leads_to_adapting_it_where_entries_are_taken(cast, competition):
    plan = make.PlanFactory(entry__title="Agents")
    make.CompetitionFactory(title="Closed", closes_at=now() - timedelta(days=1))
    client = at(cast.teacher)
    page = client.get(plan.get_absolute_url()).content.decode()
    enter = reverse("competitions:enter", args=[competition.slug]) + f"?from={plan.slug}"
    assert (enter in page, "Adapt it for June plans" in page, "Adapt it for Closed" in page) == (True, True, False)
    assert "You adapt “Agents”, CC-BY-4.0" in client.get(enter).content.decode()
    client.post(enter)
    assert Entry.objects.get(competition=competition).adapted_from == plan
    Entry.objects.filter(pk=plan.entry_id).update(licence=Entry.Licence.BY_ND)
    assert "Adapt it for" not in client.get(plan.get_absolute_url()).content.decode()


def test_what_names_the_authors_is_pointed_out_before_handing_in(cast, entry):
    complete(entry)
    Entry.objects.update(abstract=f"A lesson by {cast.teacher.full_name}.")
    page = at(cast.teacher).get(address("check_entry", entry)).content.decode()
    assert "Here the entry tells who wrote it" in page


def test_files_are_added_and_a_bad_one_does_not_keep_out_the_others(cast, entry):
    files = [SimpleUploadedFile("a.txt", b"Good."), SimpleUploadedFile("b.exe", b"MZ\x00\x01")]
    client = at(cast.teacher)
    response = client.post(address("add_entry_files", entry), {"files": files}, follow=True)
    page = response.content.decode()
    assert (entry.files.count(), "1 file is added." in page, "We take PDF" in page) == (1, True, True)
    file = entry.files.get()
    readers = [cast.teacher, cast.colleague]
    got = [at(it).get(reverse("file", args=[file.upload.public_id])) for it in readers]
    assert [it.status_code for it in got] == [200, 404]
    b"".join(got[0].streaming_content)
    client.post(address("remove_entry_file", entry, file.public_id))
    assert entry.files.count() == 0


def test_co_authors_are_asked_on_the_page_and_a_refusal_stands_beside_the_field(cast, entry):
    client = at(cast.teacher)
    client.post(address("authors", entry), {"email": cast.colleague.email})
    assert OutboxMail.objects.filter(to=cast.colleague, template="competitions/author_asked").count() == 1
    page = client.post(address("authors", entry), {"email": cast.colleague.email}).content.decode()
    assert "was asked to be one" in page
    assert cast.colleague.full_name not in page


def test_one_says_what_the_library_may_on_the_page_of_the_entry(cast, entry):
    client = at(cast.teacher)
    client.post(address("publishing", entry), {"library": "yes"})
    assert entry.authorships.get().may_be_published is True
    assert "Take that back" in client.get(address("entry", entry)).content.decode()


def test_the_lead_is_handed_over_by_the_lead_only(cast, entry):
    other = make.AuthorshipFactory(entry=entry, person=cast.colleague, is_lead=False)
    hand = reverse("competitions:hand_over_entry", args=[other.public_id])
    assert at(cast.colleague).post(hand).status_code == 404
    at(cast.teacher).post(hand)
    assert list(entry.authorships.filter(is_lead=True).values_list("person", flat=True)) == [cast.colleague.pk]


def test_ones_own_page_lists_what_one_writes_and_is_asked_about(cast, entry):
    actions.invite_author(entry, cast.colleague.email, by=cast.teacher, at=now())
    Entry.objects.update(title="Agents")
    pages = [at(it).get("/me/").content.decode() for it in (cast.teacher, cast.colleague, cast.outsider)]
    assert [("Agents" in page, "You are asked" in page) for page in pages] == [
        (True, False),
        (True, True),
        (False, False),
    ]


def test_the_list_of_my_entries_asks_the_same_for_one_and_three(cast, competition):
    client, counts = at(cast.teacher), []
    page = reverse("competitions:enter", args=[competition.slug])
    for number in (1, 2):
        for _each in range(number):
            actions.begin_entry(competition, by=cast.teacher, at=now())
        client.get(page)
        with CaptureQueriesContext(connection) as asked:
            client.get(page)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_source_that_was_taken_out_meanwhile_does_not_keep_the_draft_from_being_saved(cast, entry):
    source = make.PlanFactory(state="withdrawn")
    entry.adapted_from = source
    entry.save()
    save(at(cast.teacher), entry, title="Mine", adapted_from=source.get_absolute_url())
    assert (fresh(entry).title, fresh(entry).adapted_from) == ("Mine", source)
