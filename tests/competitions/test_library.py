"""The open library: who stands in it and when, what its pages and papers say, and how a plan leaves it everywhere."""

import io
import json
import re
import zipfile

import pytest
from defusedxml import ElementTree
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now

from cluster_portal.moves import Refused
from cluster_portal.uploads import keep_upload
from competitions import actions
from competitions.library import attribution_of, named, why_not_in_library
from competitions.models import Competition, Entry, EntryFile, Plan, Thanks, UsageNote
from members.models import Purpose
from tests import factories as make

pytestmark = pytest.mark.django_db
DC = "{http://purl.org/dc/elements/1.1/}"


def decided(**facts) -> Entry:
    """An entry of a competition whose results are out, with one author who agrees."""
    competition = make.CompetitionFactory(state=Competition.State.CONCLUDED)
    facts = {"state": "admitted", "place": "first", "competition": competition} | facts
    entry = make.EntryFactory(**facts)
    agreed(entry, given_name="Vera", family_name="Sokolova")
    return entry


def agreed(entry: Entry, person=None, **names):
    it = make.AuthorshipFactory(
        entry=entry, person=person or make.PersonFactory(**names), is_lead=not entry.authorships.exists()
    )
    actions.decide_publishing(it, by=it.person, yes=True)
    return it


@pytest.fixture
def plan() -> Plan:
    entry = decided()
    actions.settle_plan(entry)
    return entry.plan


def stands(entry: Entry) -> bool:
    return Plan.objects.public().filter(entry=entry).exists()


def test_a_plan_joins_when_its_last_author_agrees():
    entry = decided()
    second = make.AuthorshipFactory(entry=entry, is_lead=False)
    actions.settle_plan(entry)
    assert (stands(entry), why_not_in_library(entry)) == (False, "Not every author has agreed to publishing it.")
    actions.decide_publishing(second, by=second.person, yes=True)
    assert stands(entry)


def test_taking_consent_back_takes_the_plan_out_and_giving_it_again_brings_it_back(plan):
    author = plan.entry.authorships.get()
    actions.pick_plan(plan, by=make.CoordinatorFactory().person, note="Try it.")
    actions.decide_publishing(author, by=author.person, yes=False)
    assert not stands(plan.entry)
    assert not hasattr(Plan.objects.get(pk=plan.pk), "pick")
    actions.decide_publishing(author, by=author.person, yes=True)
    assert stands(plan.entry)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"place": ""}, "A plan joins the library after the results of its competition."),
        ({"licence": ""}, "The plan has no licence."),
    ],
)
def test_why_a_plan_does_not_stand_there_is_said(facts, sentence):
    entry = decided(**facts)
    assert why_not_in_library(entry) == sentence
    with pytest.raises(Refused, match=sentence):
        actions.put_into_library(entry, by=make.CoordinatorFactory().person)


def test_a_participants_plan_joins_only_when_a_coordinator_wants_it():
    entry, coordinator = decided(place="participant"), make.CoordinatorFactory().person
    actions.settle_plan(entry)
    assert not stands(entry)
    actions.put_into_library(entry, by=coordinator)
    assert stands(entry)


def test_what_a_coordinator_took_out_stays_out_until_somebody_puts_it_in(plan):
    coordinator = make.CoordinatorFactory().person
    actions.take_out_of_library(plan, by=coordinator)
    actions.settle_library()
    assert not stands(plan.entry)
    actions.put_into_library(plan.entry, by=coordinator)
    assert stands(plan.entry)


def test_a_childs_plan_waits_for_the_guardian_and_goes_with_the_no():
    make.ConsentTextFactory(purpose=Purpose.WORK)
    child = make.ChildFactory()
    make.GuardianshipFactory(child=child)
    entry = decided()
    agreed(entry, person=child)
    assert not stands(entry)
    assert "decide for a child" in why_not_in_library(entry)


def test_a_name_that_may_not_be_shown_is_not_shown(plan):
    child = make.ChildFactory(given_name="Petya")
    author = make.AuthorshipFactory(entry=plan.entry, person=child, is_lead=False)
    assert named([author]) == ["an author who is not named"]


