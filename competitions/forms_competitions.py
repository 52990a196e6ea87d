from datetime import timedelta

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cluster_portal.field_groups import FieldGroup
from cluster_portal.fresh import FreshForm
from cluster_portal.languages import languages
from competitions.models import Competition, Criterion, Nomination
from members.forms import AddressedForm, DateInput, DateTimeInput, FormattedInput, validate_within_reach
from members.models import Institution

MINUTE = timedelta(minutes=1)
MOST_LEVELS = 11  # of a wider scale examples are asked for at a few points


class CompetitionForm(AddressedForm):
    """What a competition says. "Until" counts the whole minute: 23:59 means up to 23:59:59."""

    wall_clock_fields = ("opens_at", "closes_at", "judged_until")
    language = forms.ChoiceField(label=_("Language of the competition"), choices=languages)
    groups = (
        FieldGroup(_("When"), ("opens_at", "closes_at", "judged_until", "results_on")),
        FieldGroup(_("What authors read"), ("about", "asks_for", "rules")),
        FieldGroup(_("Who may enter"), ("admits", "roles", "author_limit", "institution_limit")),
        FieldGroup(
            _("Only for some institutions or years"), ("kinds", "regions", "stage_from", "stage_until"), folded=True
        ),
        FieldGroup(_("How it is judged"), ("is_blind", "jurors_per_entry", "tie_rule")),
    )

    class Meta:
        model = Competition
        fields = [
            "title", "summary", "host", "language", "opens_at", "closes_at", "judged_until", "results_on", "about",
            "asks_for", "rules", "admits", "roles", "author_limit", "institution_limit", "kinds", "regions",
            "stage_from", "stage_until", "is_blind", "jurors_per_entry", "tie_rule",
        ]  # fmt: skip
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 2}),
            "opens_at": DateTimeInput,
            "closes_at": DateTimeInput,
            "judged_until": DateTimeInput,
            "results_on": DateInput,
            "about": FormattedInput(8),
            "asks_for": FormattedInput(5),
            "rules": FormattedInput(12),
        }
        help_texts = {
            "closes_at": _("To the end of this minute: 23:59 takes what arrives at 23:59:59."),
            "judged_until": _("Jurors are reminded before it."),
            "results_on": _("What you intend. Results are out when you publish them."),
            "author_limit": _("Empty: as many as one likes."),
            "institution_limit": _("Empty: as many as its people like, or as many as a clause gives it."),
            "about": _("Paste from Word if you like: headings, lists, bold, links and tables stay."),
        }

    def __init__(self, *args, by, **options):
        super().__init__(*args, **options)
        self.fields["results_on"].validators.append(validate_within_reach)
        self.fields["host"].queryset = Institution.objects.invitable_by(by)
        self.fields["host"].required = not by.coordinates_whole_cluster
        for name in ("closes_at", "judged_until"):
            if value := self.initial.get(name):
                self.initial[name] = value - MINUTE
        if self.instance.pk is None:
            self.fields["language"].initial = get_language()
        elif self.instance.state != Competition.State.DRAFT:
            del self.fields["is_blind"]  # it stays as it was published

    def clean_closes_at(self):
        return self.cleaned_data["closes_at"] + MINUTE

    def clean_judged_until(self):
        return self.cleaned_data["judged_until"] + MINUTE

    def clean(self):
        cleaned = super().clean()
        opens, closes, judged = (cleaned.get(name) for name in self.wall_clock_fields)
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("It closes before it opens. Choose a later time."))
        if closes and judged and judged <= closes:
            self.add_error("judged_until", _("The jury needs time after the last entry. Choose a later time."))
        day = cleaned.get("results_on")
        if day and judged and day < (judged - MINUTE).astimezone(self.zone).date():
            self.add_error("results_on", _("On that day the jury still reads. Choose a later day."))
        return cleaned


class AgainForm(forms.Form):
    """The same competition again, on later days."""

    title = forms.CharField(label=_("Title"), max_length=160)
    opens_on = forms.DateField(
        label=_("Entries from"),
        widget=DateInput,
        validators=[validate_within_reach],
        help_text=_("All other dates keep their distance from this day."),
    )


class NominationForm(FreshForm):
    """A category."""

    class Meta:
        model = Nomination
        fields = ["title", "description"]
        widgets = {"description": FormattedInput(4)}


class CriterionForm(FreshForm):
    """A line of the rubric; of one that is there also an example of each level."""

    class Meta:
        model = Criterion
        fields = ["title", "description", "lowest", "highest", "weight"]
        widgets = {"description": FormattedInput(4)}
        help_texts = {
            "description": _("What jurors look at."),
            "weight": _("A criterion of weight 2 counts twice as much as one of weight 1."),
        }

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.levels = levels_of(self.instance) if self.instance.pk else []
        known = {it.score: it.text for it in self.instance.examples.all()} if self.instance.pk else {}
        for level in sorted({*self.levels, *known}):
            self.fields[f"example_{level}"] = forms.CharField(
                label=_("What a %(score)s looks like") % {"score": level},
                required=False,
                max_length=1_000,
                widget=forms.Textarea(attrs={"rows": 2}),
                initial=known.get(level, ""),
            )

    @property
    def groups(self):
        examples = [name for name in self.fields if name.startswith("example_")]
        return (FieldGroup(_("Examples of its levels"), examples),) if examples else ()

    def clean(self):
        cleaned = super().clean()
        lowest, highest = cleaned.get("lowest"), cleaned.get("highest")
        if lowest is not None and highest is not None and highest <= lowest:
            self.add_error("highest", _("The highest score is not above the lowest. Correct one of them."))
        return cleaned

    def facts(self):
        """What was entered for the action: of a criterion that is there, with its examples."""
        facts = {name: value for name, value in self.cleaned_data.items() if not name.startswith("example_")}
        if self.instance.pk is None:
            return facts
        said = {name: value for name, value in self.cleaned_data.items() if name.startswith("example_")}
        return facts | {"examples": {int(name.partition("_")[2]): text for name, text in said.items()}}


def levels_of(criterion: Criterion) -> list[int]:
    """The levels of which one wants examples: each one, of a wide scale five of them."""
    lowest, highest = criterion.lowest, criterion.highest
    if highest - lowest < MOST_LEVELS:
        return list(range(lowest, highest + 1))
    return [round(lowest + (highest - lowest) * part / 4) for part in range(5)]
