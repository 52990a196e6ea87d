from django import forms
from django.utils.translation import gettext_lazy as _

from courses.models import Pool, Reserve
from members.forms import DateInput


class PlacesForm(forms.ModelForm):
    """How many places a pool has."""

    class Meta:
        model = Pool
        fields = ["places"]


class NewPlacesForm(forms.ModelForm):
    """Places of a sort that a run does not have yet."""

    class Meta:
        model = Pool
        fields = ["sort", "places"]
        labels = {"sort": _("Room or online")}

    def __init__(self, *args, missing: list[str], **options):
        super().__init__(*args, **options)
        self.fields["sort"].choices = [it for it in Pool.Sort.choices if it[0] in missing]
        self.fields["sort"].initial = missing[0]


class ReserveForm(forms.ModelForm):
    """How many places are kept, and until when."""

    class Meta:
        model = Reserve
        fields = ["places", "release_on"]
        widgets = {"release_on": DateInput}
        help_texts = {"release_on": _("From this day on, what is free of them is free for all.")}


class NewReserveForm(ReserveForm):
    """For which institution places are kept, how many, and until when."""

    class Meta(ReserveForm.Meta):
        fields = ["institution", "places", "release_on"]
