"""Languages as people call them: those of the portal, and others in which people near it teach and write."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import get_language

NEIGHBOURS = ["be", "de", "es", "fi", "fr", "hy", "ja", "ka", "kk", "ky", "tg", "tr", "tt", "uk", "uz", "vi", "zh"]


def language_name(code: str) -> str:
    """A language as the reader calls it."""
    return _language_name(code, get_language() or "en")


@lru_cache(maxsize=1000)
def _language_name(code: str, reader: str) -> str:
    try:
        return Locale.parse(code.replace("-", "_")).get_display_name(reader.replace("-", "_")) or code
    except (UnknownLocaleError, ValueError):
        return code


def languages() -> list[tuple[str, str]]:
    """The languages in which something may be taught or written: those of the portal first, then its neighbours'."""
    codes = dict.fromkeys([code for code, _name in settings.LANGUAGES] + NEIGHBOURS)
    return [(code, capfirst(language_name(code))) for code in codes]
