"""A crawler reads whatever each kind of juror can fetch, and finds nothing of who wrote what.

Five teams are there in every planting, and three of them enter; in the second planting others do, in another order.
What a juror fetches must be the same to the letter in both: then no word, number, order, size or header says who
entered, or what. And where entries are read, no word that was planted on an author may stand at all.
"""

import difflib
import logging
import random
import re
from contextlib import contextmanager

import pytest
import time_machine
from factory.django import DjangoModelFactory

from cluster_portal import public_id
from cluster_portal.models import OutboxMail
from competitions.actions import assigning
from competitions.masking import Mask
from competitions.models import Juror
from tests import factories as make
from tests.competitions.crawling import Reader, addresses, found_in, text_of, undone
from tests.competitions.planting import BEGIN, JUDGING, decide, files_of, judge, plant

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("demo", "plain_refusals", "quiet"),
    pytest.mark.filterwarnings("ignore:The default scheme will be changed"),  # forms of the back room
]
ONE, OTHER = (0, 1, 2), (2, 3, 4)
PANEL = ("teacher", "regional", "cluster", "contact", "instructor", "superuser", "declined", "invited")
DAILY = {"superuser"}  # who could see most; the others with `make test-all`
KINDS = [pytest.param(it, marks=() if it in DAILY else pytest.mark.big) for it in PANEL]
# Where entries are read, kept and judged; institutions stand in a list from which jurors declare conflicts.
BLIND = (
    "/reviews/", "/jury/", "/entries/", "/authorships/", "/files/", "/desk/competitions/",
    "/competitions/plans-of-june/",
)  # fmt: skip
CHOICES = re.compile(r"<option.*?</option>", re.DOTALL)


