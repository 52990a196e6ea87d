"""Copies of files without what says who made them: metadata goes, names in the text are masked, pictures drawn anew.

A PDF is redrawn page by page, which leaves its metadata, notes, forms, programs, attachments and earlier states behind;
what its photographs say is overwritten, its text stays as it is. Word, Excel, PowerPoint and OpenDocument files are
packed anew: of their parts markup is masked, pictures are drawn anew, and whatever else there is becomes empty, since
nobody can say what is in it.
"""

import io
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from cluster_portal.moves import Refused
from cluster_portal.uploads import IMAGES, guessed_type, without_metadata
from competitions.clean_markup import LEFT_OUT, CannotClean, Cover, Markup
from competitions.clean_photos import without_camera_words
from competitions.masking import Mask, normalized

PDF, TEXT = "application/pdf", "text/plain"
UNREADABLE = {PDF, *IMAGES}  # of what words in them nobody can be told
LARGEST_UNPACKED, MOST_PARTS, MOST_PAGES, MOST_PIXELS = 300 * 1024 * 1024, 5_000, 400, 400_000_000
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can say
PICTURES = {
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".emf", ".wmf", ".emz",
    ".wmz", ".wdp", ".pict", ".heic", ".avif", ".ico", ".svm",
}  # fmt: skip
DRAWN_ANEW = IMAGES | {"image/gif": "GIF", "image/bmp": "BMP", "image/tiff": "TIFF"}
MARKUP = {".xml", ".rels", ".svg", ".vml", ".rdf", ".psmdcp"}
OFFICE = {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp"}
KIND = re.compile(rb"application/vnd\.(?:oasis\.opendocument|sun\.xml)[a-z.-]{1,40}\s*")
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, NotImplementedError, UnicodeError, EOFError, OSError,
    ValueError,
)  # fmt: skip


def cleaned(content: bytes, content_type: str, mask: Mask, instead: str) -> bytes:
    """A copy of a file that says nothing of who made it, with `instead` where its text named somebody."""
    if content_type in IMAGES:
        return _picture(content, IMAGES[content_type])
    if content_type == PDF:
        return _redrawn(content)
    cover = Cover(mask, instead)
    if content_type == TEXT:
        return cover.text(content.decode("utf-8", "replace")).encode()
    return _repacked(content, cover)


def words_of(content: bytes, content_type: str) -> Iterator[str]:
    """What a file says in words, as far as it can be read: of a PDF and a picture nothing."""
    cover = Cover(Mask(), "")
    if content_type == TEXT:
        text = content.decode("utf-8", "replace")
        cover.count(text)
        yield normalized(text)
    elif content_type not in IMAGES and content_type != PDF:
        for name, part in _parts(content):
            if name.endswith(".xml") and part and "theme" not in name:
                yield "".join(Markup(part, cover).words)


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The parts of a packed file that are looked at, each name once."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names, size = {it.filename.lower() for it in parts}, sum(it.file_size for it in parts)
            if len(parts) > MOST_PARTS or len(names) < len(parts) or size > LARGEST_UNPACKED:
                raise CannotClean("A file has 5000 parts and 300 MB at most, and no part twice.")
            for it in parts:
                if not LEFT_OUT.search(it.filename):
                    yield it.filename, archive.read(it)
    except DAMAGED as error:
        raise CannotClean("The file is damaged or locked.") from error


def _repacked(content: bytes, cover: Cover, within: bool = False) -> bytes:
    out = io.BytesIO()
    pixels = MOST_PIXELS
    with zipfile.ZipFile(out, "w") as clean:
        for name, part in _parts(content):
            if Path(name).suffix.lower() in PICTURES:
                pixels -= _pixels(part)
            if pixels < 0:
                raise CannotClean("The pictures of a file have 400 million pixels at most.")
            packed = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            told = zipfile.ZipInfo(cover.attribute("", "", name), EPOCH)
            clean.writestr(told, _part(name, part, cover, within), packed)
    return out.getvalue()


def _part(name: str, content: bytes, cover: Cover, within: bool) -> bytes:
    """One part of a packed file, cleaned; empty unless somebody can say what is in it."""
    ending = Path(name).suffix.lower()
    if name == "mimetype":
        if not KIND.fullmatch(content):
            raise CannotClean("The file is of no kind that we know.")
        return content
    if ending in PICTURES and content:
        return _picture_within(content)
    if ending in OFFICE and not within:  # a table within a text; what is packed deeper stays behind
        return _repacked(content, cover, within=True)
    if ending in MARKUP and content:
        return _markup(content, ending, cover)
    return b""


def _markup(content: bytes, ending: str, cover: Cover) -> bytes:
    try:
        return Markup(content, cover).masked()
    except CannotClean:
        if ending == ".vml":  # Excel writes some that are not well-formed: the frames of notes
            return b"<xml/>"
        raise


def _picture(content: bytes, image_format: str) -> bytes:
    try:
        return without_metadata(content, image_format)
    except (Refused, *DAMAGED, SyntaxError, IndexError) as error:
        raise CannotClean("The picture is damaged.") from error


def _picture_within(content: bytes) -> bytes:
    """A picture drawn anew, whatever its name says it is; a blank one for what cannot be drawn here."""
    try:
        return _picture(content, DRAWN_ANEW[guessed_type(content)])
    except (KeyError, CannotClean):
        return _blank()


def _blank() -> bytes:
    from PIL import Image  # here, because its memory is only for those with pictures

    out = io.BytesIO()
    Image.new("RGBA", (1, 1)).save(out, "PNG")
    return out.getvalue()


def _pixels(content: bytes) -> int:
    from PIL import Image  # here, because its memory is only for those with pictures

    try:
        with Image.open(io.BytesIO(content)) as picture:
            return picture.width * picture.height
    except (*DAMAGED, SyntaxError, IndexError, Image.DecompressionBombError):
        return 0


def _redrawn(content: bytes) -> bytes:
    """The pages of a PDF, each drawn into a new one."""
    with tempfile.TemporaryDirectory(prefix="portal-pdf-") as folder:
        Path(folder, "file.pdf").write_bytes(content)
        pages = pages_in(folder)
        return without_camera_words(_drawn(folder, range(1, pages + 1)))


def pages_in(folder: str) -> int:
    """How many pages it has: typst draws page n or says that there is none."""
    low, high = 0, 1
    while high <= MOST_PAGES and _has_page(folder, high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _has_page(folder, middle) else (low, middle)
    if low == 0 or low > MOST_PAGES:
        raise CannotClean("A file has 400 pages at most.")
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
