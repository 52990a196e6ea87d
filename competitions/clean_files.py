"""Copies of files without what says who made them: metadata goes, names in the text are masked, pictures drawn anew.

A PDF is redrawn page by page, which leaves its metadata, notes and attachments behind; its text stays as it is. Of
Word, Excel, PowerPoint and OpenDocument files every part is gone through.
"""

import io
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.sax.saxutils import escape

from cluster_portal.moves import Refused
from cluster_portal.uploads import IMAGES, without_metadata
from competitions.masking import Mask

PDF, TEXT = "application/pdf", "text/plain"
LARGEST_UNPACKED, MOST_PARTS, MOST_PAGES = 300 * 1024 * 1024, 5_000, 400
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can say
PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
EMPTIED = {
    "docProps/core.xml": XML + "<cp:coreProperties xmlns:cp="
    '"http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>',
    "docProps/app.xml": XML + "<Properties xmlns="
    '"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>',
    "docProps/custom.xml": XML + "<Properties xmlns="
    '"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>',
    "meta.xml": XML + '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>',
}
TAG = re.compile(r"<[^>]*>")
NEW_LINE = re.compile(
    r"</(?:w:p|a:p|text:p|text:h|si|c|table:table-cell|w:tc)>|<(?:w:br|w:tab|w:cr|text:tab|text:line-)"
)
NUMBERS = re.compile(r"<(?:v|f|t:v)[ >]")  # cells of a sheet: their numbers are not words
BY_WHOM = re.compile(r'((?:\bw:|\b\w+:|\b)(?:author|initials|userId|displayName|providerId|lastModifiedBy)=)"[^"]*"')
SAID_BY = re.compile(
    r"(<(dc:creator|meta:creator-initials|meta:initial-creator|author|text:author-name|text:author-initials)\b[^>]*>)"
    r"[^<]*(</\2>)"
)
PRINTER = re.compile(r'(<config:config-item config:name="Printer(?:Name|Setup)"[^>]*>)[^<]*(</config:config-item>)')
TELLING = re.compile(r'(\b(?:Target|xlink:href|descr|title|alt|name|o:title|r:href|tooltip)=)"([^"]{4,})"')
PREVIEW = re.compile(
    r'<Relationship\b[^>]*Target="[^"]*thumbnail[^"]*"[^>]*/>|<manifest:file-entry[^>]*"Thumbnails/[^>]*/>'
)


class CannotClean(Exception):
    """A copy without names cannot be made: the file is damaged, locked or too large unpacked."""


def cleaned(content: bytes, content_type: str, mask: Mask, instead: str) -> bytes:
    """A copy of a file that says nothing of who made it, with `instead` where its text named somebody."""
    if content_type in IMAGES:
        return _picture(content, IMAGES[content_type])
    if content_type == TEXT:
        return mask.masked(content.decode("utf-8", "replace"), instead).encode()
    if content_type == PDF:
        return _redrawn(content)
    return _repacked(content, mask, instead)


def words_of(content: bytes, content_type: str) -> Iterator[str]:
    """What a file says in words, as far as it can be read: of a PDF and a picture nothing."""
    if content_type == TEXT:
        yield content.decode("utf-8", "replace")
    elif content_type not in IMAGES and content_type != PDF:
        with _opened(content) as archive:
            for it in archive.infolist():
                if it.filename.endswith(".xml") and it.filename not in EMPTIED and "theme" not in it.filename:
                    nodes = [text for _tag, text in _pieces(_decoded(archive.read(it)))]
                    yield "".join(nodes)


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise CannotClean from error
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(it.file_size for it in parts) > LARGEST_UNPACKED:
        raise CannotClean
    return archive


def _repacked(content: bytes, mask: Mask, instead: str) -> bytes:
    out = io.BytesIO()
    with _opened(content) as archive, zipfile.ZipFile(out, "w") as clean:
        for it in archive.infolist():
            try:
                part = _part(it.filename, archive.read(it), mask, instead)
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError, UnicodeDecodeError, EOFError) as error:
                raise CannotClean from error
            if part is not None:
                packed = zipfile.ZIP_STORED if it.filename == "mimetype" else zipfile.ZIP_DEFLATED
                clean.writestr(zipfile.ZipInfo(it.filename, EPOCH), part, packed)
    return out.getvalue()


