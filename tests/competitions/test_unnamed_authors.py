"""Plans by a child whose name nobody let us show: they name it nowhere, neither in texts nor in files nor by search."""

import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cluster_portal.pdf import render_pdf
from cluster_portal.uploads import keep_upload
from competitions import actions, blind, plan_paper
from competitions.models import Competition, Entry, EntryFile, Plan
from members.actions import decide
from members.models import Purpose
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
FILE, PAPER = "Masha Ivanova 5B.txt", "Masha Ivanova paper.pdf"


@pytest.fixture
def guardian():
    return make.GuardianshipFactory(
        child=make.ChildFactory(given_name="Masha", family_name="Ivanova"), guardian__family_name="Guardson"
    )


@pytest.fixture
def texts():
    return {it: make.ConsentTextFactory(purpose=it) for it in (Purpose.WORK, Purpose.NAME)}


def decided(guardian, texts, purpose, decision="granted"):
    decide(guardian.child, purpose, decision, by=guardian.guardian, channel="link", text=texts[purpose])


def keep(entry, name, content) -> EntryFile:
    upload = keep_upload(ContentFile(content, name), about=entry, by=None)
    return EntryFile.objects.create(entry=entry, upload=upload, title=upload.name)


def written(guardian, **facts) -> Plan:
    """A plan in the library by the child and by a teacher who is named."""
    competition = make.CompetitionFactory(state=Competition.State.CONCLUDED)
    told = {name: f"{name} by Masha Ivanova, Sokolova" for name in ("abstract", "objectives", "risks", "materials")}
    told |= {"title": "Masha Ivanova: robots", "subject": "Robots of Ivanova"} | facts
    entry = make.EntryFactory(competition=competition, state="admitted", place="first", **told)
    entry.steps.create(position=1, title="Ivanova begins", text="Masha says hello.")
    entry.tools.create(name="Ivanova-bot", use="As Ivanova does")
    teacher = make.PersonFactory(given_name="Vera", family_name="Sokolova")
    for person in (guardian.child, teacher):
        author = make.AuthorshipFactory(entry=entry, person=person, is_lead=person == teacher)
        actions.decide_publishing(author, by=person, yes=True)
    keep(entry, FILE, b"I am Masha Ivanova, and this is a worksheet.")
    keep(entry, PAPER, render_pdf("competitions/plan", plan_paper._facts(Plan.objects.for_page().get(entry=entry))))
    return Plan.objects.get(entry=entry)


@pytest.fixture
def plan(guardian, texts) -> Plan:
    decided(guardian, texts, Purpose.WORK)
    return written(guardian)


def of(plan, name, *rest):
    return reverse(f"competitions:{name}", args=[plan.slug, *rest])


def read(answer) -> str:
    return (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace").lower()


def test_nothing_that_everybody_reads_names_the_child(client, plan, monkeypatch):
    drawn = []
    monkeypatch.setattr(plan_paper, "render_pdf", lambda _name, facts: drawn.append(str(facts)) or b"%PDF-")
    make.EntryFactory(competition=plan.entry.competition, adapted_from=plan)
    pages = [plan.get_absolute_url(), of(plan, "plan_dc"), of(plan, "plan_pdf"), "/library/", "/library/feed/", "/"]
    pages += ["/search/?q=robots", plan.entry.competition.get_absolute_url(), of(plan, "plan_zip")]
    pages += [of(plan, "plan_file", plan.entry.files.get(title=FILE).public_id)]
    for page in pages:
        answer = client.get(page)
        said = f"{answer.headers} {read(answer)}".lower()
        assert answer.status_code == 200, page
        assert [it for it in ("ivanova", "masha") if it in said] == [], page
    assert len(drawn) == 2
    assert "ivanova" not in drawn[0].lower()
    assert "sokolova" in client.get(pages[0]).content.decode().lower()


def test_the_zip_holds_copies_and_says_what_is_left_out(client, plan):
    with zipfile.ZipFile(io.BytesIO(client.get(of(plan, "plan_zip")).getvalue())) as archive:
        assert [it for it in archive.namelist() if it.endswith(".txt")] == [
            "LICENSE.txt", "ATTRIBUTION.txt", "01 [hidden] 5B.txt", "LEFT-OUT.txt",
        ]  # fmt: skip
        assert archive.read("01 [hidden] 5B.txt") == b"I am [hidden], and this is a worksheet."
        assert archive.read("LEFT-OUT.txt").decode() == (
            "The file “[hidden] paper.pdf” is left out: it may name an author whose name is not shown.\n"
        )


def test_a_file_that_cannot_be_copied_is_left_out_with_a_sentence(client, plan):
    sentence = "The file “[hidden] paper.pdf” is left out"
    assert sentence in client.get(plan.get_absolute_url()).content.decode()
    paper = plan.entry.files.get(title=PAPER)
    answer = client.get(of(plan, "plan_file", paper.public_id), follow=True)
    assert [str(it)[: len(sentence)] for it in answer.context["messages"]] == [sentence]


def test_nobody_finds_the_plan_by_the_name_nor_reads_it_in_the_address(client, plan):
    assert "ivanova" not in plan.words
    assert plan.slug == "robots"
    for page in ("/library/?q=Ivanova", "/search/?q=Ivanova"):
        assert plan.get_absolute_url() not in client.get(page).content.decode(), page
    assert plan.get_absolute_url() in client.get("/library/?q=robots").content.decode()


def test_with_the_consent_the_name_comes_and_with_the_no_it_goes_from_words_and_address(client, plan, guardian, texts):
    decided(guardian, texts, Purpose.NAME)
    plan.refresh_from_db()
    assert "ivanova" in plan.words
    assert "Masha Ivanova: robots" in client.get(plan.get_absolute_url()).content.decode()
    assert "%pdf-" in read(client.get(of(plan, "plan_file", plan.entry.files.get(title=PAPER).public_id)))
    named = written(guardian, title="Ivanova and the sea")
    assert named.slug == "ivanova-and-the-sea"
    decided(guardian, texts, Purpose.NAME, "withdrawn")
    named.refresh_from_db()
    assert (named.slug, "ivanova" in named.words) == ("and-the-sea", False)


def test_unnamed_authors_cost_as_many_queries_for_three_plans_as_for_one(client, plan, guardian):
    counts = []
    for more in (0, 2):
        for number in range(more):
            written(guardian, title=f"Plan {number}")
        client.get("/library/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/library/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_jurors_of_an_open_competition_do_not_read_the_name_either(plan):
    Competition.objects.filter(pk=plan.entry.competition_id).update(is_blind=False)
    entry = blind.for_masking(Entry.objects.filter(pk=plan.entry_id)).get()
    shown = blind.shown_to_jurors(entry)
    assert shown.authors == ("(name not shown)", "Sokolova Vera")
    assert "Ivanova" not in repr(shown)
    assert "Sokolova" in shown.materials
    assert blind.titles_for_jurors([entry]) == {entry.pk: "[hidden]: robots"}
    assert blind.file_for_jurors(entry, 1)[2] == b"I am [hidden], and this is a worksheet."
