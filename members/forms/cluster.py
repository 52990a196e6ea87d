from django import forms
from django.utils.translation import gettext_lazy as _

from members.forms.fields import AddressField, TimeZoneField
from members.models import Cluster, Direction, Region


class ClusterNameForm(forms.ModelForm):
    """What the cluster is called, and who answers for it."""

    class Meta:
        model = Cluster
        fields = ["name", "about", "contact_email", "language"]
        widgets = {"about": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["language"].required = False  # left out: the one it has

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or self.instance.language


class HueForm(forms.Form):
    """The cluster's accent, as a hue."""

    hue = forms.IntegerField(
        label=_("Hue, 0 to 359"), min_value=0, max_value=359, widget=forms.NumberInput(attrs={"type": "range"})
    )


class PlaceForm(forms.ModelForm):
    """Where the cluster is: its days begin by this clock, its rules of age come from this country."""

    time_zone = TimeZoneField()
    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country, two letters"),
        help_text=_("For instance RU, KZ, KR. From which age children decide for themselves depends on it."),
        error_messages={"invalid": _("Write the two letters of the country, such as RU.")},
    )

    class Meta:
        model = Cluster
        fields = ["time_zone", "country"]

    def clean_country(self) -> str:
        return self.cleaned_data["country"].upper()


class RegionForm(forms.ModelForm):
    """A region's name."""

    class Meta:
        model = Region
        fields = ["name"]


class DirectionForm(forms.ModelForm):
    """A theme's name."""

    class Meta:
        model = Direction
        fields = ["name"]


class AppointForm(forms.Form):
    """Who is to coordinate what; nobody gets the whole cluster by a field that was left as it was."""

    WHOLE_CLUSTER = "-"
    email = AddressField(label=_("E-mail they sign in with"))
    part = forms.ChoiceField(label=_("Coordinates"))

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        regions = Region.objects.in_order().values_list("slug", "name")
        self.fields["part"].choices = [("", _("Choose")), (self.WHOLE_CLUSTER, _("The whole cluster")), *regions]

    def region(self) -> Region | None:
        """The region that was chosen, or none for the whole cluster."""
        part = self.cleaned_data["part"]
        return None if part == self.WHOLE_CLUSTER else Region.objects.get(slug=part)
