"""Reads whatever one person can fetch: every address with whatever could stand in it, links, forms, files in files."""

import html
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from urllib.parse import unquote, urldefrag, urljoin

from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from PIL import Image

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
LINK = re.compile(r'(?:href|action|src|hx-get)="([^"#][^"]*)"')
# What is drawn anew for each answer: tokens of forms, numbers of mails, when and under which id a PDF was written.
CHANCE = re.compile(
    r'((?:name="csrfmiddlewaretoken" value="|X-CSRFToken&quot;: &quot;|X-CSRFToken": "|nonce=)[^"&]+|'
    r"[0-9a-f]{32}(?=@)|D:\d{14}|/ID\[[^\]]*\]|(?:Create|Modify|Metadata)Date>[^<]*|(?:Instance|Document)ID>[^<]*)",
    re.IGNORECASE,
)
UNTOLD = {
    "set-cookie",
    "content-security-policy",
    "x-request-id",
    "server-timing",
    "date",
    "age",
    "content-length",
}  # a PDF may be some bytes longer by its dates
# What shows rows of all apps.
ACROSS = ("admin/", "desk/audit/", "desk/outbox/", "desk/people/", "me/", "search/")
OWN = ("/jury/", "/reviews/", "/entries/")
# Which objects an address is about, by how it begins; the ids of whatever else would only be 404.
ABOUT = {
    "entries/": ["competitions.entry", "competitions.entryfile"],
    "authorships/": ["competitions.authorship"],
    "jury/": ["competitions.juror"],
    "reviews/": ["competitions.review"],
    "desk/competitions/<slug:slug>/entries/": ["competitions.entry"],
    "desk/competitions/<slug:slug>/results/": ["competitions.entry"],
    "desk/competitions/<slug:slug>/jury/entries/": ["competitions.entry"],
    "desk/competitions/<slug:slug>/jury/reviews/": ["competitions.review"],
    "desk/competitions/<slug:slug>/jury/jurors/": ["competitions.juror"],
    "desk/competitions/<slug:slug>/<part:part>/": ["competitions.nomination", "competitions.criterion"],
    "desk/library/": ["competitions.entry"],
    "library/": ["competitions.plan", "competitions.entryfile"],
    "competitions/": ["competitions.competition"],
    "desk/competitions/": ["competitions.competition"],
    "files/": ["cluster_portal.upload"],
    "desk/outbox/": ["cluster_portal.outboxmail"],
    "desk/people/": ["members.person", "members.affiliation"],
    "me/children/": ["members.person"],
    "members/": ["members.institution"],
    "desk/institutions/": ["members.institution"],
    "programme/": ["courses.run", "courses.course"],
    "runs/": ["courses.run"],
    "desk/runs/": ["courses.run"],
    "desk/": ["members.person", "courses.run", "members.region"],
    "": ["courses.run", "courses.course", "members.affiliation", "members.certificate"],
}


def every_pattern(patterns=None, prefix="") -> Iterator[tuple[str, URLPattern]]:
    for it in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(it, URLPattern):
            yield f"{prefix}{it.pattern}", it
        else:
            yield from every_pattern(it.url_patterns, f"{prefix}{it.pattern}")


def addresses(whole: bool) -> list[str]:
    """Every address that the portal knows, with some of the objects that it could be about; when it is not the whole,
    those of competitions, and of what shows rows of all apps."""
    rows = _known()
    many, few = ({label: spread(them, most) for label, them in rows.items()} for most in (3, 1))
    found = []
    for route, pattern in every_pattern():
        is_ours = pattern.callback.__module__.startswith("competitions") or route.startswith("files/")
        if whole or is_ours or route.startswith(ACROSS):
            found += _filled(route, many if is_ours or whole else few)
    return list(dict.fromkeys(found))


def spread(rows: list, most: int) -> list:
    """So many of a list, from all over it, the first and the last among them."""
    last = len(rows) - 1
    return [
        rows[at] for at in sorted({round(number * last / max(most - 1, 1)) for number in range(most if rows else 0)})
    ]


