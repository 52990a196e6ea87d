"""A competition whose authors bear words that stand nowhere else, and put them wherever they can.

The same people and institutions are there in each planting, with the same keys, ids and times; only who wrote what
differs. So whatever a juror reads must be the same to the letter.
"""

import io
import random
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import typst
from django.core.files.base import ContentFile
from django.db import connection
from openpyxl import Workbook
from PIL import Image, PngImagePlugin

from competitions import actions
from competitions.models import Competition, Entry, Juror, Plan, Result, Review
from members.models import Institution, Person, Tie
from members.ties import tie_together
from tests import factories as make

BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
JUDGING = BEGIN + timedelta(days=20)
CONSONANTS, VOWELS = "bdgklmnprtvz", "aeiou"
CYRILLIC = dict(zip("bdgklmnprtvzaeiou", "бдгклмнпртвзаеиоу", strict=True))
HANGUL = [chr(0xAC00 + number * 37) for number in range(200)]
TEAMS, ENTRIES = 5, 3


@dataclass(frozen=True)
class Team:
    """Who writes one entry, and where they belong. `words` is what must not be read, in small letters."""

    people: dict[str, Person]
    school: Institution
    number: str
    host: str
    phone: str
    plan: Plan
    words: tuple[str, ...]


@dataclass
class World:
    """One planting: who wrote which entry, and who judges as what."""

    competition: Competition
    teams: list[Team]
    keeper: Person
    jurors: dict[str, Person]
    entries: list[Entry] = field(default_factory=list)


class Words:
    """Words that nobody else uses: they sound like names, and begin each in another way."""

    def __init__(self, seed: str) -> None:
        self.dice, self.used = random.Random(seed), set()

    def word(self) -> str:
        while True:
            said = "".join(self.dice.choice(CONSONANTS) + self.dice.choice(VOWELS) for _ in range(4))
            if said[:4] not in self.used:
                self.used.add(said[:4])
                return said + self.dice.choice(CONSONANTS)

    def number(self) -> str:
        return str(self.dice.randrange(10_001, 99_999))


def cyrillic(word: str) -> str:
    return "".join(CYRILLIC[letter] for letter in word)


def plant(order: tuple[int, ...], seed: str = "words") -> World:
    """Entry n is written by team `order[n]`; the time stands still at BEGIN, and whoever calls goes to JUDGING."""
    with connection.cursor() as cursor:  # the same keys each time
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER SEQUENCE "{name}" RESTART WITH 700000')
    words = Words(seed)
    agreement = make.AgreementFactory(title="Network")
    make.ClauseFactory(agreement=agreement, number="2.4", right="competition", text="Teachers enter.")
    region = make.RegionFactory(name="North", slug="north")
    host = make.PartyFactory(agreement=agreement, institution__name="Host", institution__region=region).institution
    dates = {"opens_at": BEGIN - timedelta(days=1), "closes_at": BEGIN + timedelta(days=10), "host": host}
    competition = make.CompetitionFactory(title="Plans of June", jurors_per_entry=2, **dates)
    make.NominationFactory(competition=competition, title="Informatics")
    make.CriterionFactory(competition=competition, title="Idea", position=1)
    last = make.CompetitionFactory(title="Plans of last June", state="concluded", opens_at=BEGIN - timedelta(days=400))
    teams = [_team(words, agreement, last, number) for number in range(TEAMS)]
    keeper = make.CoordinatorFactory(person=_somebody("Keeper")).person
    world = World(competition, teams, keeper, _jurors(words, region, teams))
    world.entries = [_entry(competition, teams[number], place) for place, number in enumerate(order)]
    return world


def judge(world: World, panel: tuple[str, ...]) -> None:
    """After the deadline: entries are admitted, jurors asked; each reads what they may and says something of it."""
    for it in world.entries:
        actions.admit_entry(it, by=world.keeper)
    for name in panel:
        person = world.jurors[name]
        juror = actions.invite_juror(world.competition, person.email, by=world.keeper)
        if name == "declined":
            actions.decline_juror(juror, by=person)
        elif name != "invited":
            actions.accept_juror(juror, by=person, capacity=9)
    for juror in world.competition.jurors.active().order_by("pk"):
        _reads(world, juror)


