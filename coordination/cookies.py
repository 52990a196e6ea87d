"""Every cookie that the portal sets, for the page about privacy."""

from django.conf import settings
from django.utils.translation import gettext as _

from members.devices import COOKIE_AGE, PREFIX


def cookies() -> list[tuple[str, str]]:
    """What each cookie is called, as a browser lists it, and what it is for."""
    days = {"days": COOKIE_AGE.days}
    return [
        (settings.SESSION_COOKIE_NAME, _("Keeps you signed in.")),
        (settings.CSRF_COOKIE_NAME, _("Against forged forms.")),
        (settings.LANGUAGE_COOKIE_NAME, _("Your language, for a year.")),
        ("messages", _("Carries what we say after a button to the next page, and is gone then.")),
        (f"{PREFIX}…", _("Knows a device that you confirmed with a mailed code, for %(days)s days.") % days),
    ]
