import zoneinfo

from django import forms
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cluster_portal.field_groups import FieldGroup
from cluster_portal.fresh import FreshForm
from cluster_portal.languages import language_name, languages
from cluster_portal.prepared import prepared, together
from cluster_portal.search import LONGEST_QUERY
from courses.models import Course, Pool, Run
from courses.patterns import WeeklyPattern
from courses.words import WEEKDAYS
from members.audience import ROLES_ADDRESSED
from members.forms import AddressedForm, DateInput, DateTimeInput, TimeInput, TimeZoneField
from members.models import Cluster, Direction, Institution, Person, Region

SEVERAL = _("Type the first letters to find one. For several, hold Ctrl (on a Mac: Command) while you choose.")
YEARS_SHOWN = 5  # before and after this one: as far as one leafs through the programme


class CourseForm(FreshForm):
    """The description of a course."""

    language = forms.ChoiceField(label=_("Language of teaching"), choices=languages)
    groups = (
        FieldGroup(_("What and for whom"), ("hours", "language", "level", "directions")),
        FieldGroup(_("Keeping it up to date"), ("reviewed_on", "review_months")),
    )

    class Meta:
        model = Course
        fields = [
            "title", "kind", "summary", "description", "hours", "language", "level", "directions", "reviewed_on",
            "review_months",
        ]  # fmt: skip
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 2}),
            "description": forms.Textarea(attrs={"rows": 6}),
            "directions": forms.CheckboxSelectMultiple,
            "reviewed_on": DateInput,
        }
        help_texts = {
            "reviewed_on": _("When somebody last read it through and found it right. Everybody sees the day."),
            "review_months": _("After so many months your desk reminds you to read it through again."),
        }

    def __init__(self, *args, today, **options):
        super().__init__(*args, **options)
        self.today = today
        if self.instance.pk is None:
            self.fields["reviewed_on"].initial = today
            self.fields["language"].initial = get_language()
        self.fields["review_months"].required = False
        if not Direction.objects.exists():
            del self.fields["directions"]

    def clean_review_months(self):
        return self.cleaned_data["review_months"] or Course._meta.get_field("review_months").default

    def clean_reviewed_on(self):
        day = self.cleaned_data["reviewed_on"]
        if day and day > self.today:
            raise forms.ValidationError(_("This day is still ahead. Enter the day on which it was reviewed."))
        return day


USUAL_WHEN_EMPTY = ("hold_days", "offer_hours", "attendance_needed")


