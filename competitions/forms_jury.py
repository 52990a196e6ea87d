"""What jurors say of themselves and of entries, and whom coordinators ask."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from competitions.models import Criterion, Juror, Review
from members.forms.fields import AddressField
from members.models import Institution

FEW_LEVELS = 11  # so many levels stand side by side; of more, one types the number


class InviteJurorForm(forms.Form):
    """Somebody by the address they sign in with; the name is for whoever is not known yet."""

    email = AddressField(
        label=_("E-mail"), help_text=_("The address they sign in with. Whoever is new here is asked to join.")
    )
    given_name = forms.CharField(label=_("Given name"), required=False, max_length=80)
    family_name = forms.CharField(label=_("Family name"), required=False, max_length=80)


class TermsForm(forms.ModelForm):
    """How many entries a juror reads at most, and the nominations they know about."""

    class Meta:
        model = Juror
        fields = ["capacity", "nominations"]
        widgets = {"nominations": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        nominations = self.instance.competition.nominations.all()
        self.fields["nominations"].queryset = nominations  # type: ignore[attr-defined]
        if not nominations:
            del self.fields["nominations"]


class ConflictForm(forms.Form):
    """Whom a juror should not judge: the people of an institution, or one person."""

    institution = forms.ModelChoiceField(
        Institution.objects.order_by("name"),
        label=_("Institution"),
        required=False,
        help_text=_("Everybody who belongs to it, or did within three years."),
    )
    email = AddressField(label=_("E-mail of a person"), required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if bool(said.get("institution")) == bool(said.get("email")) and not self.errors:
            raise forms.ValidationError(_("Name an institution or a person, one at a time."))
        return said


class ReasonForm(forms.Form):
    """Why a juror hands an entry back."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The coordinator reads it; the authors do not. Somebody else reads the entry then."),
    )


class ReviewForm(forms.Form):
    """Scores by criterion, and two comments. Everything may be empty until the review is given."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, review: Review, criteria: list[Criterion], data: Any = None) -> None:
        stored = {it.criterion_id: it.value for it in review.scores.all()}
        initial = {name_of(it): stored.get(it.pk) for it in criteria}
        comments = {"for_author": review.for_author, "for_jury": review.for_jury}
        super().__init__(data, initial=initial | comments | {"revision": review.revision})
        self.criteria = {name_of(it): it for it in criteria}
        for name, it in self.criteria.items():
            self.fields[name] = forms.IntegerField(
                label=it.title, required=False, min_value=it.lowest, max_value=it.highest
            )
        for name in comments:
            field = Review._meta.get_field(name).formfield(required=False)
            self.fields[name] = field  # type: ignore[assignment]
            self.fields[name].widget.attrs["rows"] = 4

    def facts(self) -> dict[str, Any]:
        """What `save_review` is given: the fields that are well formed; what is not stays as it was."""
        said = {name: value for name, value in self.cleaned_data.items() if name not in {"revision", *self.errors}}
        scores = {self.criteria[name]: value for name, value in said.items() if name in self.criteria}
        comments = {name: value for name, value in said.items() if name in {"for_author", "for_jury"}}
        return {"revision": self.cleaned_data.get("revision", 0), "scores": scores, **comments}

    def rubric(self) -> list[dict[str, Any]]:
        """Each criterion with its field, and with its levels and examples as far as there are few."""
        return [self._line(name, it) for name, it in self.criteria.items()]

    def _line(self, name: str, it: Criterion) -> dict[str, Any]:
        examples = {one.score: one.text for one in it.examples.all()}
        values = range(it.lowest, it.highest + 1)
        chosen = str(self[name].value() if self[name].value() is not None else "")
        levels = [(value, str(value) == chosen, examples.get(value, "")) for value in values]
        few = len(levels) <= FEW_LEVELS
        return {
            "criterion": it,
            "name": name,
            "field": self[name],
            "levels": levels if few else [],
            "examples": sorted(examples.items()),
        }


def name_of(criterion: Criterion) -> str:
    """The name of a criterion's field."""
    return f"score-{criterion.public_id}"
