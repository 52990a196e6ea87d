from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Institution, Person, Region


class InstitutionForm(forms.ModelForm):
    """An institution as the coordinator keeps it."""

    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    def __init__(self, *args, by: Person, **options):
        super().__init__(*args, **options)
        if not by.coordinates_whole_cluster:
            regions = [role.region_id for role in by.coordinator_roles]
            self.fields["region"].queryset = Region.objects.filter(pk__in=regions)
            self.fields["region"].required = True

    class Meta:
        model = Institution
        fields = ["name", "short_name", "kind", "region", "website", "about"]
        labels = {"region": _("Region")}
        widgets = {"about": forms.Textarea(attrs={"rows": 4})}


class DirectoryFilter(forms.Form):
    """What the directory can be narrowed to."""

    q = forms.CharField(
        label=_("Name"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("Any kind")), *Institution.Kind.choices])
    standing = forms.ChoiceField(
        label=_("Standing"), required=False, choices=[("", _("Any standing")), *Institution.Standing.choices]
    )