def _known() -> dict[str, list]:
    """Of each table the rows that there are: (public id, slug, key)."""
    rows = {}
    for model in apps.get_models():
        names = {it.name for it in model._meta.concrete_fields}
        columns = [name for name in ("public_id", "slug") if name in names]
        if model._meta.app_label in {"competitions", "members", "courses", "cluster_portal"}:
            rows[model._meta.label_lower] = list(model._base_manager.order_by("pk").values(*columns, "pk"))
    return rows


def _filled(route: str, known: dict[str, list]) -> Iterator[str]:
    if route.startswith("admin/"):
        yield from _back_room(route, known)
        return
    if "(?P" in route or "^" in route or route.startswith("accounts/"):
        return
    values = [_values(route, kind, name, known) for kind, name in PARAMETER.findall(route)]
    for chosen in _together(values):
        rest = iter(chosen)
        yield "/" + PARAMETER.sub(lambda _it, rest=rest: str(next(rest)), route)


def _together(values: list[list]) -> Iterator[tuple]:
    """Each value of the last place, with values of the places before it in turn."""
    if not values or not all(values):
        return iter([] if values else [()])
    *before, last = values
    return ((*(it[at % len(it)] for it in before), value) for at, value in enumerate(last))


def _values(route: str, kind: str, name: str, known: dict[str, list]) -> list:
    if kind in {"int", "part", "str"}:
        return {"int": [0, 1, 99], "part": ["nominations", "criteria"], "str": ["none"]}[kind]
    labels = next(them for begin, them in ABOUT.items() if route.startswith(begin))
    if name == "file_id":
        labels = ["competitions.entryfile"]
    column = "slug" if kind == "slug" else "public_id"
    if column == "slug" and not any(column in row for label in labels for row in known[label]):
        labels = [next((it for begin, (it, *_) in ABOUT.items() if begin and route.startswith(begin)), "")]
        labels = ["competitions.competition"] if "competitions/" in route else labels
    return [row[column] for label in labels for row in known.get(label, []) if row.get(column)]


def _back_room(route: str, known: dict[str, list]) -> Iterator[str]:
    """Lists, one of each row with its history, and what deleting it would take along."""
    if PARAMETER.search(route) is None:
        yield f"/{route}" if "(?P" not in route else "/admin/"
        return
    app, _slash, rest = route.removeprefix("admin/").partition("/")
    model = rest.partition("/")[0]
    for row in known.get(f"{app}.{model}", []):
        yield "/" + PARAMETER.sub(str(row["pk"]), route)


class Reader:
    """What one person fetches. `heard` is, by method and address, all that came back as text."""

    def __init__(self, person, searching: tuple[str, ...] = (), within: tuple[str, ...] = ("/",)) -> None:
        self.client = Client()
        self.client.force_login(person)
        self.searching, self.within, self.heard, self.links = searching, within, {}, []

    def read(self, pages: list[str], most_links: int) -> None:
        """Get all of these, then what they link to, and the links of that; what is one's own to judge, without end."""
        for it in [*pages, *(self._searches() if self.searching else ())]:
            self.get(it)
        while self.links and most_links:
            link = self.links.pop(0)
            if ("GET", link) not in self.heard:
                self.get(link)
                most_links -= not link.startswith(OWN)

    def _searches(self) -> Iterator[str]:
        places = ("/search/?q=", "/desk/outbox/?q=", "/desk/people/?q=", "/library/?q=", "/members/?q=")
        for place, word in product(places, self.searching):
            yield f"{place}{word}"
        yield from (f"/desk/outbox/?state={state}" for state in ("draft", "queued", "sent", "failed", "cancelled"))

    def get(self, address: str) -> None:
        answer = self.client.get(address)
        said = self._said("GET", address, answer)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            self._note_links(address, said)

    def post(self, address: str, facts: dict) -> None:
        """Press a button; what came of it is read with the page that follows, and undone."""
        with undone():
            answer = self.client.post(address, facts)
            self._said("POST", f"{address} {facts}", answer)
            if answer.status_code == 302 and answer.url.startswith("/"):
                self._said("POST", f"{address} {facts} then {answer.url}", self.client.get(answer.url))

    def _said(self, method: str, address: str, answer) -> str:
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        headers = "\n".join(f"{name}: {said}" for name, said in sorted(answer.items()) if name.lower() not in UNTOLD)
        said = f"{answer.status_code}\n{headers}\n\n" + CHANCE.sub("", text_of(body))
        self.heard[method, address] = said
        return said

    def _note_links(self, address: str, said: str) -> None:
        for link in LINK.findall(said):
            there = urldefrag(urljoin(address, html.unescape(link)))[0]
            if there.startswith(self.within) and not there.startswith(("//", "/static/", "/accounts/")):
                self.links.insert(0 if there.startswith(OWN) else len(self.links), there)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def text_of(content: bytes, name: str = "") -> str:
    """All that a file says, of whichever kind it is: parts of archives with their names, metadata, drawn words."""
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [f"{it.filename} {it.comment!r} {it.extra!r}" for it in archive.infolist()]
            return "\n".join([name, *parts, *(text_of(archive.read(it), it.filename) for it in archive.infolist())])
    if content[:5] == b"%PDF-":
        return f"{name}\n{text_of_pdf(content)}"
    if content[:8] == b"\x89PNG\r\n\x1a\n" or content[:3] == b"\xff\xd8\xff":
        picture = Image.open(io.BytesIO(content))
        return f"{name}\n{picture.info!r}\n{dict(picture.getexif())!r}\n{content.decode('latin-1')}"
    try:
        return f"{name}\n{content.decode('utf-8')}"
    except UnicodeDecodeError:
        return f"{name}\n{content.decode('latin-1')}\n{content.decode('utf-16', 'replace')}"


