"""What mentors offer, and what coordinators say to it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster_portal.field_groups import FieldGroup
from cluster_portal.fresh import FreshForm
from members.forms import DateInput, TimeZoneField, validate_within_reach
from members.models import Cluster
from mentorship.forms_fields import (
    DirectionsField,
    FormatsField,
    HelpField,
    LanguagesField,
    NamesField,
    WeekdaysField,
)
from mentorship.models import Mentor


class OfferForm(FreshForm):
    """What somebody offers as a mentor."""

    contests = NamesField(
        label=_("Competitions and olympiads I know"),
        required=False,
        most=30,
        longest=160,
        help_text=_("One in each line, as its organisers call it. Whoever asks for one of them is led to you first."),
    )
    help = HelpField(label=_("How I can help"))
    directions = DirectionsField(label=_("Themes I know about"))
    languages = LanguagesField()
    formats = FormatsField()
    weekdays = WeekdaysField(label=_("Days on which I have time"), help_text=_("None chosen means: it depends."))
    time_zone = TimeZoneField()
    groups = (
        FieldGroup(_("What I know"), ("contests", "help", "directions")),
        FieldGroup(_("How we meet"), ("languages", "formats", "weekdays", "time_zone")),
        FieldGroup(_("How much"), ("hours_a_month", "places")),
    )

    class Meta:
        model = Mentor
        fields = [
            "about", "contests", "help", "directions", "languages", "formats", "weekdays", "time_zone",
            "hours_a_month", "places",
        ]  # fmt: skip
        widgets = {"about": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "about": _(
                "What you do, and how you like to work. Teachers whom you say yes to read it, and guardians of their "
                "students. Leave out how you are reached: the portal is the way."
            ),
            "places": _("With how many teachers you work at the same time."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not self.fields["directions"].queryset.exists():  # type: ignore[attr-defined]
            del self.fields["directions"]


class PauseForm(forms.Form):
    """Until when a mentor takes no new requests."""

    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=DateInput,
        validators=[validate_within_reach],
        help_text=_("On this day you can be asked again. Empty: until you resume."),
    )


class AdmitForm(forms.Form):
    """A mentor is admitted; clearance for work with minors can be noted at once."""

    clearance_until = forms.DateField(
        label=_("Cleared for work with minors until"),
        required=False,
        widget=DateInput,
        validators=[validate_within_reach],
        help_text=_(
            "The last day of the clearance that you have seen; what was noted earlier stands here. "
            "Empty: for requests without students only."
        ),
    )


class ClearanceForm(forms.Form):
    """Until when a mentor may work with minors."""

    until = forms.DateField(
        label=_("Cleared for work with minors until"),
        required=False,
        widget=DateInput,
        validators=[validate_within_reach],
        help_text=_("The last day that counts. Empty takes the clearance away: no meetings with students then."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["until"].widget.attrs["min"] = Cluster.current().today().isoformat()


class ReasonForm(forms.Form):
    """A reason that somebody reads."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, help_text: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].help_text = help_text
