"""Photographs inside a PDF, without what cameras and their owners wrote into them: EXIF, XMP, comments.

A PDF that typst has drawn anew lays its objects open, but keeps JPEG pictures letter by letter. What they say is
overwritten with nothing where it stands, so that every place in the file stays where the file says it is.
"""

import re
import zlib

from competitions.clean_markup import CannotClean

STREAM = re.compile(rb" 0 obj\s{0,2}(<<(?:(?!endobj).){1,20000}?>>)\s{0,2}stream\r?\n", re.DOTALL)
LENGTH = re.compile(rb"/Length (\d{1,10})\b")
FILTERS = re.compile(rb"/Filter\s?(/\w{1,20}|\[[^\]]{1,200}\])")  # one, or several in their order
BEGINNING, SCAN = b"\xff\xd8\xff", 0xDA
SAYING = {0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE}  # segments for programs and people; a colour profile and Adobe's stay
LARGEST_PICTURE = 40 * 1024 * 1024


def without_camera_words(pdf: bytes) -> bytes:
    """A PDF of typst whose photographs say nothing but what they show."""
    out, at = bytearray(pdf), 0
    while it := STREAM.search(pdf, at):
        at = it.end()
        length, filters = LENGTH.search(it[1]), FILTERS.search(it[1])
        end = at + int(length[1] if length else 0)
        if filters and b"/DCT" in filters[1]:
            out[at:end] = _silent(pdf[at:end], b"".join(filters[1].strip(b"[]").split()))
        at = end
    return bytes(out)


def _silent(stream: bytes, filters: bytes) -> bytes:
    if filters == b"/DCTDecode":
        return _silenced(stream)
    if filters != b"/FlateDecode/DCTDecode":
        raise CannotClean("A photograph is packed in a way that we cannot look into.")
    packing = zlib.decompressobj()
    try:
        picture = packing.decompress(stream, LARGEST_PICTURE)
    except zlib.error as error:
        raise CannotClean("A photograph is damaged.") from error
    packed = zlib.compress(_silenced(picture), 9)
    if packing.unconsumed_tail or len(packed) > len(stream):
        raise CannotClean("A photograph is too large.")
    return packed.ljust(len(stream), b"\0")


def _silenced(picture: bytes) -> bytes:
    """JPEG pictures, one behind another as telephones write them, with nothing in their saying segments."""
    out = bytearray(picture)
    at = out.find(BEGINNING)
    while at >= 0:
        at += 2
        while at + 4 <= len(out) and out[at] == 0xFF and out[at + 1] != SCAN:
            end = min(at + 2 + max(int.from_bytes(out[at + 2 : at + 4], "big"), 2), len(out))
            if out[at + 1] in SAYING:
                out[at + 4 : end] = bytes(end - at - 4)
            at = end
        at = out.find(BEGINNING, at)
    return bytes(out)