def _reads(world: World, juror: Juror) -> None:
    """Contacts must not judge their own; nobody reads the first but those who are bound to nobody."""
    is_bound = juror.person.pk in {world.jurors["contact"].pk, world.jurors["instructor"].pk}
    for place, entry in enumerate(world.entries[1:] if is_bound else world.entries):
        review = actions.assign_by_hand(entry, by=world.keeper, juror=juror)
        review.reading_order = place / 10
        review.save(update_fields=["reading_order"])
        if place == 0:
            _gives(review)
            actions.see_others(review, by=juror.person)


def decide(world: World) -> None:
    """Everything is judged, and the results are out."""
    for review in Review.objects.assigned().select_related("juror__person").order_by("pk"):
        _gives(review)
    for it in world.entries:
        it.refresh_from_db()
    Entry.objects.filter(competition=world.competition).update(planned_place="laureate")
    actions.conclude_competition(world.competition, by=world.keeper)


def _gives(review: Review) -> None:
    scores = dict.fromkeys(review.juror.competition.criteria.all(), 3)
    said = {"for_author": "Go on.", "for_jury": "Not bad."}
    actions.save_review(review, by=review.juror.person, revision=review.revision, scores=scores, **said)
    actions.complete_review(review, by=review.juror.person)


def _somebody(name: str, **facts) -> Person:
    return make.PersonFactory(family_name=name, given_name="Anna", email=f"{name.lower()}@portal.example", **facts)


def _jurors(words: Words, region, teams: list[Team]) -> dict[str, Person]:
    """Each kind of juror, with what else they are."""
    names = ("teacher", "regional", "cluster", "contact", "instructor", "superuser", "declined", "invited")
    people = {name: _somebody(f"Judge{name}") for name in names}
    for name in ("teacher", "declined", "regional"):
        make.AffiliationFactory(person=people[name], institution__name="Elsewhere")
    make.CoordinatorFactory(person=people["regional"], region=region)
    for name in ("cluster", "invited"):
        make.CoordinatorFactory(person=people[name])
    make.AffiliationFactory(person=people["contact"], institution=teams[0].school, role="contact")
    run = make.RunFactory(course__title="Robots")
    make.SessionFactory(run=run)
    make.PoolFactory(run=run, places=30)
    run.instructors.add(people["instructor"])
    for team in teams:
        make.EnrolmentFactory(run=run, person=team.people["lead"])
    Person.objects.filter(pk=people["superuser"].pk).update(is_superuser=True)
    make.CoordinatorFactory(person=people["superuser"])
    make.AffiliationFactory(person=people["superuser"], institution__name="Elsewhere too", role="head")
    for number in range(4):  # who judges and is nothing else, each with words of their own
        family, given, school = (words.word().title() for _ in range(3))
        name = f"plain{number}"
        people[name] = make.PersonFactory(
            family_name=family, given_name=given, email=f"{school.lower()}@judges.example"
        )
        make.AffiliationFactory(person=people[name], institution__name=f"Lyceum {school}")
    return {name: Person.objects.get(pk=it.pk) for name, it in people.items()}


def _team(words: Words, agreement, last: Competition, number: int) -> Team:
    name, short, host, place = words.word(), words.word(), words.word(), words.number()
    school = make.PartyFactory(
        agreement=agreement,
        institution__name=f"Gymnasium {name.title()} No {place}",
        institution__short_name=f"{short.title()} {place}",
        institution__website=f"https://www.{host}.example/",
        institution__region=make.RegionFactory(name=f"Region {number}", slug=f"region-{number}"),
    ).institution
    people, said = {}, [name, short, host, place]
    for who, alphabet in (("lead", str), ("co_author", cyrillic), ("out", str), ("child", str)):
        parts = [words.word() for _ in range(5)]
        people[who] = _author(who, parts, alphabet)
        said += [form for it in parts for form in (it, cyrillic(it))]
        make.AffiliationFactory(person=people[who], institution=school, role="student" if who == "child" else "teacher")
    family, given = HANGUL[number * 9], HANGUL[number * 9 + 3] + HANGUL[number * 9 + 5]
    people["asked"] = make.PersonFactory(family_name=family, given_name=given, email=f"{words.word()}@{host}.example")
    said += [family + given, people["asked"].email.partition("@")[0]]
    parts = [words.word() for _ in range(5)]
    said += parts
    guardian = _author("guardian", parts, str)
    make.GuardianshipFactory(child=people["child"], guardian=guardian, how="paper")
    people["guardian"] = guardian
    phone = f"+7 (921) {words.number()[:3]}-{place[:2]}-{place[2:4]}"
    plan = _published(last, people["lead"], words.word())
    return Team(people, school, place, f"{host}.example", phone, plan, tuple(said))


