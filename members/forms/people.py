from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.forms import fields_for_model
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cluster_portal.links import absolute
from members.actions import change_profile
from members.actions.birth_dates import is_kept_by_others
from members.forms.fields import AddressField, BirthDateField, TimeZoneField
from members.models import Affiliation, Cluster, Institution, Person
from members.pasted import MOST_LINES, pasted_lines

NAME_FIELDS = ["family_name", "given_name", "patronymic"]
ROLES_OF_ADULTS = [it for it in Affiliation.Role.choices if it[0] != Affiliation.Role.STUDENT]


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
        self._say_who_keeps_the_birth_date()
        self.fields["language"] = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
        self.fields["time_zone"] = TimeZoneField(required=False, empty=_("The cluster's own"))

    def _say_who_keeps_the_birth_date(self):
        """The school's word stands; and nobody passes an age from which others decide by their own second word."""
        field, person = self.fields["birth_date"], self.instance
        way = {"address": absolute(reverse("members:desk_birth_date", args=[person.public_id]))}
        if is_kept_by_others(person):
            field.disabled = True
            said = _("Your school keeps it. If it is wrong, ask your teacher, or send the coordinator: %(address)s")
            field.help_text = said % way
        elif person.birth_date and not person.is_adult_on(Cluster.current().today()):
            said = _("If it changes who decides about consent, a coordinator enters it. Send them: %(address)s")
            field.help_text = said % way


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
        if not person.family_name:  # invited by their address alone
            self.fields.update(fields_for_model(Person, NAME_FIELDS))
        if person.birth_date is None and not is_kept_by_others(person):
            self.fields["birth_date"] = BirthDateField()

    def said(self) -> dict:
        """The password, the birth date if it was not known, and the names that were asked for, if any."""
        return {"birth_date": None, **self.cleaned_data}

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

    email = AddressField(label=_("E-mail"))
    institution = forms.ModelChoiceField(Institution.objects.none(), label=_("Institution"))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES_OF_ADULTS)

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


class PastedLinesField(forms.CharField):
    """A pasted list: one person a line, not more than can be looked through."""

    def __init__(self, **options):
        super().__init__(widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}), **options)

    def clean(self, value):
        text = super().clean(value)
        if (count := len(pasted_lines(text))) > MOST_LINES:
            said = _("These are %(count)s lines. Paste at most %(most)s at a time.")
            raise forms.ValidationError(said, params={"count": count, "most": MOST_LINES})
        return text


class InviteListForm(forms.Form):
    """Whom to invite, all into one institution and role."""

    institution = forms.ModelChoiceField(Institution.objects.none(), label=_("Institution"))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES_OF_ADULTS, initial=Affiliation.Role.TEACHER)
    people = PastedLinesField(
        label=_("One person a line"),
        help_text=_("For instance “Ivanova Anna, anna@example.org”, or columns of a spreadsheet as they are."),
    )

    def __init__(self, *args, by: Person, **options):
        super().__init__(*args, **options)
        self.fields["institution"].queryset = institutions = Institution.objects.invitable_by(by)
        if len(only := institutions[:2]) == 1:
            self.fields["institution"].initial = only[0]


class RoleForm(forms.Form):
    """Another role where one is."""

    role = forms.ChoiceField(label=_("Role from today on"), choices=ROLES_OF_ADULTS)


class MoveForm(forms.Form):
    """Another institution, and the role there."""

    institution = forms.ModelChoiceField(Institution.objects.none(), label=_("New institution"))
    role = forms.ChoiceField(label=_("Role there"), choices=Affiliation.Role.choices)

    def __init__(self, *args, by: Person, **options):
        super().__init__(*args, **options)
        self.fields["institution"].queryset = Institution.objects.invitable_by(by)


class PersonChoiceField(forms.ModelChoiceField):
    """People by their names."""

    def label_from_instance(self, person):
        return person.full_name or person.address


class HandOverForm(forms.Form):
    """Who takes over."""

    to = PersonChoiceField(Person.objects.none(), label=_("Hand over to"))

    def __init__(self, *args, affiliation: Affiliation, **options):
        super().__init__(*args, **options)
        people = Person.objects.successors_in(affiliation.institution, affiliation.person)
        self.fields["to"].queryset = people


class LeaveCoordinationForm(forms.Form):
    """Who coordinates instead, by the address they sign in with."""

    email = AddressField(label=_("Hand over to"), required=False, help_text=_("The e-mail address they sign in with."))

    def successor(self) -> Person | None:
        """The person with this address; somebody without a password when nobody has it, who cannot take over."""
        if not (email := self.cleaned_data["email"]):
            return None
        return Person.objects.active().with_address(email) or Person()


class BornForm(forms.ModelForm):
    """The birth date, as a coordinator enters it."""

    class Meta:
        model = Person
        fields = ["birth_date"]
        field_classes = {"birth_date": BirthDateField}

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["birth_date"].help_text = _("By it the portal knows who decides about consent. Guardians are told.")


class AddressForm(forms.Form):
    """The address that works."""

    email = AddressField(label=_("E-mail"))

    def clean_email(self):
        return get_adapter().clean_email(self.cleaned_data["email"]).lower()
