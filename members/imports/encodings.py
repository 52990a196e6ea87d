"""Which encoding a text file is in: a mark at its beginning, or else the candidate whose text reads like words."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from cluster_portal.moves import Refused

MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
CANDIDATES = ("cp1251", "cp949", "koi8-r", "cp866", "mac_cyrillic", "cp1252")
SAMPLE = 60_000
FITTING_SIGNS = set("«»„“”‘’№—–…°·" + "\xa0")
COMMON_LETTERS = set("оеаинтсрвл")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def decoded(content: bytes) -> str:
    """The text of a file. Raises Refused when no encoding that we know reads it."""
    encoding = _marked(content) or _wide(content) or _best(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(_("The file is damaged in the middle. Save it again as XLSX or as CSV in UTF-8.")) from error
    return CONTROL.sub("", text)


def _marked(content: bytes) -> str:
    return next((encoding for mark, encoding in MARKS.items() if content.startswith(mark)), "")


def _wide(content: bytes) -> str:
    """UTF-16 without a mark: every second byte of its commas, digits and line ends is zero."""
    sample = content[:SAMPLE]
    if sample.count(0) < len(sample) / 20:
        return ""
    return "utf-16-be" if sample[0::2].count(0) > sample[1::2].count(0) else "utf-16-le"


def _best(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        scores = list(_scores(content))
        if not scores:
            raise Refused(
                _("The portal cannot read this file's letters. Save it as XLSX, or as CSV in UTF-8.")
            ) from None
        return max(scores)[1]
    return "utf-8"


def _scores(content: bytes) -> Iterator[tuple[float, str]]:
    for rarity, encoding in enumerate(CANDIDATES):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        yield likeness(content[:SAMPLE].decode(encoding, errors="ignore")) - rarity / 100, encoding


def likeness(text: str) -> float:
    """How much a text reads like Russian or Korean words, for each sign beyond ASCII."""
    beyond = [(before, sign) for before, sign in zip(" " + text, text, strict=False) if sign > "\x7f"]
    return sum(_weight(before, sign) for before, sign in beyond) / max(len(beyond), 1)


def _weight(before: str, sign: str) -> float:
    if "а" <= sign.lower() <= "я" or sign in "ёЁ":
        shouted_inside = sign.isupper() and before.islower()
        return -1 if shouted_inside else 1.5 if sign.lower() in COMMON_LETTERS else 1
    if "가" <= sign <= "힣":
        return 1.5
    if sign in FITTING_SIGNS:
        return 0.5
    return 0.6 if "à" <= sign.lower() <= "ÿ" and (before.isascii() and before.isalpha()) else -1.5