def _author(who: str, parts: list[str], alphabet) -> Person:
    family, given, patronymic, mail, printed = parts
    facts = {"birth_date": datetime(2014, 1, 1).date(), "password": "!"} if who == "child" else {}
    return make.PersonFactory(
        family_name=alphabet(family).title(),
        given_name=alphabet(given).title(),
        patronymic=alphabet(patronymic).title(),
        name_on_certificate=f"{printed.title()} {given.title()}",
        email=f"{mail}@mail.example",
        contact_email=f"{mail}@work.example",
        **facts,
    )


def _published(last: Competition, person: Person, title: str) -> Plan:
    """What somebody won last year with, for everybody to read."""
    entry = make.EntryFactory(competition=last, state="admitted", place="first", title=f"Old plan {title}")
    facts = {"may_be_published": True, "decided_at": BEGIN, "affiliation": person.affiliations.get()}
    make.AuthorshipFactory(entry=entry, person=person, **facts)
    entry.steps.create(position=1, title="Ask", text="They ask.")
    Result.objects.create(entry=entry, reviews=1, mean=80, rank=1)
    plan = make.PlanFactory(entry=entry)
    make.CertificateFactory(person=person, kind="award", about_model="competitions.entry", about_id=entry.public_id)
    return plan


def _entry(competition: Competition, team: Team, place: int) -> Entry:
    """Entered as people enter: written, with files, co-authors of all kinds, handed in with a receipt."""
    lead, at = team.people["lead"], BEGIN
    entry = actions.begin_entry(competition, by=lead, at=at, source=team.plan)
    texts = {name: said_by(team) for name in ("abstract", "objectives", "risks", "materials")}
    facts = {"title": title_of(team), "subject": f"By {lead.family_name}", "licence": "CC-BY-4.0", "minutes": 45}
    facts |= {"stage_from": 5, "stage_until": 7}
    steps = [{"title": title_of(team), "minutes": 45, "text": said_by(team)}]
    tools = [{"name": f"Bot of {lead.family_name}", "use": said_by(team)}]
    actions.save_entry(entry, lead, at, revision=entry.revision, steps=steps, tools=tools, **texts, **facts)
    for name, content in files_of(team).items():
        actions.add_file(entry, lead, at, ContentFile(content, name=f"{lead.family_name} {name}"), title=title_of(team))
    for who in ("co_author", "out", "asked"):
        author = actions.invite_author(entry, team.people[who].email, by=lead, at=at)
        if who != "asked":
            actions.confirm_authorship(author, by=team.people[who])
        if who == "out":
            actions.end_authorship(author, by=lead)
    child = team.people["child"]
    actions.submit_entry(entry, by=lead, at=at)
    make.AuthorshipFactory(
        entry=entry, person=child, affiliation=child.affiliations.get(), is_lead=False, position=place + 5
    )
    tie_together([lead, child], Tie.Kind.CO_AUTHOR, about=entry)
    return entry


def title_of(team: Team) -> str:
    return f"{team.people['lead'].family_name}: a lesson of {team.school.short_name}"


def said_by(team: Team) -> str:
    """Everybody and every place of a team, in the forms in which people write them."""
    lead, co_author, out, asked = (team.people[it] for it in ("lead", "co_author", "out", "asked"))
    latin = co_author.email.partition("@")[0]
    return "\n".join(
        [
            f"By {lead.given_name} {lead.patronymic} {lead.family_name} and {lead.name_on_certificate}.",
            f"{lead.family_name.upper()} {lead.given_name[0]}. {lead.patronymic[0]}. says hello.",
            f"Initials: {lead.given_name[0]}.{lead.patronymic[0]}.{lead.family_name[0]}. wrote.",
            f"Вместе с {co_author.family_name}ом, {co_author.given_name}ой и {cyrillic_of(lead)}а.",
            f"Thanks to {out.family_name}'s class, {out.given_name}; {asked.family_name}{asked.given_name}는 asked.",
            f"Mail {lead.email} or {lead.contact_email} or {latin}@mail.example, call {team.phone}.",
            f"{team.school.name}, {team.school.short_name}, school No {team.number}, the {team.number}th school.",
            f"See [our page](https://www.{team.host}/plan), http://{team.host}/a?b=c and {team.host} for **more**.",
            f"The mother, {team.people['guardian'].given_name} {team.people['guardian'].family_name}, helped.",
            f"Handle @{lead.email.partition('@')[0]}, https://vk.com/{lead.email.partition('@')[0]} too.",
        ]
    )


