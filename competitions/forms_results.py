from django import forms
from django.utils.translation import gettext_lazy as _

from competitions.models import Entry


class DisqualifyForm(forms.Form):
    """Why an entry is out of the competition."""

    reason = forms.CharField(
        label=_("why it is disqualified"), max_length=500, help_text=_("The authors read it in a mail.")
    )


class PlacesForm(forms.Form):
    """A place for each entry; the names of its fields are the entries' public ids."""

    def __init__(self, *args, entries, **options):
        super().__init__(*args, **options)
        self.entries = entries
        for it in entries:
            self.fields[it.public_id] = forms.ChoiceField(
                label=_("Place of %(title)s") % {"title": it.title},
                choices=[("", _("No place yet")), *Entry.Place.choices],
                initial=it.planned_place,
                required=False,
            )

    def places(self) -> dict[int, str]:
        """The chosen place for each entry by its key; those that the form did not show are left out."""
        return {it.pk: self.cleaned_data[it.public_id] for it in self.entries if it.public_id in self.data}
