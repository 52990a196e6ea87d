"""Languages as people call them: those of the portal, and others in which people near it teach and write.

In words of our own, as the zones: what babel reads to know twenty names stays in memory, 2 MB of each process.
"""

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import pgettext_lazy

NAMES = {
    "en": pgettext_lazy("language", "English"),
    "ru": pgettext_lazy("language", "Russian"),
    "ko": pgettext_lazy("language", "Korean"),
    "be": pgettext_lazy("language", "Belarusian"),
    "de": pgettext_lazy("language", "German"),
    "es": pgettext_lazy("language", "Spanish"),
    "fi": pgettext_lazy("language", "Finnish"),
    "fr": pgettext_lazy("language", "French"),
    "hy": pgettext_lazy("language", "Armenian"),
    "ja": pgettext_lazy("language", "Japanese"),
    "ka": pgettext_lazy("language", "Georgian"),
    "kk": pgettext_lazy("language", "Kazakh"),
    "ky": pgettext_lazy("language", "Kyrgyz"),
    "tg": pgettext_lazy("language", "Tajik"),
    "tr": pgettext_lazy("language", "Turkish"),
    "tt": pgettext_lazy("language", "Tatar"),
    "uk": pgettext_lazy("language", "Ukrainian"),
    "uz": pgettext_lazy("language", "Uzbek"),
    "vi": pgettext_lazy("language", "Vietnamese"),
    "zh": pgettext_lazy("language", "Chinese"),
}


def language_name(code: str) -> str:
    """A language as the reader calls it within a sentence; its code, where nobody knows a name."""
    return str(NAMES.get(code, code))


def languages() -> list[tuple[str, str]]:
    """The languages in which something may be taught or written: those of the portal first, then its neighbours'."""
    codes = dict.fromkeys([code for code, _name in settings.LANGUAGES] + list(NAMES))
    return [(code, capfirst(language_name(code))) for code in codes]
