"""The forms of what came of a pairing."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cluster_portal.fresh import FreshForm
from members.forms import DateInput
from members.forms.fields import validate_within_reach
from members.models import Cluster, Institution, Person
from mentorship.models import Outcome, Pairing, PairingFeedback, PairingFile, PairingStudent
from mentorship.readers import channel_of


class OutcomeForm(FreshForm):
    """What students reached: which competition, which place, what shows it."""

    evidence_link = forms.URLField(
        label=_("Page that shows it"),
        required=False,
        assume_scheme="https",
        max_length=500,
        help_text=_("For example the organisers’ list of winners. A place needs a file or a page that shows it."),
    )

    class Meta:
        model = Outcome
        fields = ["contest", "level", "place", "day", "students", "evidence", "evidence_link"]
        widgets = {"day": DateInput, "students": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, pairing: Pairing, reader: Person, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["day"].validators.append(validate_within_reach)
        if self.instance.pk is None:
            self.fields["contest"].initial = pairing.request.contest
            self.fields["day"].initial = Cluster.current().today()
        self._choose_among(pairing, reader)

    def _choose_among(self, pairing: Pairing, reader: Person) -> None:
        """Students who take part, files of the pairing, what stands in it already; no field where there are none."""
        students: Any = self.fields["students"]
        stands = Q(outcomes=self.instance) if self.instance.pk else Q(pk__in=[])
        there = pairing.students.filter(Q(state=PairingStudent.State.APPROVED) | stands).distinct()
        students.queryset = there.select_related("person").order_by("person__sort_name", "pk")
        students.to_field_name = "public_id"
        channel = channel_of(pairing)
        students.label_from_instance = lambda it: channel.name_of(it.person, reader)
        students.help_text = _("Others read their names only where publishing the name was consented to.")
        evidence: Any = self.fields["evidence"]
        # A file that was hidden since stays what it was evidence of, and is named to nobody here.
        there = pairing.files.filter(Q(taken_back=None) | Q(pk=self.instance.evidence_id))
        evidence.queryset = there.select_related("upload", "taken_back")
        evidence.to_field_name = "public_id"
        self.initial["evidence"] = self.instance.evidence  # by the object: its key is no choice of this field
        evidence.label_from_instance = _named
        evidence.help_text = _("A file of this pairing; whoever reads the pairing can open it, nobody else.")
        for name in ("students", "evidence"):
            if not self.fields[name].queryset.exists():  # type: ignore[attr-defined]
                del self.fields[name]

    def facts(self) -> dict[str, Any]:
        """What the actions are given."""
        return {**self.cleaned_data, "students": list(self.cleaned_data.get("students", []))}


def _named(file: PairingFile) -> str:
    return _("a file of the pairing") if hasattr(file, "taken_back") else file.upload.name


class OutcomeFilter(forms.Form):
    """Which outcomes everybody is shown."""

    institution = forms.ModelChoiceField(
        Institution.objects.none(),
        label=_("Institution"),
        required=False,
        to_field_name="slug",
        empty_label=_("All institutions"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        there = Outcome.objects.filter(pairing__state__in=Pairing.BEGUN)
        field: Any = self.fields["institution"]
        field.queryset = Institution.objects.filter(
            pk__in=there.values("pairing__request__affiliation__institution")
        ).order_by("name", "pk")


SCALE = [
    (5, _("5: it helped very much")),
    (4, "4"),
    (3, "3"),
    (2, "2"),
    (1, _("1: it did not help")),
]


class FeedbackForm(forms.ModelForm):
    """How it was, in a number and, for whoever wants to, in words."""

    helpful = forms.TypedChoiceField(label=_("How much it helped"), choices=SCALE, coerce=int, widget=forms.RadioSelect)

    class Meta:
        model = PairingFeedback
        fields = ["helpful", "text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].help_text = _("What helped, and what should be different next time. Name no student.")


class ThanksForm(forms.Form):
    """Of which pairings the mentors are thanked."""

    pairings = forms.ModelMultipleChoiceField(
        Pairing.objects.none(),
        to_field_name="public_id",
        error_messages={"required": _("Choose at least one pairing.")},
    )

    def __init__(self, *args: Any, among: QuerySet[Pairing], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["pairings"].queryset = among  # type: ignore[attr-defined]
