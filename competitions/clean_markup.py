"""The markup of office files, read as XML and written anew without what names somebody.

Whatever is not known to be harmless stays behind: elements of foreign vocabularies, comments, paths of somebody's disk.
Words may be cut into runs anywhere, so that they are read as one and masked where their letters stand. Names within
attributes and formulas (of sheets, styles, parts) become one stand-in each, so that what points to them still does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from competitions.masking import Mask, normalized

MOST_VOCABULARIES, MOST_LETTERS, LARGEST_MARKUP = 200, 500_000, 40 * 1024 * 1024
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
FORMATS = (
    "http://schemas.openxmlformats.org/", "http://schemas.microsoft.com/", "http://purl.oclc.org/ooxml/",
    "http://purl.org/dc/", "http://www.w3.org/", "urn:schemas-microsoft-com:", "urn:oasis:names:tc:",
    "urn:org:documentfoundation:", "http://openoffice.org/", "http://docs.oasis-open.org/",
)  # fmt: skip
# Roots of parts that say nothing but who made a file, when, with what; and signatures, which hold certificates.
METADATA = {"coreProperties", "Properties", "document-meta", "document-signatures", "Signature"}
LEFT_OUT = re.compile(r"(^|/)(thumbnails?(?:[./]|$)|_xmlsignatures/|customxml/|documentsignatures\.xml)", re.IGNORECASE)
POINTERS = {"Relationship": "Target", "Override": "PartName", "file-entry": "full-path"}
REMOVED = {"absPath", "altChunk", "binary-data", "binData", "binaryData", "dataBinding"}
SAID_BY = {
    "creator", "creator-initials", "initial-creator", "lastModifiedBy", "author", "author-name", "author-initials",
    "printed-by", "initials", "fldData",
}  # fmt: skip
BY_WHOM = {
    "author", "initials", "userId", "providerId", "lastModifiedBy", "lastEdited", "refreshedBy", "userName", "user",
    "creator", "initial-creator", "creator-initials",
}  # fmt: skip
PERSONS = {"person", "cmAuthor", "author", "userInfo", "customWorkbookView"}  # whose name and displayName are people's
FIELDS = {"instrText", "delInstrText"}
FORMULAS = {"f", "formula", "formula1", "formula2", "definedName", "config-item"}
SPOKEN = {"t", "delText", "p", "h", "span", "a", "text", "tspan", "title", "desc"}  # elsewhere a number is no telephone
LINES = {"p", "h", "si", "c", "table-cell", "tc", "title", "desc", "comment"}
BREAKS = {"br", "tab", "cr", "line-break", "s"}
PLAINLY = re.compile(r"[A-Z]{1,3}\d{1,7}(?::[A-Z]{1,3}\d{1,7})?|[0-9A-F]{8}|rId\d+|-?[\d.]+[a-z%]{0,2}|[a-z]{1,3}|")
LETTERS = re.compile(r"[^\W\d_]{2}")
PACKED = re.compile(r"[A-Za-z0-9+/=\s]{200,}")  # what stands so in an attribute is a file of its own
READ_ALOUD = {"descr", "title", "alt", "name", "tooltip", "val", "string-value", "Target", "href"}
LINKS = {"Target", "href", "src"}
DISK = re.compile(r"(?<!\w)file:|(?<![A-Za-z])[A-Za-z]:[\\/]{1,2}(?!/)|\\\\\w|^/(?:home|Users)/")
NUMBER = re.compile(r"\s*-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s*")
TYPES = re.compile(r"(?:application|image|text|audio|video)/(?:vnd\.(?:openxmlformats|ms|oasis|sun)[\w.+-]*|[\w+-]+)")
# Words of the formats that are also names of people: Mr Green does not colour his text.
KEYWORDS = {
    "auto", "bar", "black", "blue", "body", "bottom", "box", "brown", "center", "chart", "circle", "cross", "cyan",
    "darkGreen", "dash", "diamond", "dot", "frame", "gold", "gray", "green", "heart", "left", "line", "magenta", "main",
    "mark", "moon", "none", "note", "page", "pie", "red", "right", "rose", "round", "single", "solid", "square", "star",
    "start", "end", "stone", "sun", "table", "text", "title", "top", "wave", "wood", "white", "yellow", "lightGray",
    "content.xml", "styles.xml", "settings.xml", "comments.xml", "document.xml", "manifest.xml",
    "Times New Roman", "Times New Roman Cyr", "Georgia", "Cambria", "Calibri", "Arial", "Verdana",
}  # fmt: skip


class CannotClean(Exception):
    """A copy without names cannot be made: the file is damaged, locked or too large unpacked."""


@dataclass
class Cover:
    """What covers the names of one file: its mask, the words instead, a stand-in for each name in what is not read."""

    mask: Mask
    instead: str
    letters: int = MOST_LETTERS
    markup: int = LARGEST_MARKUP
    _stand_ins: dict[str, str] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """A text in which nobody is named."""
        self.count(text)
        return self.mask.masked(text, self.instead)

    def count(self, text: str) -> None:
        self.letters -= len(text)
        if self.letters < 0:
            raise CannotClean("A file says half a million letters at most.")

    def stand_in(self, value: str) -> str:
        """A value that programs read, with the same neutral word wherever the same name stood."""
        if value not in self._said:
            self._said[value] = self._covered(value)
        return self._said[value]

    def _covered(self, value: str) -> str:
        if value.startswith("data:") or DISK.search(value):
            return "hidden"
        plain = normalized(unquote(value))
        self.count(plain)
        parts, at = [], 0
        for it in self.mask.found_in(plain):
            number = self._stand_ins.setdefault(it.text.casefold(), f"hidden{len(self._stand_ins) + 1}")
            parts += [plain[at : it.start], number]
            at = it.end
        return "".join([*parts, plain[at:]]) if parts else value

    def attribute(self, element: str, name: str, value: str) -> str:
        """The value of an attribute as it may show."""
        local = name.rpartition(":")[2]
        if local in BY_WHOM or (element in PERSONS and local in {"name", "displayName"}):
            return ""
        last = value.rpartition("/")[2].strip("'")
        of_a_format = value.startswith(FORMATS) and local not in LINKS
        if of_a_format or last in KEYWORDS or PLAINLY.fullmatch(value):
            return value
        if local in {"ContentType", "media-type"} and TYPES.fullmatch(value):
            return value
        if PACKED.fullmatch(value):
            return "hidden"
        read = LETTERS.search(value) or local in READ_ALOUD
        return self.stand_in(value) if read else value


class Markup:
    """One part, read: its tags and texts in their order, and its words as one text."""

    def __init__(self, content: bytes, cover: Cover) -> None:
        self.cover: Cover = cover
        self.tokens: list[Any] = []  # a start tag is its name, its attributes and its end; all else is a string
        self.words: list[str] = []
        self.places: list[tuple[int, int, str]] = []  # which token, since which letter of the words, what
        self._heard: list[str] = []
        self._modes: list[str] = []
        self._scopes: list[dict[str, bool]] = [{}]  # which prefixes stand for vocabularies of the formats
        self._length, self._just_begun, self._cell = 0, False, ""
        cover.markup -= len(content)
        if cover.markup < 0:
            raise CannotClean("Unpacked, a file has 40 MB of markup at most.")
        self._read(content)

    def _read(self, content: bytes) -> None:
        reader = expat.ParserCreate()
        reader.ordered_attributes, reader.buffer_text = True, True
        reader.StartElementHandler, reader.EndElementHandler = self._begin, self._end
        reader.CharacterDataHandler = self._heard.append
        reader.StartDoctypeDeclHandler = _refuse
        try:
            reader.Parse(content, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise CannotClean("A part of the file is damaged.") from error

    def _begin(self, name: str, flat: list[str]) -> None:
        self._flush()
        attributes = dict(zip(flat[::2], flat[1::2], strict=True))
        self._scopes.append(self._scope(attributes))
        local = name.rpartition(":")[2]
        self._modes.append(self._mode(name, local, attributes))
        if self._modes[-1] == "dropped":
            return
        if local == "c":
            self._cell = attributes.get("t", "")
        if local in BREAKS:
            self._new_line()
        scope = {prefix: known for prefix, known in self._scopes[-1].items() if prefix}  # none holds for attributes
        kept = {one: value for one, value in attributes.items() if scope.get(one.rpartition(":")[0], True)}
        self.tokens.append([name, kept, ">"])
        self._just_begun = True

    def _scope(self, attributes: dict[str, str]) -> dict[str, bool]:
        above = self._scopes[-1]
        told = {one[6:]: address for one, address in attributes.items() if one == "xmlns" or one.startswith("xmlns:")}
        if len(above) + len(told) > MOST_VOCABULARIES:
            raise CannotClean("A part of a file has 200 vocabularies at most.")
        return {**above, **{it: not told[it] or told[it].startswith(FORMATS) for it in told}} if told else above

    def _mode(self, name: str, local: str, attributes: dict[str, str]) -> str:
        """What becomes of an element: dropped, hollow (its tag stays), apart (masked by itself), or what is in it."""
        above = self._modes[-1] if self._modes else "words"
        pointer = attributes.get(POINTERS.get(local, ""), "")
        foreign = not self._scopes[-1].get(name.rpartition(":")[0], True)
        if foreign or above in {"dropped", "hollow"} or local in REMOVED or LEFT_OUT.search(pointer):
            return "dropped"
        printer = local == "config-item" and attributes.get("config:name", "").startswith("Printer")
        if local in SAID_BY or local.startswith("sender-") or printer or (not self._modes and local in METADATA):
            return "hollow"
        if local in FORMULAS or local in FIELDS:
            return "apart" if local in FORMULAS else "field"
        return "words" if local in SPOKEN or (local == "v" and self._cell == "str") else "number"

    def _end(self, name: str) -> None:
        self._flush()
        self._scopes.pop()
        if self._modes.pop() == "dropped":
            return
        if self._just_begun:
            self.tokens[-1][2] = "/>"
        else:
            self.tokens.append(f"</{name}>")
        self._just_begun = False
        if name.rpartition(":")[2] in LINES:
            self._new_line()

    def _new_line(self) -> None:
        self.words.append("\n")
        self._length += 1

    def _flush(self) -> None:
        """What was heard since the last tag becomes one text: comments have stood between its letters."""
        if not self._heard:
            return
        text, mode = normalized("".join(self._heard)), self._modes[-1]
        self._heard.clear()
        if mode in {"dropped", "hollow"}:
            return
        self._just_begun = False
        if mode in {"apart", "number"} and NUMBER.fullmatch(text):
            self.tokens.append(text)
            self._new_line()
        elif mode == "apart" or (mode == "field" and DISK.search(text)):
            self.tokens.append(escape(self.cover.stand_in(text)))
        else:
            self.cover.count(text)
            self.places.append((len(self.tokens), self._length, text))
            self.tokens.append("")
            self.words.append(text)
            self._length += len(text)

    def masked(self) -> bytes:
        """The part written anew; what belongs to no format that we know is nothing but well-formed."""
        for number, text in self._covered():
            self.tokens[number] = escape(text, {"\r": "&#13;"})
        told = "".join(it if isinstance(it, str) else self._tag(*it) for it in self.tokens)
        return (DECLARATION + (told or "<hidden/>")).encode()

    def _covered(self) -> Iterator[tuple[int, str]]:
        """Each text with what covers the names in it; a name cut into runs is covered where it begins."""
        found, first = self.cover.mask.found_in("".join(self.words)), 0
        for number, since, text in self.places:
            end = since + len(text)
            while first < len(found) and found[first].end <= since:
                first += 1
            parts, at, here = [], 0, first
            while here < len(found) and found[here].start < end:
                it, here = found[here], here + 1
                parts += [text[at : max(it.start - since, 0)], self.cover.instead if it.start >= since else ""]
                at = min(it.end - since, len(text))
            yield number, "".join([*parts, text[at:]])

    def _tag(self, name: str, attributes: dict[str, str], end: str) -> str:
        local = name.rpartition(":")[2]
        said = (self._attribute(local, one, value) for one, value in attributes.items())
        return f"<{name}{''.join(said)}{end}"

    def _attribute(self, element: str, name: str, value: str) -> str:
        prefix, _colon, local = name.rpartition(":")
        if name == "xmlns" or prefix == "xmlns":
            if value and not value.startswith(FORMATS):
                name, value = (f"xmlns:{self.cover.stand_in(local)}" if prefix else name), "urn:hidden"
        else:
            value = self.cover.attribute(element, name, value)
        return f" {name}={quoteattr(value)}"


def _refuse(*_doctype: object) -> None:
    raise CannotClean("Files of offices declare no entities of their own.")
