from members.forms.applications import AcceptForm, ApplicationForm, NoteForm
from members.forms.audience import AddressedForm
from members.forms.cluster import AppointForm, ClusterNameForm, DirectionForm, HueForm, PlaceForm, RegionForm
from members.forms.fields import (
    BirthDateField,
    DateInput,
    DateTimeInput,
    FormattedInput,
    TimeInput,
    TimeZoneField,
    WallClockForm,
    validate_within_reach,
)
from members.forms.imports import ColumnsForm, ImportForm, VerdictFilter
from members.forms.initiatives import (
    InitiativeFilter,
    InitiativeForm,
    MilestoneForm,
    OutcomeForm,
    ProgressForm,
    ReachedForm,
)
from members.forms.institutions import DirectoryFilter, InstitutionForm, LinkForm, LogoForm, SeveralForm
from members.forms.people import NAME_FIELDS, ClaimForm, InviteForm, JoinForm, ProfileForm, SignupForm

__all__ = [
    "NAME_FIELDS",
    "AcceptForm",
    "AddressedForm",
    "ApplicationForm",
    "AppointForm",
    "BirthDateField",
    "ClaimForm",
    "ClusterNameForm",
    "ColumnsForm",
    "DateInput",
    "DateTimeInput",
    "DirectionForm",
    "DirectoryFilter",
    "FormattedInput",
    "HueForm",
    "ImportForm",
    "InitiativeFilter",
    "InitiativeForm",
    "InstitutionForm",
    "InviteForm",
    "JoinForm",
    "LinkForm",
    "LogoForm",
    "MilestoneForm",
    "NoteForm",
    "OutcomeForm",
    "PlaceForm",
    "ProfileForm",
    "ProgressForm",
    "ReachedForm",
    "RegionForm",
    "SeveralForm",
    "SignupForm",
    "TimeInput",
    "TimeZoneField",
    "VerdictFilter",
    "WallClockForm",
    "validate_within_reach",
]
