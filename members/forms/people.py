from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from members.actions import change_profile
from members.forms.fields import BirthDateField, TimeZoneField
from members.models import Affiliation, Institution, Person

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
