from django import forms
from django.utils.translation import gettext_lazy as _

from cluster_portal.buttons import outcome_in
from cluster_portal.search import LONGEST_QUERY
from members import actions
from members.models import Direction, Institution, InstitutionLink, Person, Region

OWN_FIELDS = ["short_name", "website", "about", "directions"]


class InstitutionForm(forms.ModelForm):
    """An institution: all of it for its coordinator, what it says about itself for its heads and contacts."""

    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    class Meta:
        model = Institution
        fields = ["name", "short_name", "kind", "region", "website", "about", "directions"]
        labels = {"region": _("Region")}
        widgets = {"about": forms.Textarea(attrs={"rows": 4}), "directions": forms.CheckboxSelectMultiple}

    def __init__(self, *args, by: Person, **options):
        super().__init__(*args, **options)
        if self.instance.pk and not by.coordinates(self.instance.region_id):
            self._keep_only(OWN_FIELDS)
        elif not by.coordinates_whole_cluster:
            regions = [role.region_id for role in by.coordinator_roles]
            self.fields["region"].queryset = Region.objects.filter(pk__in=regions).in_order()
            self.fields["region"].required = True
        if not Direction.objects.exists():
            del self.fields["directions"]

    def keep(self, by: Person) -> Institution:
        """Let the action keep what was entered."""
        directions = self.cleaned_data.get("directions")
        return actions.keep_institution(self.instance, by=by, changed=self.changed_data, directions=directions)

    def _keep_only(self, names: list[str]) -> None:
        for name in set(self.fields) - set(names):
            del self.fields[name]


class LinkForm(forms.ModelForm):
    """An address for the institution's page."""

    url = forms.URLField(label=_("Address"), assume_scheme="https", max_length=200)

    class Meta:
        model = InstitutionLink
        fields = ["title", "url"]


class LogoForm(forms.Form):
    """A picture for the institution's page."""

    logo = forms.FileField(
        label=_("Picture"),
        help_text=_("PNG, JPEG or WebP. It is drawn anew: hidden notes of the camera do not come along."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )

    def __init__(self, *args, institution: Institution, by: Person, **options):
        super().__init__(*args, **options)
        self.institution, self.by = institution, by

    def keep(self) -> None:
        """Let the action keep the picture; what it refuses is said beside the field."""
        outcome_in(self, "logo", actions.change_logo, self.institution, self.cleaned_data["logo"], by=self.by)


class SeveralForm(forms.Form):
    """Names of several institutions of one kind, a line each."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Institution.Kind.choices, initial=Institution.Kind.SCHOOL)
    region = forms.ModelChoiceField(
        Region.objects.in_order(), label=_("Region"), required=False, empty_label=_("No region")
    )
    names = forms.CharField(
        label=_("Names, a line each"), widget=forms.Textarea(attrs={"rows": 8}), help_text=_("You can paste a column.")
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        if not Region.objects.exists():
            del self.fields["region"]

    def clean_names(self) -> list[str]:
        """The lines, each as long as a name may be."""
        lines = [" ".join(line.split()) for line in self.cleaned_data["names"].splitlines() if line.strip()]
        longest = Institution._meta.get_field("name").max_length
        if too_long := [line for line in lines if len(line) > longest]:
            raise forms.ValidationError(
                _("“%(line)s…” is longer than %(most)s characters. Is it one name?"),
                params={"line": too_long[0][:40], "most": longest},
            )
        return lines


class DirectoryFilter(forms.Form):
    """What the directory can be narrowed to."""

    q = forms.CharField(
        label=_("Name"), required=False, max_length=LONGEST_QUERY, widget=forms.TextInput(attrs={"type": "search"})
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("Any kind")), *Institution.Kind.choices])
    region = forms.ChoiceField(label=_("Region"), required=False)
    direction = forms.ChoiceField(label=_("Theme"), required=False)
    standing = forms.ChoiceField(
        label=_("Standing"), required=False, choices=[("", _("Any standing")), *Institution.Standing.choices]
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._offer("region", Region, _("Any region"))
        self._offer("direction", Direction, _("Any theme"))

    def _offer(self, name: str, model: type[Region] | type[Direction], any_of_them) -> None:
        """Let people choose among the rows of a model; what has none is not asked."""
        known = list(model.objects.values_list("slug", "name"))
        if known:
            self.fields[name].choices = [("", any_of_them), *known]
        else:
            del self.fields[name]

    def wanted(self) -> dict:
        """What was asked for; a value that nothing has is left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if name != "q" and value}

    def query(self) -> str:
        """The name that was asked for."""
        self.is_valid()
        return self.cleaned_data.get("q", "")
