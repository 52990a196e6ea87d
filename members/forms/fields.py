import zoneinfo
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cluster_portal.fresh import FreshForm
from members.addresses import ADDRESS_LENGTH
from members.models import Cluster

EARLIEST_BIRTH_YEAR = 1900
YEARS_WITHIN_REACH = 20


def validate_within_reach(value: date) -> None:
    """Refuse a day or an instant of which the year is a slip: nobody plans that far, and beyond 9999 days end."""
    if abs(value.year - timezone.now().year) > YEARS_WITHIN_REACH:
        raise ValidationError(
            _("This is more than %(years)s years away. Check the year.") % {"years": YEARS_WITHIN_REACH}
        )


class DateInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, **options):
        super().__init__(format="%Y-%m-%d", **options)


class TimeInput(forms.TimeInput):
    """The browser's own time field."""

    input_type = "time"

    def __init__(self, **options):
        super().__init__(format="%H:%M", **options)


class DateTimeInput(forms.DateTimeInput):
    """The browser's own field for day and time."""

    input_type = "datetime-local"

    def __init__(self, **options):
        super().__init__(format="%Y-%m-%dT%H:%M", **options)


class FormattedInput(forms.Textarea):
    """A field for what people write at length (cluster_portal/formatted.py); a page loads static/js/paste.js for it."""

    def __init__(self, rows=10):
        super().__init__(attrs={"rows": rows, "data-formatted": ""})


class AddressField(forms.EmailField):
    """An e-mail address that fits the columns for it: by itself the field takes longer ones."""

    def __init__(self, **options):
        super().__init__(**{"max_length": ADDRESS_LENGTH} | options)


class BirthDateField(forms.DateField):
    """A birth date in the past, of this or the last century."""

    widget = DateInput

    def __init__(self, **options):
        texts = {
            "label": _("Birth date"),
            "help_text": _("Only to know whether you are 18 or older. Other people never see it."),
        }
        super().__init__(**texts | options)

    def validate(self, value):
        super().validate(value)
        if value and not (value.year >= EARLIEST_BIRTH_YEAR and value <= Cluster.current().today()):
            raise ValidationError(_("This is not a birth date. Enter year, month and day of birth."))


class TimeZoneField(forms.ChoiceField):
    """A time zone of the IANA database that belongs to a place."""

    CONTINENTS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")

    def __init__(self, *, empty=None, **options):
        zones = [(zone, zone) for zone in sorted(zoneinfo.available_timezones()) if zone.startswith(self.CONTINENTS)]
        first = [("", empty)] if empty else []
        super().__init__(label=_("Time zone"), choices=[*first, ("UTC", "UTC"), *zones], **options)


class WallClockForm(FreshForm):
    """A form whose dates and times are meant by the wall clock of one zone, whatever the reader's own zone is."""

    wall_clock_fields: tuple[str, ...] = ()

    def __init__(self, *args, zone, **options):
        self.zone = zone
        super().__init__(*args, **options)
        for name in self.wall_clock_fields:
            if name in self.fields:
                self.fields[name].validators.append(validate_within_reach)
            if value := self.initial.get(name):
                self.initial[name] = value.astimezone(zone).replace(tzinfo=None)

    def full_clean(self):
        """Read the times in the form's zone: an hour that its clocks skip or repeat is refused by Django."""
        with timezone.override(self.zone):
            super().full_clean()
