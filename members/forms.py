import zoneinfo

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members.actions import change_profile
from members.models import Affiliation, Cluster, Institution, Person, Region

EARLIEST_BIRTH_YEAR = 1900


class DateInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self, **options):
        super().__init__(format="%Y-%m-%d", **options)


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


NAME_FIELDS = ["family_name", "given_name", "patronymic"]


class SignupForm(forms.ModelForm):
    """What allauth's sign-up asks besides e-mail and password."""

    birth_date = BirthDateField()

    class Meta:
        model = Person
        fields = [*NAME_FIELDS, "birth_date"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["given_name"].required = True

    def signup(self, request, user):
        """Called by allauth with the new person, who is not yet complete."""
        change_profile(user, by=user, language=request.LANGUAGE_CODE, **self.cleaned_data_of_person())

    def cleaned_data_of_person(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class ProfileForm(forms.ModelForm):
    """What a person says about themself."""

    class Meta:
        model = Person
        fields = [*NAME_FIELDS, "name_on_certificate", "birth_date", "language", "time_zone"]
        field_classes = {"birth_date": BirthDateField}

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["birth_date"].required = False
        self.fields["language"] = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
        self.fields["time_zone"] = TimeZoneField(required=False, empty=_("The cluster's own"))


class ClaimForm(forms.Form):
    """A person whom others have entered chooses a password."""

    password = forms.CharField(
        label=_("Choose a password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters. A sentence is easy to remember."),
    )

    def __init__(self, *args, person: Person, **options):
        super().__init__(*args, **options)
        self.person = person
        if person.birth_date is None:
            self.fields["birth_date"] = BirthDateField()

    def clean_password(self):
        validate_password(self.cleaned_data["password"], self.person)
        return self.cleaned_data["password"]


class JoinForm(forms.Form):
    """In which role somebody asks an institution to admit them."""

    ROLES = [Affiliation.Role.TEACHER, Affiliation.Role.STAFF]
    role = forms.ChoiceField(
        label=_("You are there as"), choices=[(role.value, role.label) for role in ROLES], widget=forms.RadioSelect
    )


class InviteForm(forms.ModelForm):
    """Whom to invite, where and as what."""

    email = forms.EmailField(label=_("E-mail"))
    institution = forms.ModelChoiceField(Institution.objects.none(), label=_("Institution"))
    role = forms.ChoiceField(
        label=_("Role"), choices=[it for it in Affiliation.Role.choices if it[0] != Affiliation.Role.STUDENT]
    )

    class Meta:
        model = Person
        fields = ["institution", "role", "email", *NAME_FIELDS]

    def __init__(self, *args, by: Person, **options):
        super().__init__(*args, **options)
        institutions = Institution.objects.invitable_by(by)
        self.fields["institution"].queryset = institutions
        if len(only := institutions[:2]) == 1:
            self.fields["institution"].initial = only[0]

    def clean_email(self):
        """The form invites people who are known too, so a taken address is no mistake here."""
        return get_adapter().clean_email(self.cleaned_data["email"]).lower()

    def validate_unique(self):
        """Nothing to check: `clean_email` says why."""


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
