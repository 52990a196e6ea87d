"""The fonts of our PDFs, and which signs they draw: read from the fonts themselves, so that nothing is guessed."""

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO

LAST_SIGN = 0x10FFFF
# They say where a word may break, or which picture of a sign is meant; people paste them without knowing.
INVISIBLE = set("\u00ad\u200b\u200c\u200d\u2060\ufe0e\ufe0f\ufeff")
WHOLE_UNICODE = 12  # the format of the table that is not confined to the first 65,536 signs


def font_files() -> list[Path]:
    """Noto Sans for Latin, Greek and Cyrillic with the letters of all its languages; Noto Sans CJK for the rest."""
    import fontpkg_noto_sans
    from noto_cjk_sans_otc import FONT_PATH

    return [fontpkg_noto_sans.ROOT / "files" / "NotoSans[wdth,wght].ttf", FONT_PATH]


def unprintable(text: str) -> str:
    """The signs of a text that our PDFs cannot draw, each once."""
    return "".join(dict.fromkeys(sign for sign in text if not _can_be_drawn(sign)))


def _can_be_drawn(sign: str) -> bool:
    if unicodedata.category(sign)[0] == "C":  # commands, and what is no sign at all
        return sign in INVISIBLE
    return sign in INVISIBLE or any(drawn[ord(sign)] for drawn in _drawn())


@cache
def _drawn() -> list[bytearray]:
    """For each font a flag for each sign: whether it has a picture of it."""
    return [_flags(path) for path in font_files()]


def _flags(path: Path) -> bytearray:
    flags = bytearray(LAST_SIGN + 1)
    with path.open("rb") as font:
        for first, last in _ranges(font):
            flags[first : last + 1] = b"\1" * (last + 1 - first)
    return flags


def _ranges(font: BinaryIO) -> Iterator[tuple[int, int]]:
    """The signs of a font as ranges, by the table `cmap` of the OpenType format."""
    begin = _table(font)
    count = _read(font, begin + 2, ">H")[0]
    subtables = [_read(font, begin + 4 + 8 * number, ">HHI")[2] for number in range(count)]
    whole = next(at for at in subtables if _read(font, begin + at, ">H")[0] == WHOLE_UNICODE)
    groups = _read(font, begin + whole + 12, ">I")[0]
    font.seek(begin + whole + 16)
    for first, last, _glyph in struct.iter_unpack(">III", font.read(12 * groups)):
        yield first, last


def _table(font: BinaryIO) -> int:
    """Where `cmap` begins; of a collection, in its first font: all of ours have the same signs."""
    begin = _read(font, 12, ">I")[0] if _read(font, 0, ">4s")[0] == b"ttcf" else 0
    count = _read(font, begin + 4, ">H")[0]
    tables = (_read(font, begin + 12 + 16 * number, ">4s4xI") for number in range(count))
    return next(at for tag, at in tables if tag == b"cmap")


def _read(font: BinaryIO, at: int, form: str) -> tuple:
    font.seek(at)
    return struct.unpack(form, font.read(struct.calcsize(form)))
