"""What stands in one cell: text, names, dates, addresses. Whatever cannot be read says why in a sentence."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from members.addresses import is_address
from members.imports.reading import ERROR, INVISIBLE, NO_VALUE

FIRST_SERIAL = date(1899, 12, 30)  # as Excel counts: its 29 February 1900 never was
SERIALS = range(2_200, 80_000)
YEARS = range(1900, 2101)
MONTHS = {
    month: number
    for number, names in enumerate(
        ["янв jan", "фев feb", "мар mar", "апр apr", "мая май may", "июн jun", "июл jul", "авг aug", "сен sep",
         "окт oct", "ноя nov", "дек dec"], start=1)
    for month in names.split()
}  # fmt: skip
PATRONYMIC = re.compile(r"(ич|вна|ична|оглы|кызы)$", re.IGNORECASE)
INITIALS = re.compile(r"(?:\w\.){1,2}|\w\.")
TWO_SYLLABLE_FAMILIES = ("남궁", "황보", "제갈", "사공", "선우", "독고", "동방", "서문")


class Unusable(Exception):
    """This row cannot be taken in; the text says to the reader why, and what to correct."""


def text_of(value: Any) -> str:
    """A value as one line of text: no invisible signs, single spaces, numbers without a needless ".0"."""
    if value is NO_VALUE:
        raise Unusable(_("A formula stands here without its value. Write the value itself into the cell."))
    if value is ERROR:
        raise Unusable(_("The cell holds an error of the spreadsheet. Write the value itself into the cell."))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    text = re.sub(f"[{INVISIBLE}]", "", unicodedata.normalize("NFC", "" if value is None else str(value)))
    text = " ".join(text.replace("\0", " ").split())
    return text[1:].strip() if re.match(r"'[=+\-@]", text) else text


def word_of(value: Any) -> str:
    """A short name such as that of a class; a spreadsheet may have taken it for a date."""
    if isinstance(value, date | time):
        raise Unusable(_("The spreadsheet has turned this into a date. Format the cell as text and write it again."))
    return text_of(value)


def date_of(value: Any, today: date) -> date | None:
    """A birth date in any usual dress; None when the cell is empty."""
    found = _any_date(value, today)
    if found and not (found.year >= YEARS.start and found <= today):
        raise Unusable(_("This is not a birth date: %(date)s. Correct it.") % {"date": found.isoformat()})
    return found


def _any_date(value: Any, today: date) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = text_of(value)
    if not text:
        return None
    try:
        return _numbered(text) or _written(text, today)
    except (ValueError, OverflowError):  # the thirtieth of February
        raise _no_date(text) from None


def _numbered(text: str) -> date | None:
    """Days since 1900 as Excel counts them, or eight digits: 20101231."""
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        return None
    if len(text) == 8 and text.isdecimal():
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    number = int(float(text))
    if number in SERIALS:
        return FIRST_SERIAL + timedelta(days=number)
    return None


def _written(text: str, today: date) -> date:
    plain = re.sub(r"\s*(г\.?|года|год|г\.\s*р\.?)$", "", text.casefold())
    plain = re.sub(r"[t ]\d{1,2}:\d{2}(:\d{2})?(\.\d+)?z?$", "", plain)
    if found := re.fullmatch(r"(\d{4})(?:[-./]|년)\s*(\d{1,2})(?:[-./]|월)\s*(\d{1,2})[.일]?", plain):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := re.fullmatch(r"(\d{1,2})\s*([-./])\s*(\d{1,2})\s*\2\s*(\d{4}|\d{2})", plain):
        return _day_and_month(int(found[1]), int(found[3]), _year(found[4], today), found[2], text)
    if found := re.fullmatch(r"(\d{1,2})[ .-]*([^\W\d]+)[ .,-]*(\d{4})", plain):
        return date(int(found[3]), _month(found[2], text), int(found[1]))
    if found := re.fullmatch(r"([^\W\d]+)\.? (\d{1,2}),? (\d{4})", plain):
        return date(int(found[3]), _month(found[1], text), int(found[2]))
    raise _no_date(text)


def _day_and_month(first: int, second: int, year: int, sign: str, text: str) -> date:
    """Points are written day first everywhere; with strokes and hyphens only numbers above 12 tell."""
    if second > 12:
        return date(year, first, second)
    if sign != "." and first <= 12 and first != second:
        raise Unusable(
            _("%(date)s can be read in two ways: day first or month first. Write it as 2010-12-31.") % {"date": text}
        )
    return date(year, second, first)


def _year(written: str, today: date) -> int:
    if len(written) == 4:
        return int(written)
    return 2000 + int(written) if 2000 + int(written) <= today.year else 1900 + int(written)


def _month(word: str, text: str) -> int:
    month = MONTHS.get(word[:3])
    if month is None:
        raise _no_date(text)
    return month


def _no_date(text: str) -> Unusable:
    return Unusable(
        _("“%(text)s” is not a date that the portal can read. Write it as 2010-12-31.") % {"text": text[:40]}
    )


def email_of(value: Any) -> str:
    """One e-mail address in lower case, or nothing."""
    text = text_of(value).removeprefix("mailto:").strip(" ;,")
    if found := re.fullmatch(r".*<([^<>]+)>", text):
        text = found[1]
    if not text or text in {"-", "—", "нет", "no", "없음"}:
        return ""
    if text.count("@") > 1:
        raise Unusable(_("Two e-mail addresses stand in one cell. Leave one of them."))
    if not is_address(text):
        raise Unusable(
            _("“%(text)s” is not an e-mail address. Correct it, or leave the cell empty.") % {"text": text[:60]}
        )
    return text.lower()


def names_of(value: Any) -> dict[str, str]:
    """Family name, given name and patronymic out of one cell."""
    text = text_of(value)
    if not text:
        return {}
    if "," in text:
        family, _comma, rest = text.partition(",")
        return _named(family.strip(), rest.split())
    words = re.sub(r"(\w\.)(?=\w)", r"\1 ", text).split()
    if len(words) == 1:
        return _one_word(words[0])
    return _named(*_ordered(words))


def _ordered(words: list[str]) -> tuple[str, list[str]]:
    """Which word is the family name: the first, but the last after initials, a patronymic or in Latin letters."""
    if all(INITIALS.fullmatch(word) for word in words[:-1]):
        return words[-1], words[:-1]
    last_is_family = len(words) == 3 and PATRONYMIC.search(words[1]) and not PATRONYMIC.search(words[2])
    if last_is_family or (all(word.isascii() for word in words) and not INITIALS.fullmatch(words[-1])):
        return words[-1], words[:-1]
    return words[0], words[1:]


def _named(family: str, rest: list[str]) -> dict[str, str]:
    if not family or not rest:
        raise Unusable(_("Only one word stands in the name. Write the family name and the given name."))
    if family.isascii():
        return {"family_name": family, "given_name": " ".join(rest)}
    return {"family_name": family, "given_name": rest[0], "patronymic": " ".join(rest[1:])}


def _one_word(word: str) -> dict[str, str]:
    """Korean names are written without a space: the family name is one syllable, rarely two."""
    if not re.fullmatch(r"[가-힣]{2,5}", word):
        return _named(word, [])
    family = word[:2] if word.startswith(TWO_SYLLABLE_FAMILIES) and len(word) > 2 else word[0]
    return {"family_name": family, "given_name": word[len(family) :]}
