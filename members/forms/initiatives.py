from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members.forms.fields import DateInput
from members.models import (
    Agreement,
    Clause,
    Cluster,
    Direction,
    Initiative,
    Institution,
    Milestone,
    Person,
    ProgressNote,
)


class InitiativeForm(forms.ModelForm):
    """What institutions undertake together."""

    class Meta:
        model = Initiative
        fields = [
            "title", "summary", "responsible", "agreement", "clause", "starts_on", "ends_on", "directions",
            "participants",
        ]  # fmt: skip
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 4}),
            "starts_on": DateInput,
            "ends_on": DateInput,
            "directions": forms.CheckboxSelectMultiple,
            "participants": forms.CheckboxSelectMultiple,
        }
        help_texts = {
            "clause": _("For a commitment: the sentence of the agreement that it keeps."),
            "ends_on": _("After this day it is shown as overdue."),
        }

    def __init__(self, *args, by: Person, **options):
        super().__init__(*args, **options)
        self.fields["responsible"].queryset = Institution.objects.invitable_by(by)
        if len(only := self.fields["responsible"].queryset[:2]) == 1:
            self.fields["responsible"].initial = only[0]
        if not Direction.objects.exists():
            del self.fields["directions"]
        agreements = Agreement.objects.visible_to(by)
        self.fields["agreement"].queryset = agreements
        self.fields["clause"].queryset = Clause.objects.filter(agreement__in=agreements).select_related("agreement")
        self.fields["clause"].label_from_instance = lambda it: f"{it.agreement} · § {it.number}"

    def clean(self):
        super().clean()
        agreement, clause = self.cleaned_data.get("agreement"), self.cleaned_data.get("clause")
        if clause and agreement is None:
            self.cleaned_data["agreement"] = clause.agreement
        elif clause and clause.agreement_id != agreement.pk:
            self.add_error("clause", _("This clause belongs to another agreement. Choose one of the agreement above."))
        starts_on, ends_on = self.cleaned_data.get("starts_on"), self.cleaned_data.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("It ends before it begins. Correct one of the two days."))


class MilestoneForm(forms.ModelForm):
    """A step and the day on which it is due."""

    class Meta:
        model = Milestone
        fields = ["title", "due_on"]
        widgets = {"due_on": DateInput}


class ReachedForm(forms.Form):
    """The day on which a step was reached."""

    reached_on = forms.DateField(label=_("Reached on"), widget=DateInput)

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["reached_on"].initial = Cluster.current().today()


class FilesInput(forms.ClearableFileInput):
    """The browser's own field for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once."""

    widget = FilesInput
    MOST = 10

    def clean(self, value, initial=None):
        files = [super(FilesField, self).clean(one, initial) for one in value or []]
        if len(files) > self.MOST:
            raise ValidationError(_("These are more than 10 files. Send the rest with another note."))
        return files


class ProgressForm(forms.ModelForm):
    """What was done, and the files that show it."""

    evidence = FilesField(
        label=_("Evidence"),
        required=False,
        help_text=_(
            "Photos, minutes, materials. Everybody can open them, so nobody may be recognised without consent."
        ),
    )

    class Meta:
        model = ProgressNote
        fields = ["text", "milestone"]
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args, initiative: Initiative, **options):
        super().__init__(*args, **options)
        self.fields["milestone"].queryset = initiative.milestones.all()


class OutcomeForm(forms.ModelForm):
    """What came of it, or why it was given up."""

    class Meta:
        model = Initiative
        fields = ["outcome"]
        widgets = {"outcome": forms.Textarea(attrs={"rows": 6})}

    def __init__(self, *args, label, **options):
        super().__init__(*args, **options)
        self.fields["outcome"].label, self.fields["outcome"].required = label, True


class InitiativeFilter(forms.Form):
    """What the list of initiatives can be narrowed to."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Any state")), *(it for it in Initiative.State.choices if it[0] != Initiative.State.DRAFT)],
    )
    direction = forms.ModelChoiceField(
        Direction.objects.all(), label=_("Theme"), required=False, to_field_name="slug", empty_label=_("Any theme")
    )
    institution = forms.ModelChoiceField(
        Institution.objects.none(),
        label=_("Institution"),
        required=False,
        to_field_name="slug",
        empty_label=_("Any institution"),
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["institution"].queryset = Initiative.objects.public().institutions()