@pytest.fixture
def quiet():
    """Thousands of refusals are no news."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def planted(settings, tmp_path, monkeypatch):
    """Plant a world that is undone afterwards: with the same ids and times for the same dice."""

    @contextmanager
    def planting(order=ONE, panel=PANEL):
        dice = random.Random("ids")
        monkeypatch.setattr(public_id, "secrets", dice)
        monkeypatch.setattr(assigning, "chance", dice)
        settings.MEDIA_ROOT = tmp_path / str((order, panel))
        for it in vars(make).values():
            if isinstance(it, type) and issubclass(it, DjangoModelFactory) and it._meta.model:
                it.reset_sequence(0, force=True)
        with undone(), time_machine.travel(BEGIN, tick=False) as clock:
            world = plant(order)
            clock.move_to(JUDGING)
            judge(world, panel)
            yield world

    return planting


def heard_by(person, world, whole=False, but=()):
    """All that somebody can fetch, press and find, and the mails to them."""
    team = world.teams[2]
    name = team.people["lead"].family_name
    reader = Reader(person, (name, f"{name[:-2]}x", team.host, team.people["lead"].email))
    pages = [it for it in addresses(whole) if not it.startswith(but)]
    reader.read(pages, most_links=600 if whole else 40)
    for address in [it for _method, it in reader.heard if it.endswith(("/act/", "/conflicts/", "/hand-back/"))]:
        reader.post(address, {})
    mails = OutboxMail.objects.filter(to=person).order_by("pk").values("template", "subject", "body_text", "calendar")
    return reader.heard | {("MAIL", str(number)): str(it) for number, it in enumerate(mails)}


def telling(heard, world, order=ONE):
    """The addresses where entries are read, and mails, in which a word of a team that entered stands."""
    words = tuple(word for number in order for word in world.teams[number].words)
    decided = ("plans-of-last-june", *(it.plan.entry.public_id for it in world.teams))  # there everybody may know
    found = {}
    for (method, address), said in heard.items():
        if method == "MAIL" or (address.startswith(BLIND) and not any(it in address for it in decided)):
            found[method, address] = found_in(CHOICES.sub("", said), words)
    return {it: told for it, told in found.items() if told}


def differing(one, other):
    """Of each address that answers otherwise, a few of the lines that differ; and what is not there in both."""
    found = {it: ["only once"] for it in one.keys() ^ other.keys()}
    for it in one.keys() & other.keys():
        here, there = ([line for line in said[it].splitlines() if line.strip()] for said in (one, other))
        if here != there:
            found[it] = [line[:300] for line in difflib.unified_diff(here, there, lineterm="", n=0)][2:12]
    return found


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.big)])
@pytest.mark.parametrize("name", KINDS)
def test_a_juror_reads_the_same_whoever_has_entered(name, whole, planted):
    with planted(ONE) as world:
        here = heard_by(world.jurors[name], world, whole)
        told = telling(here, world)
    with planted(OTHER) as world:
        there = heard_by(world.jurors[name], world, whole)
    assert (told, differing(here, there)) == ({}, {})
    if name not in {"declined", "invited"}:
        read = [said for (_method, address), said in here.items() if address.startswith("/reviews/")]
        assert sum("[hidden]" in it for it in read) >= 10  # pages and files of two entries at least


def test_the_crawler_hears_every_word_from_whoever_keeps_the_competition(planted):
    """Otherwise it would be deaf, and its silence would prove nothing."""
    with planted(ONE) as world:
        heard = heard_by(world.keeper, world, but="/admin/")
        team = world.teams[2]
        words = [team.school.name, team.school.short_name, team.number, team.host]
        words += [name for who in ("lead", "co_author", "child") for name in team.people[who].full_name.split()]
        everything = "\n".join(said for it, said in heard.items() if it[0] == "GET")
    assert found_in(everything, tuple(it.lower() for it in words)) == [it.lower() for it in words]


def test_the_crawler_is_red_when_texts_are_not_masked(planted, monkeypatch):
    """And so proves that it sees what it looks for: one text, a file within a file, a title in a list."""
    monkeypatch.setattr(Mask, "found_in", lambda *_: [])
    with planted(ONE) as world:
        reader = Reader(world.jurors["teacher"], within=("/jury/", "/reviews/"))
        reader.read(["/jury/"], most_links=40)
        told = telling(reader.heard, world)
    assert {re.sub("[a-z0-9]{12}", "id", address) for _method, address in told} >= {
        "/jury/id/", "/reviews/id/", "/reviews/id/files/1/", "/reviews/id/files/2/", "/reviews/id/files/3/",
        "/reviews/id/files/4/",
    }  # fmt: skip


def test_the_crawler_is_red_when_whoever_judges_is_not_blind(planted, monkeypatch):
    monkeypatch.setattr("competitions.models.entries.judged_blindly_by", lambda _person: Juror.objects.none())
    heard = []
    for order in (ONE, OTHER):
        with planted(order) as world:
            reader = Reader(world.jurors["superuser"])
            reader.read(["/desk/outbox/", "/desk/audit/"], most_links=0)
            heard.append(reader.heard)
    assert set(differing(*heard)) == {("GET", "/desk/outbox/"), ("GET", "/desk/audit/")}


def test_every_file_that_is_planted_can_be_read_here(planted):
    """What the crawler looks for stands in each of these files, as far as the crawler reads them."""
    with planted(ONE) as world:
        team = world.teams[0]
        silent = [name for name, content in files_of(team).items() if not found_in(text_of(content), team.words)]
    assert silent == []


@pytest.mark.parametrize("who", ["lead", pytest.param("co_author", marks=pytest.mark.big)])
def test_an_author_reads_the_same_whoever_judges(who, planted):
    """Before the results, and after them: of jurors neither names nor how many words of theirs."""
    heard = []
    for panel in (("plain0", "plain1"), ("plain3", "plain2")):
        with planted(ONE, panel) as world:
            author = world.teams[0].people[who]
            heard.append(heard_by(author, world, but=("/desk/", "/admin/")))
            decide(world)
            after = heard_by(author, world, but=("/desk/", "/admin/"))
            heard[-1] |= {(f"{it[0]} then", it[1]): said for it, said in after.items()}
            judges = [world.jurors[it] for it in panel]
            names = tuple(it.lower() for one in judges for it in (one.family_name, one.given_name, one.email))
            told = {it: found for it, said in heard[-1].items() if (found := found_in(CHOICES.sub("", said), names))}
            assert told == {}
    assert differing(*heard) == {}
    assert any("Go on." in said for it, said in heard[0].items() if it[0] == "GET then")
