"""What teachers ask for: the fields by what it is for."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cluster_portal.field_groups import FieldGroup
from cluster_portal.fresh import FreshForm
from members.forms import DateInput, validate_within_reach
from members.models import Affiliation, Cluster
from mentorship.asking import initiatives_for
from mentorship.forms_fields import DirectionsField, FormatsField, HelpField, LanguagesField, WeekdaysField
from mentorship.models import MentorRequest, Terms

For = MentorRequest.For


class PlaceOfWork(forms.ModelChoiceField):
    """Through which institution somebody asks."""

    def label_from_instance(self, affiliation: Any) -> str:
        return str(affiliation.institution)


class AskForm(FreshForm):
    """A request for something; `affiliations` are those through which its writer may ask."""

    affiliation = PlaceOfWork(Affiliation.objects.none(), label=gettext_lazy("For your work at"), empty_label=None)
    help = HelpField(label=gettext_lazy("Kinds of help"))
    directions = DirectionsField(label=gettext_lazy("Themes"))
    languages = LanguagesField()
    formats = FormatsField()
    weekdays = WeekdaysField(label=gettext_lazy("Days that suit us"), help_text=gettext_lazy("None chosen means: any."))
    groups = (
        FieldGroup(gettext_lazy("What you need"), ("text", "help", "directions", "with_students")),
        FieldGroup(gettext_lazy("When it matters"), ("needed_from", "needed_by")),
        FieldGroup(gettext_lazy("How you meet"), ("languages", "formats", "weekdays")),
    )

    class Meta:
        model = MentorRequest
        fields = [
            "title", "contest", "initiative", "text", "help", "directions", "with_students", "needed_from",
            "needed_by", "languages", "formats", "weekdays",
        ]  # fmt: skip
        widgets = {"text": forms.Textarea(attrs={"rows": 6}), "needed_from": DateInput, "needed_by": DateInput}
        help_texts = {
            "text": gettext_lazy("What is there already, and what a mentor should bring. Name no students."),
            "needed_by": gettext_lazy("For instance the day of the final."),
        }

    def __init__(self, *args: Any, what_for: str, affiliations: list[Affiliation], **options: Any) -> None:
        super().__init__(*args, **options)
        self.what_for = what_for
        self._choose_place(affiliations)
        self._keep_fields_of(what_for, affiliations)
        for name in ("needed_from", "needed_by"):
            self.fields[name].validators.append(validate_within_reach)
        if self.instance.pk is None:
            self.fields["needed_from"].initial = Cluster.current().today()
            self.fields["with_students"].initial = what_for == For.TEAM

    def _choose_place(self, affiliations: list[Affiliation]) -> None:
        """One place of work needs no question, and what was asked for stays where it was asked for."""
        self.only_place = affiliations[0]
        if len(affiliations) == 1 or self.instance.pk is not None:
            del self.fields["affiliation"]
            return
        field: Any = self.fields["affiliation"]
        field.queryset = Affiliation.objects.filter(pk__in=[it.pk for it in affiliations]).select_related("institution")

    def _keep_fields_of(self, what_for: str, affiliations: list[Affiliation]) -> None:
        if what_for not in {For.CONTEST, For.TEAM}:
            del self.fields["contest"]
        else:
            self.fields["contest"].required = what_for == For.CONTEST
        if what_for != For.INITIATIVE:
            del self.fields["initiative"]
        else:
            field: Any = self.fields["initiative"]
            field.required = True
            field.queryset = initiatives_for(affiliations[0])
            for it in affiliations[1:]:
                field.queryset |= initiatives_for(it)
        if not self.fields["directions"].queryset.exists():  # type: ignore[attr-defined]
            del self.fields["directions"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("needed_from"), cleaned.get("needed_by")
        if first and last and last < first:
            self.add_error("needed_by", _("It ends before it begins. Choose a later day."))
        elif last and last < Cluster.current().today():
            self.add_error("needed_by", _("The day until which it matters is over. Choose a later one."))
        return cleaned

    def facts(self) -> dict[str, Any]:
        """What `ask_for_mentor` is given."""
        return {"what_for": self.what_for, "affiliation": self.only_place, **self.cleaned_data}


class RequestFilter(forms.Form):
    """Which requests the desk lists."""

    state = forms.ChoiceField(
        label=pgettext_lazy("mentor request", "State"),
        required=False,
        choices=[("", gettext_lazy("Somebody owes an answer")), *MentorRequest.State.choices],
    )


class TermsForm(FreshForm):
    """What the cluster has agreed for mentorship."""

    class Meta:
        model = Terms
        fields = ["answer_days", "stalled_weeks"]