def everything_of(client, plan) -> list[tuple[str, bytes, int]]:
    """Every address under which something of a plan is read, with what it says."""
    names = ["plan", "plan_pdf", "plan_zip", "plan_dc"]
    addresses = [reverse(f"competitions:{name}", args=[plan.slug]) for name in names]
    addresses += [reverse("competitions:plan_file", args=[plan.slug, it.public_id]) for it in plan.entry.files.all()]
    addresses += [
        reverse("competitions:library"),
        reverse("competitions:library_feed"),
        "/search/?q=" + plan.entry.title,
    ]
    answers = [(it, client.get(it)) for it in addresses]
    return [
        (it, b"".join(answer) if answer.streaming else answer.content, answer.status_code) for it, answer in answers
    ]


@pytest.fixture
def with_file(plan):
    file = EntryFile(entry=plan.entry, title="Worksheet")
    upload = SimpleUploadedFile("worksheet.txt", b"Ask the model twice.")
    file.upload = keep_upload(upload, about=file, by=None)
    file.save()
    return plan


def test_a_plan_that_is_taken_out_is_gone_everywhere(client, with_file):
    title = with_file.entry.title
    before = everything_of(client, with_file)
    assert {status for _address, _said, status in before} == {200}
    author = with_file.entry.authorships.get()
    actions.decide_publishing(author, by=author.person, yes=False)
    after = everything_of(client, with_file)
    assert [status for _address, _said, status in after] == [410, 404, 404, 404, 404, 200, 200, 200]
    assert [address for address, said, _status in after if title.encode() in said and "search" not in address] == []


def test_the_page_names_authors_licence_and_how_to_say_it(client, plan):
    page = client.get(plan.get_absolute_url()).content.decode()
    assert "Vera Sokolova" in page or "Sokolova Vera" in page
    assert "licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)" in page
    assert str(attribution_of(Plan.objects.for_page().get(pk=plan.pk))).replace("&", "&amp;")[:20] in page.replace(
        "&quot;", '"'
    )
    assert "https://creativecommons.org/licenses/by/4.0/" in page


def test_search_engines_and_catalogues_read_the_same(client, plan):
    page = client.get(plan.get_absolute_url()).content.decode()
    said = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1])
    assert (said["@type"], said["name"], said["timeRequired"]) == ("LearningResource", plan.entry.title, "PT45M")
    record = ElementTree.fromstring(client.get(reverse("competitions:plan_dc", args=[plan.slug])).content)
    assert record.find(f"{DC}title").text == plan.entry.title
    assert record.find(f"{DC}rights").text == "https://creativecommons.org/licenses/by/4.0/"
    assert f'<meta name="DC.title" content="{plan.entry.title}">' in page


def test_the_zip_holds_paper_files_licence_and_attribution(client, with_file):
    answer = client.get(reverse("competitions:plan_zip", args=[with_file.slug]))
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert archive.namelist() == [f"{with_file.slug}.pdf", "LICENSE.txt", "ATTRIBUTION.txt", "01 worksheet.txt"]
        assert archive.read("01 worksheet.txt") == b"Ask the model twice."
        assert archive.read("LICENSE.txt").startswith(b"CC-BY-4.0\n")


@pytest.mark.parametrize("language", ["en", "ru", "ko"])
def test_the_paper_is_drawn(client, plan, language):
    Entry.objects.filter(pk=plan.entry_id).update(language=language)
    assert client.get(reverse("competitions:plan_pdf", args=[plan.slug])).content.startswith(b"%PDF-")


def test_the_library_is_narrowed_and_says_how_many(client, plan):
    other = decided(title="Robots in the garden", subject="Biology", stage_from=1, stage_until=3, minutes=90)
    other.tools.create(name="Teachable Machine", use="To sort leaves.")
    actions.settle_plan(other)

    def shown(query: str) -> list[str]:
        page = client.get("/library/" + query)
        return [it.entry.title for it in page.context["page"]]

    assert sorted(shown("")) == sorted([plan.entry.title, other.title])
    for query in ("?subject=Biology", "?stage=2", "?tool=Teachable+Machine", "?minutes=90", "?q=robbots", "?q=ROBOTS"):
        assert shown(query) == [other.title], query
    assert shown("?stage=11") == []
    assert shown("?picked=on") == []
    assert len(shown("?stage=nonsense&licence=x")) == 2
    assert "Biology (1)" in client.get("/library/").content.decode()


