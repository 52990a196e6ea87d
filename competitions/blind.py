"""What jurors see of an entry: this projection and nothing else.

It is made from the entry when it is shown: texts with the names of authors, their institutions and contacts masked,
files as cleaned copies under neutral names. No key, public id, date or file name of the entry is in it; a juror knows
an entry by the public id of their review alone.
"""

import unicodedata
from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cluster_portal.uploads import ENDINGS
from competitions.clean_files import UNREADABLE, CannotClean, cleaned, words_of
from competitions.masking import UNICASE, Mask, known_by, parts_of
from competitions.models import Authorship, Entry, EntryFile
from members.consent import conceal_names, unpublishable
from members.models import Guardianship, Institution, Person

TEXTS = ("title", "abstract", "subject", "objectives", "risks", "materials")
KINDS_OF_FILES = {
    ".pdf": "PDF", ".docx": "Word", ".xlsx": "Excel", ".pptx": "PowerPoint", ".odt": "OpenDocument",
    ".txt": gettext_lazy("Text"), ".png": "PNG", ".jpg": "JPEG", ".webp": "WebP",
}  # fmt: skip
PAGES_OF = "authorships__person__affiliations__institution__links"


@dataclass(frozen=True)
class BlindStep:
    """A step of the lesson as jurors see it."""

    title: str
    minutes: int | None
    text: str


@dataclass(frozen=True)
class BlindTool:
    """An AI tool as jurors see it."""

    name: str
    use: str


@dataclass(frozen=True)
class BlindFile:
    """A file as jurors see it: its place in the row, and what kind it is."""

    number: int
    kind: str

    @property
    def title(self) -> str:
        return _("File %(number)d, %(kind)s") % {"number": self.number, "kind": self.kind}


@dataclass(frozen=True)
class BlindEntry:
    """An entry as its jurors see it. `authors` are named in competitions that are not blind."""

    title: str
    abstract: str
    subject: str
    objectives: str
    risks: str
    materials: str
    nomination: str
    stages: tuple[int | None, int | None]
    minutes: int | None
    themes: tuple[str, ...]
    steps: tuple[BlindStep, ...]
    tools: tuple[BlindTool, ...]
    files: tuple[BlindFile, ...]
    licence: str
    authors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Naming:
    """A place in an entry that gives its authors away.

    `where` names it for its author; `field` is the field of the form, or "steps", "tools", "files"; `said` is what
    stands there.
    """

    where: str
    field: str
    said: tuple[str, ...]


def hidden() -> str:
    """What stands where somebody was named."""
    return _("[hidden]")


