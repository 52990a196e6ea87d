from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.actions.sessions import why_not_so_long
from courses.models import Pool, Session
from members.forms import DateTimeInput, WallClockForm

FIELDS = {Pool.Sort.ROOM: "room_places", Pool.Sort.ONLINE: "online_places"}


class SessionForm(WallClockForm):
    """One session, by the wall clock of its run."""

    wall_clock_fields = ("starts_at", "ends_at")
    online_link = forms.URLField(
        label=_("Joining link"),
        required=False,
        assume_scheme="https",
        help_text=_("Only those confirmed see it. Empty means: the run's link."),
    )

    class Meta:
        model = Session
        fields = ["title", "speakers", "starts_at", "ends_at", "place", "online_link"]
        widgets = {"starts_at": DateTimeInput, "ends_at": DateTimeInput}

    def clean(self):
        cleaned = super().clean()
        times = [cleaned[name] for name in self.wall_clock_fields if cleaned.get(name)]
        if len(times) == len(self.wall_clock_fields) and (wrong := why_not_so_long(*times)):
            self.add_error("ends_at", wrong)
        return cleaned


def places_field(label: str, **options: Any) -> forms.IntegerField:
    """A number of places of one sort."""
    return forms.IntegerField(label=label, min_value=1, max_value=100_000, required=False, **options)


class NewSessionForm(SessionForm):
    """One more session: for everybody in the run, or with places of its own."""

    room_places = places_field(
        _("Own places in the room"), help_text=_("Leave both empty for a session that is for everybody in the run.")
    )
    online_places = places_field(_("Own places online"))

    def own_places(self) -> dict[str, int]:
        """Sort → how many, of those that were entered; none for a session for everybody."""
        return {sort: count for sort, name in FIELDS.items() if (count := self.cleaned_data[name])}

    def facts(self) -> dict[str, Any]:
        """What the session itself says."""
        return {name: value for name, value in self.cleaned_data.items() if name not in FIELDS.values()}


class SessionPlacesForm(forms.Form):
    """How many places of its own a session has."""

    room_places = places_field(_("Places in the room"))
    online_places = places_field(_("Places online"))

    def __init__(self, *args: Any, pools: list[Pool], **options: Any) -> None:
        super().__init__(*args, **options)
        for pool in pools:  # those that there are stay: people may have chosen them
            field = self.fields[FIELDS[Pool.Sort(pool.sort)]]
            field.initial, field.required = pool.places, True

    def clean(self) -> dict[str, Any]:
        """A session has places of at least one sort."""
        cleaned = super().clean() or {}
        if not self.errors and not self.places():
            self.add_error("room_places", _("Say how many places there are, in the room or online."))
        return cleaned

    def places(self) -> dict[str, int]:
        """Sort → how many, of those that were entered."""
        return {sort: count for sort, name in FIELDS.items() if (count := self.cleaned_data.get(name))}
