"""Time zones as people say them: by their city, "Lisbon time". Those of Russia and its neighbours have words here."""

from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

ZONES = {
    "Europe/Kaliningrad": gettext_lazy("Kaliningrad time"),
    "Europe/Moscow": gettext_lazy("Moscow time"),
    "Europe/Volgograd": gettext_lazy("Volgograd time"),
    "Europe/Saratov": gettext_lazy("Saratov time"),
    "Europe/Samara": gettext_lazy("Samara time"),
    "Asia/Yekaterinburg": gettext_lazy("Yekaterinburg time"),
    "Asia/Omsk": gettext_lazy("Omsk time"),
    "Asia/Novosibirsk": gettext_lazy("Novosibirsk time"),
    "Asia/Krasnoyarsk": gettext_lazy("Krasnoyarsk time"),
    "Asia/Irkutsk": gettext_lazy("Irkutsk time"),
    "Asia/Yakutsk": gettext_lazy("Yakutsk time"),
    "Asia/Vladivostok": gettext_lazy("Vladivostok time"),
    "Asia/Magadan": gettext_lazy("Magadan time"),
    "Asia/Kamchatka": gettext_lazy("Kamchatka time"),
    "Europe/Minsk": gettext_lazy("Minsk time"),
    "Asia/Almaty": gettext_lazy("Almaty time"),
    "Asia/Tashkent": gettext_lazy("Tashkent time"),
    "Asia/Yerevan": gettext_lazy("Yerevan time"),
    "Asia/Baku": gettext_lazy("Baku time"),
    "Asia/Tbilisi": gettext_lazy("Tbilisi time"),
    "Europe/Istanbul": gettext_lazy("Istanbul time"),
    "Europe/Berlin": gettext_lazy("Berlin time"),
    "Europe/Paris": gettext_lazy("Paris time"),
    "Europe/London": gettext_lazy("London time"),
    "Asia/Seoul": gettext_lazy("Seoul time"),
    "Asia/Shanghai": gettext_lazy("Shanghai time"),
    "Asia/Tokyo": gettext_lazy("Tokyo time"),
}


def zone_name(zone: tzinfo | None = None) -> str:
    """The name of a zone, or of the reader's own, as people say it."""
    key = str(zone or get_current_timezone())
    if key == "UTC":
        return key
    if key in ZONES:
        return str(ZONES[key])
    return _("%(city)s time") % {"city": _city(key, get_language() or "en")}


@lru_cache(maxsize=1000)
def _city(key: str, language: str) -> str:
    """The city that a zone is named after, in a language; in English for a language that babel does not know."""
    from babel import Locale, UnknownLocaleError  # here, because most zones have words of ours (decision 095)
    from babel.dates import get_timezone_location

    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return get_timezone_location(ZoneInfo(key), locale=locale, return_city=True)
