"""Time zones as people say them. A zone that is not here is said by the city in its name: "Lisbon time"."""

from django.utils.translation import gettext_lazy as _

ZONES = {
    "Europe/Kaliningrad": _("Kaliningrad time"),
    "Europe/Moscow": _("Moscow time"),
    "Europe/Volgograd": _("Volgograd time"),
    "Europe/Saratov": _("Saratov time"),
    "Europe/Samara": _("Samara time"),
    "Asia/Yekaterinburg": _("Yekaterinburg time"),
    "Asia/Omsk": _("Omsk time"),
    "Asia/Novosibirsk": _("Novosibirsk time"),
    "Asia/Krasnoyarsk": _("Krasnoyarsk time"),
    "Asia/Irkutsk": _("Irkutsk time"),
    "Asia/Yakutsk": _("Yakutsk time"),
    "Asia/Vladivostok": _("Vladivostok time"),
    "Asia/Magadan": _("Magadan time"),
    "Asia/Kamchatka": _("Kamchatka time"),
    "Europe/Minsk": _("Minsk time"),
    "Asia/Almaty": _("Almaty time"),
    "Asia/Tashkent": _("Tashkent time"),
    "Asia/Yerevan": _("Yerevan time"),
    "Asia/Baku": _("Baku time"),
    "Asia/Tbilisi": _("Tbilisi time"),
    "Europe/Istanbul": _("Istanbul time"),
    "Europe/Berlin": _("Berlin time"),
    "Europe/Paris": _("Paris time"),
    "Europe/London": _("London time"),
    "Asia/Seoul": _("Seoul time"),
    "Asia/Shanghai": _("Shanghai time"),
    "Asia/Tokyo": _("Tokyo time"),
}