def for_masking(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Entries with what their masks are made of, and with their parts, in the same few queries for any number."""
    rows = entries.select_related("competition", "nomination")
    parts = ("steps", "tools", "files__upload", "directions", "authorships__affiliation__institution__links")
    families = Prefetch("authorships__person__guarded_by", Guardianship.objects.select_related("guardian"))
    return rows.prefetch_related(*parts, PAGES_OF, families)


def mask_of(entry: Entry) -> Mask:
    """What must not show of an entry: whoever is, was or is asked to be an author, where they work and learn, and
    the guardians of children among them, by whose name a child is found as well."""
    authors = [it.person for it in entry.authorships.all()]
    people = [*authors, *(it.guardian for author in authors for it in author.guarded_by.all())]
    institutions = {it.institution for author in authors for it in author.affiliations.all()}
    institutions |= {it.affiliation.institution for it in entry.authorships.all() if it.affiliation}
    told = sorted(institutions, key=lambda it: it.pk)
    links = [it.website for it in told] + [link.url for it in told for link in it.links.all()]
    return Mask(
        names=tuple(name for person in people for name in _names_of(person)),
        whole=(*(name for person in people for name in _whole(person)), *_as_they_stand(told)),
        initials=tuple(filter(None, (_initials(person) for person in people))),
        institutions=tuple(known_by(it.name, it.short_name) for it in told),
        hosts=tuple(host for it in links if (host := (urlsplit(it).hostname or "").removeprefix("www."))),
    )


def masks_of_unnamed(entries: Iterable[Entry]) -> dict[int, Mask]:
    """Of these entries those (by key) with an author, now or once, whose name may not be shown: what names them."""
    authors = Authorship.objects.filter(entry__in=[it.pk for it in entries])
    people = set(authors.values_list("person", flat=True))
    unnamed = unpublishable(people) if people else set()
    if not unnamed:
        return {}
    theirs = authors.filter(person__in=unnamed)
    rows = Entry.objects.filter(pk__in=theirs.values("entry"))
    only = Prefetch("authorships", theirs.select_related("person"))
    return {it.pk: mask_of(it) for it in for_masking(rows.prefetch_related(only))}


def _names_of(person: Person) -> list:
    given = parts_of(person.given_name, capital=True)
    known = {name.word for name in given}
    own = parts_of(person.family_name, person.patronymic)
    printed = [name for name in parts_of(person.name_on_certificate) if name.word not in known]
    return [*given, *own, *printed]


def _whole(person: Person) -> list[str]:
    """Names in Hangul or Chinese letters: as one word, the given name first or last, and the given name alone.

    And whatever has a digit in it, which no rule for words would find.
    """
    family, given = person.family_name, person.given_name
    forms = [f"{family}{given}", f"{family} {given}", given if len(given) > 1 else "", person.name_on_certificate]
    odd = [it for it in (family, given, person.patronymic) if any(letter.isdigit() for letter in it)]
    return [
        unicodedata.normalize("NFKC", it) for it in [*forms, *odd] if len(it) > 1 and (it in odd or UNICASE.search(it))
    ]


def _as_they_stand(institutions: list[Institution]) -> list[str]:
    """Full and short names of institutions, letter by letter; a short one that is a mere word is left to the rule."""
    names = (name for it in institutions for name in (it.name, it.short_name) if " " in name.strip())
    return [unicodedata.normalize("NFKC", name.strip()) for name in names]


def _initials(person: Person) -> str:
    """A pattern for the three initials of a name, the family name first or last."""
    family, given, patronymic = (name[:1] for name in (person.family_name, person.given_name, person.patronymic))
    if not (family and given and patronymic):
        return ""
    orders = ((given, patronymic, family), (family, given, patronymic))
    return "|".join(r"(?<!\w)" + r"\s?".join(rf"{letter}\." for letter in order) for order in orders)


def shown_to_jurors(entry: Entry) -> BlindEntry:
    """The projection of one entry, made by `for_masking`."""
    mask = _masks_for_jurors([entry])[entry.pk]
    return _projection(entry, lambda text: mask.masked(text, hidden()) if mask else text)


def titles_for_jurors(entries: Collection[Entry]) -> dict[int, str]:
    """What a list of jurors calls entries (by key) that were made by `for_masking`."""
    masks = _masks_for_jurors(entries)
    return {it.pk: mask.masked(it.title, hidden()) if (mask := masks[it.pk]) else it.title for it in entries}


def _masks_for_jurors(entries: Collection[Entry]) -> dict[int, Mask | None]:
    """What jurors do not read: everybody's names; of an open competition the names that nobody may show."""
    unnamed = masks_of_unnamed([it for it in entries if not it.competition.is_blind])
    return {it.pk: mask_of(it) if it.competition.is_blind else unnamed.get(it.pk) for it in entries}


def _named(entry: Entry) -> tuple[str, ...]:
    """The authors of an entry of an open competition, as far as their names may be shown."""
    people = [copy(it.person) for it in entry.authorships.all() if it.state == it.State.CONFIRMED]
    conceal_names(people)
    return tuple(it.full_name for it in people)


def _projection(entry: Entry, said: Any) -> BlindEntry:
    return BlindEntry(
        **{name: said(getattr(entry, name)) for name in TEXTS},
        nomination=entry.nomination.title if entry.nomination else "",
        stages=(entry.stage_from, entry.stage_until),
        minutes=entry.minutes,
        themes=tuple(it.name for it in entry.directions.all()),
        steps=tuple(BlindStep(said(it.title), it.minutes, said(it.text)) for it in entry.steps.all()),
        tools=tuple(BlindTool(said(it.name), said(it.use)) for it in entry.tools.all()),
        files=tuple(
            BlindFile(number, str(KINDS_OF_FILES[ENDINGS[it.upload.content_type]]))
            for number, it in enumerate(entry.files.all(), 1)
        ),
        licence=entry.get_licence_display(),
        authors=() if entry.competition.is_blind else _named(entry),
    )


def file_for_jurors(entry: Entry, number: int) -> tuple[str, str, bytes]:
    """The cleaned copy of a file of an entry: its neutral name, its type, its content.

    Raises IndexError when there is no such file, CannotClean when no copy can be made that names nobody.
    """
    if number < 1:
        raise IndexError(number)
    upload = list(entry.files.all())[number - 1].upload
    mask = _masks_for_jurors([entry])[entry.pk] or Mask()
    with upload.file.open("rb") as kept:
        content = cleaned(kept.read(), upload.content_type, mask, hidden())
    return f"file-{number}{ENDINGS[upload.content_type]}", upload.content_type, content


@dataclass(frozen=True)
class ToldAuthors:
    """What authors are told before they hand in, so that they can mend it themselves.

    `namings` is where the entry gives them away, which jurors get masked; `unread` are the titles of files of which
    jurors get no copy; `uncovered` of those in which names stay as they are: PDFs and pictures.
    """

    namings: list[Naming] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)


def told_authors(entry: Entry) -> ToldAuthors:
    """What the texts, the names of files and the files of an entry say of its authors; nothing where names are open."""
    if not entry.competition.is_blind:
        return ToldAuthors()
    entry = for_masking(Entry.objects.filter(pk=entry.pk)).get()
    mask, told = mask_of(entry), ToldAuthors()
    for where, name, text in _places(entry):
        if said := _said(mask, text):
            told.namings.append(Naming(str(where), name, said))
    for it in entry.files.all():
        _read_file(it, mask, told)
    return told


def _read_file(it: EntryFile, mask: Mask, told: ToldAuthors) -> None:
    words: list[str] = []
    try:
        with it.upload.file.open("rb") as kept:
            words = list(words_of(kept.read(), it.upload.content_type))
    except CannotClean:
        told.unread.append(it.title)
    if it.upload.content_type in UNREADABLE:
        told.uncovered.append(it.title)
    if said := _said(mask, it.title, *words):
        told.namings.append(Naming(_("File “%(name)s”") % {"name": it.title}, "files", said))


def _places(entry: Entry) -> Iterable[tuple[Any, str, str]]:
    for name in TEXTS:
        yield Entry._meta.get_field(name).verbose_name, name, getattr(entry, name)
    for number, step in enumerate(entry.steps.all(), 1):
        yield _("Step %(number)d") % {"number": number}, "steps", f"{step.title}\n{step.text}"
    for tool in entry.tools.all():
        yield _("AI tool “%(name)s”") % {"name": tool.name}, "tools", f"{tool.name}\n{tool.use}"


def _said(mask: Mask, *texts: str) -> tuple[str, ...]:
    """What names somebody in texts, each once, in their order."""
    found = (it.text for text in texts for it in mask.found_in(unicodedata.normalize("NFC", text)))
    return tuple(dict.fromkeys(found))
