from members.forms.fields import BirthDateField, DateInput, TimeZoneField
from members.forms.institutions import DirectoryFilter, InstitutionForm
from members.forms.people import NAME_FIELDS, ClaimForm, InviteForm, JoinForm, ProfileForm, SignupForm

__all__ = [
    "NAME_FIELDS",
    "BirthDateField",
    "ClaimForm",
    "DateInput",
    "DirectoryFilter",
    "InstitutionForm",
    "InviteForm",
    "JoinForm",
    "ProfileForm",
    "SignupForm",
    "TimeZoneField",
]