def test_lineage_is_shown_both_ways_and_a_source_that_is_gone_has_no_name(client, plan):
    child = decided(title="An adaptation", adapted_from=plan)
    actions.settle_plan(child)
    assert child.title in client.get(plan.get_absolute_url()).content.decode()
    assert plan.entry.title in client.get(child.plan.get_absolute_url()).content.decode()
    actions.take_out_of_library(plan, by=make.CoordinatorFactory().person)
    page = client.get(child.plan.get_absolute_url()).content.decode()
    assert "Adapted from a plan that was taken out of the library." in page
    assert plan.entry.title not in page


def test_thanks_count_once_and_can_be_taken_back(client, plan):
    teacher = make.PersonFactory()
    client.force_login(teacher)
    address = reverse("competitions:plan_thank", args=[plan.slug])
    for _time in range(2):
        client.post(address)
    assert Thanks.objects.count() == 1
    client.post(address, {"back": "yes"})
    assert Thanks.objects.count() == 0
    assert client.get(address).status_code == 405


def test_nobody_thanks_themselves(plan):
    author = plan.entry.authorships.get().person
    with pytest.raises(Refused, match="This is your own plan"):
        actions.thank_authors(plan, by=author)


def test_a_note_can_be_written_deleted_and_hidden(client, plan):
    teacher, other, coordinator = make.PersonFactory(), make.PersonFactory(), make.CoordinatorFactory().person
    client.force_login(teacher)
    client.post(reverse("competitions:plan_note", args=[plan.slug]), {"text": "It took two lessons."})
    one = UsageNote.objects.get()
    address = reverse("competitions:remove_note", args=[plan.slug, one.public_id])
    client.force_login(other)
    assert client.post(address).status_code == 404
    actions.remove_note(one, by=coordinator)
    assert UsageNote.objects.shown().count() == 0
    assert "It took two lessons." not in client.get(plan.get_absolute_url()).content.decode()
    actions.remove_note(UsageNote.objects.get(), by=teacher)
    assert UsageNote.objects.count() == 0


def test_the_same_note_twice_is_refused(plan):
    teacher = make.PersonFactory()
    actions.write_note(plan, by=teacher, text="Good.")
    with pytest.raises(Refused, match="You have written exactly this already"):
        actions.write_note(plan, by=teacher, text="Good.")


@pytest.mark.parametrize("name", ["plan_pick", "plan_take_out"])
def test_only_whoever_keeps_the_library_picks_and_takes_out(client, plan, name, demo):
    client.force_login(make.PersonFactory())
    address = reverse(f"competitions:{name}", args=[plan.slug])
    assert client.post(address, {"note": "Good"}).status_code == 404
    client.force_login(make.CoordinatorFactory().person)
    assert client.post(address, {"note": "Good"}).status_code == 302


def test_markup_of_an_author_stays_text(client):
    entry = decided(title="<b>Bold</b>", abstract="<script>alert(1)</script> [x](javascript:alert(1))")
    actions.settle_plan(entry)
    page = client.get(entry.plan.get_absolute_url()).content.decode()
    assert "<b>Bold" not in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_one_person_writes_five_notes_on_a_plan_at_most(plan):
    teacher = make.PersonFactory()
    for number in range(5):
        actions.write_note(plan, by=teacher, text=f"Lesson {number}.")
    with pytest.raises(Refused, match="as many notes on this plan as one person can"):
        actions.write_note(plan, by=teacher, text="Lesson 6.")


def test_who_copies_the_attribution_of_an_adaptation_names_its_source_with_authors_and_licence(plan):
    source = make.PlanFactory(entry__title="Source", entry__licence="CC-BY-SA-4.0")
    agreed = {"may_be_published": True, "decided_at": now()}
    make.AuthorshipFactory(entry=source.entry, person__family_name="Ivanova", person__given_name="Vera", **agreed)
    plan.entry.adapted_from = source
    plan.entry.save()
    said = str(attribution_of(Plan.objects.for_page().get(pk=plan.pk)))
    assert "Adapted from “Source” by Ivanova Vera (" in said
    assert said.endswith("licensed under CC BY-SA 4.0.")