class RunForm(AddressedForm):
    """One offering of a course."""

    wall_clock_fields = ("enrol_from", "enrol_until")
    time_zone = TimeZoneField()
    online_link = forms.URLField(
        label=_("Joining link"), required=False, assume_scheme="https", help_text=_("Only those confirmed see it.")
    )
    room_places = forms.IntegerField(label=_("Places in the room"), min_value=0, max_value=100_000, required=False)
    online_places = forms.IntegerField(label=_("Places online"), min_value=0, max_value=100_000, required=False)
    groups = (
        FieldGroup(_("When one can enrol"), ("time_zone", "enrol_from", "enrol_until")),
        FieldGroup(_("Places"), ("room_places", "online_places")),
        FieldGroup(_("For whom"), ("admits", "roles")),
        FieldGroup(
            _("Only for some institutions or years"), ("kinds", "regions", "stage_from", "stage_until"), folded=True
        ),
        FieldGroup(_("Partners and instructors"), ("partners", "instructors"), folded=True),
        FieldGroup(
            _("How places are given"), ("needs_approval", "institution_limit", "hold_days", "offer_hours"), folded=True
        ),
        FieldGroup(
            _("Completing it"),
            ("attendance_needed", "needs_work", "needs_feedback", "gives_certificate", "joining_counts"),
            folded=True,
        ),
    )

    class Meta:
        model = Run
        fields = [
            "title", "host", "place", "online_link", "time_zone", "enrol_from", "enrol_until", "admits", "roles",
            "kinds", "regions", "stage_from", "stage_until", "partners", "instructors", "needs_approval",
            "institution_limit", "hold_days", "offer_hours", "attendance_needed", "needs_work", "needs_feedback",
            "gives_certificate", "joining_counts",
        ]  # fmt: skip
        widgets = {
            "enrol_from": DateTimeInput,
            "enrol_until": DateTimeInput,
            "partners": forms.SelectMultiple(attrs={"size": 8}),
            "instructors": forms.CheckboxSelectMultiple,
        }

    def __init__(self, *args, by, **options):
        super().__init__(*args, **options)
        self.fields["host"].queryset = Institution.objects.invitable_by(by)
        self.fields["host"].required = not by.coordinates_whole_cluster
        self.fields["instructors"].queryset = self._instructors(by)
        self.fields["instructors"].label_from_instance = lambda person: person.full_name
        self.fields["partners"].queryset = Institution.objects.order_by("name")
        self.fields["partners"].help_text = SEVERAL
        for name in USUAL_WHEN_EMPTY:  # folded away: empty means the usual
            self.fields[name].required = False
        if self.instance.pk and self.instance.sessions.exists():
            del self.fields["time_zone"]
        if self.instance.pk:
            del self.fields["room_places"], self.fields["online_places"]
        else:
            self.fields["time_zone"].initial = Cluster.current().time_zone

    def _instructors(self, by: Person):
        """Whom one may name, and whoever is named already: somebody else may have named them."""
        possible = Q(pk__in=Person.objects.possible_instructors(by).values("pk"))
        if self.instance.pk:
            possible |= Q(pk__in=self.instance.instructors.values("pk"))
        return Person.objects.filter(possible)

    def full_clean(self):
        """Read the times in the zone that this very form names, when it names one."""
        if self.data.get("time_zone") in zoneinfo.available_timezones():
            self.zone = zoneinfo.ZoneInfo(self.data["time_zone"])
        super().full_clean()

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("enrol_from") and cleaned.get("enrol_until") and cleaned["enrol_until"] <= cleaned["enrol_from"]:
            self.add_error("enrol_until", _("Enrolment closes before it opens. Choose a later time."))
        for name in USUAL_WHEN_EMPTY:
            if name not in self.errors and cleaned.get(name) is None:
                cleaned[name] = Run._meta.get_field(name).default
        if "room_places" in self.fields and not self.places():
            self.add_error("room_places", _("A run needs places. Say how many there are, in the room or online."))
        return cleaned

    def places(self) -> dict[str, int]:
        """Sort of pool → places, for the sorts that have any."""
        asked = {
            Pool.Sort.ROOM: self.cleaned_data.pop("room_places", None) or 0,
            Pool.Sort.ONLINE: self.cleaned_data.pop("online_places", None) or 0,
        }
        self._places = {sort: count for sort, count in asked.items() if count} or getattr(self, "_places", {})
        return self._places


