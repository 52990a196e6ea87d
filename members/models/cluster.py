import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import translation
from django.utils.timezone import localdate, now
from django.utils.translation import gettext_lazy as _

from cluster_portal.prepared import prepared

DEFAULT_HUE = 258
_of_this_request: ContextVar[list["Cluster"] | None] = ContextVar("_of_this_request", default=None)


def validate_time_zone(name: str) -> None:
    """Refuse what is not a time zone of the IANA database."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Choose one such as Europe/Moscow."), params={"name": name}
        )


class Cluster(models.Model):
    """The partnership that this installation serves: one row."""

    name = models.CharField(_("name"), max_length=120)
    about = models.TextField(_("what it is, in two sentences"), blank=True)
    hue = models.PositiveSmallIntegerField(
        _("accent hue, 0 to 359"), default=DEFAULT_HUE, validators=[MaxValueValidator(359)]
    )
    time_zone = models.CharField(_("time zone"), max_length=40, default="UTC", validators=[validate_time_zone])
    language = models.CharField(
        _("language of its documents"),
        max_length=2,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        help_text=_("Titles that the portal writes into agreements are in it, whoever presses the button."),
    )
    country = models.CharField(_("country, two letters"), max_length=2, blank=True)
    example = models.CharField(max_length=40, blank=True, editable=False)
    contact_email = models.EmailField(_("who answers replies to our mail"), blank=True)

    AUDITED = ("hue", "time_zone", "country", "language")

    class Meta:
        verbose_name = _("cluster")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="cluster_is_one")]

    def __str__(self):
        return self.name

    @classmethod
    def current(cls) -> "Cluster":
        """The cluster of this installation; an unsaved one with plain defaults before it has been named."""
        read = _of_this_request.get()
        if read is None:
            return cls._read()
        if not read:
            read.append(cls._read())
        return read[0]

    @classmethod
    def have_at_hand(cls, found: list["Cluster"]) -> None:
        """Let `current` be this row (none, when nobody has named the cluster) for the rest of a request."""
        read = _of_this_request.get()
        if read is not None and not read:
            read.append(cls._of(found))

    @classmethod
    def _read(cls) -> "Cluster":
        return cls._of(the_cluster())

    @classmethod
    def _of(cls, found: list["Cluster"]) -> "Cluster":
        return next(iter(found), None) or cls(pk=1, name=str(_("AI cluster")))

    @staticmethod
    @contextmanager
    def read_once() -> Iterator[None]:
        """Within this, `current` asks the database once: a page names the cluster and its day in many places."""
        known = _of_this_request.set([])
        try:
            yield
        finally:
            _of_this_request.reset(known)

    @property
    def is_named(self) -> bool:
        """Whether somebody has named this cluster: without that, there is no row of it."""
        return not self._state.adding

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone in which the cluster's days begin and end."""
        return zoneinfo.ZoneInfo(self.time_zone)

    def in_words(self, text: str, **parts: str) -> str:
        """A text of the portal (marked by gettext_noop) in the cluster's language, for what is kept."""
        with translation.override(self.language):
            return translation.gettext(text) % parts

    def today(self) -> date:
        """Today in the cluster's zone."""
        return localdate(now(), self.zone)

    def school_year_on(self, day: date) -> int:
        """The year in which the school year of a day begins: in Korea it begins in March, elsewhere in autumn.

        Elsewhere July counts as the year ahead: lessons are over, and whoever makes a class or loads a list then
        prepares the next one.
        """
        first_month = 3 if self.country == "KR" else 7
        return day.year - (day.month < first_month)


@prepared
def the_cluster():
    return Cluster.objects.filter(pk=1)