def _part(name: str, content: bytes, mask: Mask, instead: str) -> bytes | None:
    """One part of a packed file, cleaned; None leaves it out."""
    ending = Path(name).suffix.lower()
    if name in EMPTIED:
        return EMPTIED[name].encode()
    if "thumbnail" in name.lower():
        return None
    if ending in {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp"}:
        return _repacked(content, mask, instead)
    if "embeddings/" in name or ending == ".bin" or name.startswith("ObjectReplacements/"):
        return b""  # what another program has packed: nobody can say what is in it
    if ending in PICTURES:
        return _picture(content, PICTURES[ending])
    if ending in {".xml", ".rels", ".svg", ".vml", ".rdf"}:
        return _masked_part(_decoded(content), mask, instead).encode()
    return content


def _picture(content: bytes, image_format: str) -> bytes:
    try:
        return without_metadata(content, image_format)
    except Refused as error:
        raise CannotClean from error


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16").replace('encoding="UTF-16"', 'encoding="UTF-8"', 1)
    return content.decode("utf-8-sig")


def _masked_part(text: str, mask: Mask, instead: str) -> str:
    text = PREVIEW.sub("", text)
    text = BY_WHOM.sub(r'\1""', text)
    text = SAID_BY.sub(r"\1\3", text)
    text = PRINTER.sub(r"\1\2", text)
    text = TELLING.sub(lambda it: _attribute(it, mask), text)
    return _masked_words(text, mask, instead)


def _attribute(said: re.Match, mask: Mask) -> str:
    value = unicodedata.normalize("NFC", unescape(said.group(2)))
    names_somebody = mask.found_in(value) or value.startswith("file:")
    return f'{said.group(1)}""' if names_somebody else said.group()


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """A tag and the words that follow it, in turn; where a paragraph ends, a line ends."""
    tags = list(TAG.finditer(text))
    ends = [it.start() for it in tags[1:]] + [len(text)]
    for tag, end in zip(tags, ends, strict=True):
        raw = text[tag.end() : end]
        words = "" if NUMBERS.match(tag.group()) else unicodedata.normalize("NFC", unescape(raw))
        if NEW_LINE.match(tag.group()):
            words = f"\n{words}"
        yield tag.group(), words


def _masked_words(text: str, mask: Mask, instead: str) -> str:
    """Words may be cut into runs anywhere, so that they are read as one and masked where their letters stand."""
    first = TAG.search(text)
    pieces = list(_pieces(text))
    found = mask.found_in("".join(words for _tag, words in pieces))
    out, at, raw_at = [text[: first.start()] if first else text], 0, first.start() if first else 0
    for tag, words in pieces:
        raw_end = text.find("<", raw_at + len(tag))
        raw_end = len(text) if raw_end < 0 else raw_end
        raw, raw_at = text[raw_at + len(tag) : raw_end], raw_end
        since, at = at, at + len(words)
        here = [it for it in found if it.start < at and it.end > since]
        out += [tag, _without(words, since, here, instead) if here else raw]
    return "".join(out)


def _without(words: str, since: int, found: list, instead: str) -> str:
    parts, at = [], 0
    for it in found:
        start, end = max(it.start - since, 0), min(it.end - since, len(words))
        parts += [words[at:start], instead if it.start >= since else ""]
        at = end
    return escape("".join([*parts, words[at:]]).removeprefix("\n"))


def _redrawn(content: bytes) -> bytes:
    """The pages of a PDF, each drawn into a new one."""
    with tempfile.TemporaryDirectory(prefix="portal-pdf-") as folder:
        Path(folder, "file.pdf").write_bytes(content)
        pages = pages_in(folder)
        return _drawn(folder, range(1, pages + 1))


def pages_in(folder: str) -> int:
    """How many pages it has: typst draws page n or says that there is none."""
    low, high = 0, 1
    while high <= MOST_PAGES and _has_page(folder, high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _has_page(folder, middle) else (low, middle)
    if low == 0 or low > MOST_PAGES:
        raise CannotClean
    return low


def _has_page(folder: str, number: int) -> bool:
    try:
        _drawn(folder, [number])
    except CannotClean as error:
        if "does not exist" in str(error.__cause__):
            return False
        raise
    return True


def _drawn(folder: str, pages: range | list[int]) -> bytes:
    import typst  # here, because it takes memory that most processes never need

    page = '#set page(width: auto, height: auto, margin: 0pt)\n#set document(date: none)\n#set image(alt: "")\n'
    source = Path(folder, "clean.typ")
    source.write_text(page + "#pagebreak()\n".join(f'#image("file.pdf", page: {it})\n' for it in pages))
    try:
        return typst.compile(str(source), format="pdf", ignore_system_fonts=True)
    except (typst.TypstError, RuntimeError) as error:
        raise CannotClean from error