class PatternForm(forms.Form):
    """ "Tuesdays and Thursdays 16:00, 3 March to 28 April, not on 8 March", in the run's zone."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Every week on"), choices=list(WEEKDAYS.items()), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    start_time = forms.TimeField(label=_("Start"), widget=TimeInput)
    minutes = forms.IntegerField(label=_("Length in minutes"), min_value=5, max_value=1440, initial=90)
    first_day = forms.DateField(label=_("First day"), widget=DateInput)
    last_day = forms.DateField(label=_("Last day"), widget=DateInput)
    days_off = forms.CharField(
        label=_("Not on"), required=False, help_text=_("Days without a session, with commas: 2027-03-08, 2027-05-01")
    )

    def clean_days_off(self):
        days = [day.strip() for day in self.cleaned_data["days_off"].split(",") if day.strip()]
        field = forms.DateField(error_messages={"invalid": _("Write each day as year-month-day, such as 2027-03-08.")})
        return tuple(field.clean(day) for day in days)

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("first_day") and cleaned.get("last_day") and cleaned["last_day"] < cleaned["first_day"]:
            self.add_error("last_day", _("The last day is before the first one. Correct one of them."))
        if not self.errors and self.pattern().is_too_long:  # before anybody lists its days
            self.add_error("last_day", _("A pattern lasts two years at most. Choose an earlier last day."))
        return cleaned

    def pattern(self) -> WeeklyPattern:
        """The pattern that was asked for."""
        facts = self.cleaned_data
        return WeeklyPattern(
            tuple(facts["weekdays"]),
            facts["start_time"],
            facts["minutes"],
            facts["first_day"],
            facts["last_day"],
            facts["days_off"],
        )


class RepeatForm(forms.Form):
    """The same run again, on other days."""

    title = forms.CharField(label=_("Season or dates"), max_length=80, help_text=_("For instance: spring 2027"))
    first_day = forms.DateField(label=_("First day"), widget=DateInput)
    start_time = forms.TimeField(label=_("Start"), required=False, widget=TimeInput, help_text=_("Empty: as before."))


class ProgrammeFilter(forms.Form):
    """What the programme can be narrowed to, and how it is drawn."""

    VIEWS = (("", _("List")), ("week", _("Week")), ("timetable", _("Timetable")), ("past", _("Earlier runs")))

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=LONGEST_QUERY,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("Any kind")), *Course.Kind.choices])
    mine = forms.BooleanField(label=_("What I may take part in"), required=False)
    open = forms.BooleanField(label=_("Open for enrolment"), required=False)
    direction = forms.ChoiceField(label=_("Theme"), required=False)
    level = forms.ChoiceField(label=_("Level"), required=False, choices=[("", _("Any level")), *Course.Level.choices])
    language = forms.ChoiceField(label=_("Language of teaching"), required=False)
    role = forms.ChoiceField(label=_("For"), required=False)
    stage = forms.TypedChoiceField(label=_("Year of schooling"), required=False, coerce=int, empty_value=None)
    region = forms.ChoiceField(label=_("Region"), required=False)
    host = forms.ChoiceField(label=_("Host"), required=False)
    view = forms.ChoiceField(required=False, choices=VIEWS, widget=forms.HiddenInput)
    on = forms.DateField(required=False, widget=forms.HiddenInput)
    groups = (
        FieldGroup(
            _("Theme, level, audience, host"),
            ("direction", "level", "language", "role", "stage", "region", "host"),
            folded=True,
        ),
    )

    def __init__(self, *args, reader, **options):
        super().__init__(*args, **options)
        roles = [(role, capfirst(word)) for role, word in ROLES_ADDRESSED.items()]
        themes, regions, hosts, taught = together(*(it.asked() for it in (_themes, _regions, _hosts, _taught_in)))
        self._offer("direction", _("Any theme"), themes)
        self._offer("region", _("Any region"), regions)
        self._offer("host", _("Any host"), hosts)
        self._offer("language", _("Any language"), [(code, capfirst(language_name(code))) for code in taught])
        self._offer("role", _("Anybody"), roles)
        self._offer("stage", _("Any year"), [(year, year) for year in range(1, 13)])
        if not reader.is_authenticated:
            del self.fields["mine"]

    def clean_on(self):
        """A day far from today counts as none: the weeks around it may lie in no calendar."""
        day, this_year = self.cleaned_data["on"], Cluster.current().today().year
        return day if day and abs(day.year - this_year) <= YEARS_SHOWN else None

    def _offer(self, name: str, anything: str, choices) -> None:
        self.fields[name].choices = [("", anything), *choices]

    @property
    def offered(self) -> list:
        """What there is to choose from."""
        return [(name, list(field.choices)) for name, field in self.fields.items() if hasattr(field, "choices")]

    def wanted(self) -> dict:
        """What was asked for; what is not well formed does not count."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


@prepared
def _themes():
    return Direction.objects.values_list("slug", "name")


@prepared
def _regions():
    return Region.objects.in_order().values_list("slug", "name")


@prepared
def _hosts():
    hosts = Institution.objects.filter(hosted_runs__in=Run.objects.public())
    return hosts.distinct().order_by("name").values_list("slug", "name")


@prepared
def _taught_in():
    return Course.objects.order_by("language").values_list("language", flat=True).distinct()