def cyrillic_of(person: Person) -> str:
    return cyrillic(person.family_name.lower()).title()


def files_of(team: Team) -> dict[str, bytes]:
    """A file of each kind that says who made it wherever such a file can."""
    lead = team.people["lead"]
    return {
        "plan.txt": said_by(team).encode(),
        "plan.docx": _docx(team),
        "plan.odt": _odt(team),
        "plan.xlsx": _xlsx(team),
        "plan.png": _picture(lead, "PNG"),
        "plan.jpg": _picture(lead, "JPEG"),
        "plan.pdf": _pdf(f"{lead.given_name} {lead.family_name}", lead.email),
    }


def _packed(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def _docx(team: Team) -> bytes:
    lead = team.people["lead"]
    name, cut = lead.family_name, len(lead.family_name) // 2
    runs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in said_by(team).splitlines())
    body = (
        f"<w:p><w:r><w:t>By {name[:cut]}</w:t></w:r><w:r><w:t>{name[cut:]}, alone</w:t></w:r></w:p>"
        f'<w:ins w:author="{name}" w:id="1"><w:r><w:t>x</w:t></w:r></w:ins>{runs}'
    )
    return _packed(
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f"<w:document><w:body>{body}</w:body></w:document>",
            "docProps/core.xml": f"<cp:coreProperties><dc:creator>{name}</dc:creator></cp:coreProperties>",
            "docProps/app.xml": f"<Properties><Company>{team.school.name}</Company></Properties>",
            "docProps/custom.xml": f"<Properties><p>{lead.email}</p></Properties>",
            "word/comments.xml": f'<w:comments><w:comment w:author="{name}" w:initials="Z"/></w:comments>',
            "word/people.xml": f'<w15:people><w15:person w15:author="{name}"/></w15:people>',
            "word/_rels/document.xml.rels": f'<Relationships><Relationship Id="1" Target="mailto:{lead.email}" '
            f'TargetMode="External"/><Relationship Id="2" Target="https://www.{team.host}/x"/></Relationships>',
            "word/media/image1.png": _picture(lead, "PNG"),
            "word/embeddings/oleObject1.bin": name.encode(),
        }
    )


def _odt(team: Team) -> bytes:
    lead = team.people["lead"]
    lines = "".join(f"<text:p>{line}</text:p>" for line in said_by(team).splitlines())
    return _packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "meta.xml": f"<office:meta><meta:initial-creator>{lead.family_name}</meta:initial-creator></office:meta>",
            "content.xml": f"<office:text><dc:creator>{lead.family_name}</dc:creator>{lines}</office:text>",
        }
    )


def _xlsx(team: Team) -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.properties.creator = book.properties.lastModifiedBy = team.people["lead"].family_name
    book.active.append([said_by(team), team.people["lead"].family_name, 7])
    book.save(out)
    with zipfile.ZipFile(out) as archive:  # it was written by the real clock
        return _packed({it: archive.read(it) for it in archive.namelist()})


def _picture(lead: Person, kind: str) -> bytes:
    out, picture = io.BytesIO(), Image.new("RGB", (3, 3), "green")
    if kind == "PNG":
        told = PngImagePlugin.PngInfo()
        told.add_text("Author", lead.family_name)
        picture.save(out, kind, pnginfo=told)
    else:
        exif = Image.Exif()
        exif[0x013B] = lead.family_name
        picture.save(out, kind, exif=exif, comment=lead.email.encode())
    return out.getvalue()


@cache
def _pdf(name: str, email: str) -> bytes:
    """Who made it stands in its metadata and links; that its words stay, authors are told (decision 106)."""
    source = f'#set document(title: "{name}", author: "{name}", date: none)\nA plan. #link("mailto:{email}")[Write]'
    return typst.compile(source.encode(), format="pdf", ignore_system_fonts=True)