def text_of_pdf(content: bytes) -> str:
    """What stands in a PDF outside of its streams, and what its streams say once they are unpacked and read."""
    streams = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\n?endstream", content, re.DOTALL):
        try:
            streams.append(zlib.decompress(found.group(1)))
        except zlib.error:
            streams.append(found.group(1))
    letters = {}
    for it in streams:
        for code, said in re.findall(rb"<([0-9a-fA-F]{2,4})>\s*<([0-9a-fA-F]{4,})>", it if b"beginbf" in it else b""):
            letters[int(code, 16)] = bytes.fromhex(said.decode()).decode("utf-16-be", "replace")
    drawn = ["".join(_drawn(it, letters)) for it in streams if b"Tj" in it or b"TJ" in it]
    outside = re.sub(rb"stream\r?\n.*?endstream", b"", content, flags=re.DOTALL)
    raw = b"\n".join([outside, *streams])
    return "\n".join([raw.decode("latin-1"), raw.replace(b"\x00", b"").decode("latin-1"), *drawn])


def _drawn(stream: bytes, letters: dict[int, str]) -> Iterator[str]:
    for found in re.finditer(rb"<([0-9a-fA-F]+)>|\(((?:\\.|[^\\)])*)\)", stream, re.DOTALL):
        codes = bytes.fromhex(found.group(1).decode()) if found.group(1) else _unescaped(found.group(2))
        yield "".join(letters.get(int.from_bytes(codes[at : at + 2], "big"), "") for at in range(0, len(codes) - 1, 2))


def _unescaped(said: bytes) -> bytes:
    signs = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    octal = re.sub(rb"\\([0-7]{1,3})", lambda it: bytes([int(it.group(1), 8) & 255]), said)
    return re.sub(rb"\\(.)", lambda it: signs.get(it.group(1), it.group(1)), octal, flags=re.DOTALL)


def as_read(said: str) -> str:
    """Small letters, without what could hide a word: signs of HTML and addresses, tags, letters that do not show."""
    plain = html.unescape(unquote(said))
    bare = re.sub(r"<[^>]{0,300}>", "", plain)
    both = unicodedata.normalize("NFKC", f"{said}\n{plain}\n{bare}").lower()
    return re.sub("[\u00ad\u200b-\u200f\u2060\ufeff]", "", both)


def found_in(said: str, words: tuple[str, ...]) -> list[str]:
    """Which of these words stand in a text; a number counts when it stands alone."""
    text = as_read(said)
    found = [it for it in words if it in text]
    return [it for it in found if not it.isdigit() or re.search(rf"(?<!\w){it}(?!\d)", text)]
