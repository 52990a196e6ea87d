"""The short forms of a pairing."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import get_current_timezone_name, localdate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.one_line import OneLineTexts
from cluster_portal.search import LONGEST_QUERY, found
from members.forms import DateInput, DateTimeInput, TimeZoneField
from members.forms.fields import WallClockForm, validate_within_reach
from members.models import Cluster, Group, GroupMember, Person
from mentorship.models import LogEntry, Meeting, Message, Milestone, Pairing

LENGTHS = [(30, _("half an hour")), (45, _("45 minutes")), (60, _("an hour")), (90, _("an hour and a half")),
           (120, _("two hours")), (180, _("three hours"))]  # fmt: skip


class LogForm(OneLineTexts, forms.ModelForm):
    """What a meeting was, in thirty seconds: today and an hour are filled in."""

    class Meta:
        model = LogEntry
        fields = ["day", "minutes", "what", "coming"]
        widgets = {"day": DateInput, "minutes": forms.Select(choices=LENGTHS)}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["day"].initial = localdate()  # the reader's
        self.fields["day"].validators.append(validate_within_reach)
        self.fields["minutes"].label = _("How long")


class GoalsForm(forms.ModelForm):
    """What mentor and teacher want to reach."""

    class Meta:
        model = Pairing
        fields = ["goals"]
        widgets = {"goals": forms.Textarea(attrs={"rows": 4})}


class StepForm(OneLineTexts, forms.ModelForm):
    """A milestone of the plan."""

    class Meta:
        model = Milestone
        fields = ["title", "due_on"]
        widgets = {"due_on": DateInput}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["due_on"].validators.append(validate_within_reach)


class MeetingForm(WallClockForm):
    """A meeting, by the wall clock of the zone that is chosen in it."""

    wall_clock_fields = ("starts_at", "ends_at")
    time_zone = TimeZoneField(help_text=_("Both times are meant by the clocks there. Everybody else sees their own."))
    online_link = forms.URLField(
        label=_("Joining link"),
        required=False,
        assume_scheme="https",
        max_length=500,
        help_text=_("Those who take part see it on this page; no calendar and no mail holds it."),
    )

    class Meta:
        model = Meeting
        fields = ["starts_at", "ends_at", "time_zone", "place", "online_link"]
        widgets = {"starts_at": DateTimeInput, "ends_at": DateTimeInput}

    def __init__(self, *args: Any, by: Person, **options: Any) -> None:
        data, instance = (args[0] if args else None), options.get("instance")
        named = (data or {}).get("time_zone") or (instance and instance.time_zone) or by.time_zone
        super().__init__(*args, zone=_zone_called(named), **options)
        self.fields["time_zone"].initial = self.zone.key

    def clean(self) -> dict[str, Any]:
        """A meeting ends after it begins, and has a place, in a room or online."""
        cleaned = super().clean()
        starts_at, ends_at = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", _("The meeting ends before it begins. Correct its end."))
        if not cleaned.get("place") and not cleaned.get("online_link") and "online_link" not in self.errors:
            self.add_error("place", _("Say where you meet, or enter a joining link."))
        return cleaned


def _zone_called(name: str | None) -> ZoneInfo:
    """The zone with this name; the reader's own where there is none: the field itself says what is wrong."""
    known = {code for code, _label in TimeZoneField().choices}
    if name in known:
        return ZoneInfo(name)
    own = get_current_timezone_name()
    return ZoneInfo(own) if own in known else Cluster.current().zone


class MessageForm(forms.ModelForm):
    """A message to all the others."""

    class Meta:
        model = Message
        fields = ["text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}


class TellForm(OneLineTexts, forms.Form):
    """What is wrong with a message or a file."""

    text = forms.CharField(
        label=_("What should the coordinator know?"), max_length=500, widget=forms.Textarea({"rows": 3})
    )


class FileForm(forms.Form):
    """A file to share."""

    file = forms.FileField(label=_("File"), help_text=_("PDF, Office, text or pictures, 20 MB at most."))


class EndForm(OneLineTexts, forms.Form):
    """Why a pairing ends, for whoever wants to say it."""

    because = forms.CharField(
        label=_("In a sentence, if you like"),
        required=False,
        max_length=300,
        help_text=_("The other side and the coordinator read it."),
    )


class ByClass(forms.CheckboxSelectMultiple):
    """Boxes to tick, those of each class in a fieldset of their own."""

    template_name = "mentorship/by_class.html"


class StudentsForm(forms.Form):
    """Students of one's classes, to be added; those who are shown, class by class (`by_class`)."""

    students = forms.ModelMultipleChoiceField(Person.objects.none(), label=_("Students"), widget=ByClass)

    def __init__(self, *args: Any, kept: Any, shown: list[tuple[str, list[Person]]], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["students"]
        field.queryset, field.to_field_name = kept, "public_id"
        field.choices = [(name, [(it.public_id, it.full_name) for it in people]) for name, people in shown]


class StudentsFilter(forms.Form):
    """Narrows a long list of students to a name, or to a class."""

    q = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        required=False,
        max_length=LONGEST_QUERY,
        widget=forms.TextInput({"type": "search", "autocomplete": "off"}),
    )
    group = forms.ModelChoiceField(
        Group.objects.none(), label=_("Class"), required=False, to_field_name="public_id", empty_label=_("All")
    )

    def __init__(self, *args: Any, by: Person, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["group"].queryset = Group.objects.current().visible_to(by)

    def narrowed(self, people: QuerySet[Person]) -> QuerySet[Person]:
        """The people for whom the reader asks."""
        wanted = self.cleaned_data if self.is_valid() else {}
        if group := wanted.get("group"):
            people = people.filter(pk__in=GroupMember.objects.now().filter(group=group).values("person"))
        return people.filter(pk__in=found(people, wanted["q"]).order_by().values("pk")) if wanted.get("q") else people
