"""Languages as people call them: those of the portal, and others in which people near it teach and write."""

from functools import lru_cache

from babel import localedata
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import get_language

NEIGHBOURS = ["be", "de", "es", "fi", "fr", "hy", "ja", "ka", "kk", "ky", "tg", "tr", "tt", "uk", "uz", "vi", "zh"]


def language_name(code: str) -> str:
    """A language as the reader calls it; its code, where nobody knows a name."""
    return _names((get_language() or "en")[:2]).get(code.replace("-", "_"), code)


@lru_cache(maxsize=len(settings.LANGUAGES))
def _names(reader: str) -> dict[str, str]:
    """The languages in a reader's words. What else babel has read of theirs is let go: it is 4 MB of each."""
    names = dict(localedata.load(reader)["languages"])
    localedata._cache.clear()
    return names


def languages() -> list[tuple[str, str]]:
    """The languages in which something may be taught or written: those of the portal first, then its neighbours'."""
    codes = dict.fromkeys([code for code, _name in settings.LANGUAGES] + NEIGHBOURS)
    return [(code, capfirst(language_name(code))) for code in codes]
