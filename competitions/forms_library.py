from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cluster_portal.field_groups import FieldGroup
from cluster_portal.languages import language_name
from cluster_portal.search import LONGEST_QUERY, found
from competitions.models import Entry, Plan, UsageNote

MINUTES = {"45": (0, 45), "90": (46, 90), "more": (91, 6_000)}


class LibraryFilter(forms.Form):
    """What the library can be narrowed to. Beside each choice stands how many plans it would leave."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=LONGEST_QUERY,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    subject = forms.ChoiceField(label=_("Subject"), required=False)
    stage = forms.TypedChoiceField(label=_("Year of schooling"), required=False, coerce=int, empty_value=None)
    tool = forms.ChoiceField(label=_("AI tool"), required=False)
    direction = forms.ChoiceField(label=_("Theme"), required=False)
    minutes = forms.ChoiceField(label=_("Duration"), required=False)
    language = forms.ChoiceField(label=_("Language of the plan"), required=False)
    licence = forms.ChoiceField(label=_("Licence"), required=False)
    picked = forms.BooleanField(label=_("Recommended"), required=False)
    groups = (
        FieldGroup(
            _("Theme, duration, language, licence"), ("direction", "minutes", "language", "licence"), folded=True
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        plans = Plan.objects.public().order_by()
        self._offer("subject", _("Any subject"), _counted(plans, "entry__subject"))
        self._offer("tool", _("Any tool"), _counted(plans, "entry__tools__name"))
        self._offer("direction", _("Any theme"), _counted(plans, "entry__directions__slug", "entry__directions__name"))
        languages = [(code, capfirst(language_name(code)), n) for code, _same, n in _counted(plans, "entry__language")]
        self._offer("language", _("Any language"), languages)
        self._offer("licence", _("Any licence"), _counted(plans, "entry__licence"))
        self.fields["stage"].choices = [("", _("Any year")), (0, _("before school")), *((n, n) for n in range(1, 13))]
        lengths = {"45": _("up to 45 minutes"), "90": _("46 to 90 minutes"), "more": _("longer")}
        self.fields["minutes"].choices = [("", _("Any duration")), *lengths.items()]

    def _offer(self, name: str, anything: Any, counted: list[tuple[str, str, int]]) -> None:
        choices = [(value, f"{label} ({count})") for value, label, count in counted]
        self.fields[name].choices = [("", anything), *choices]

    def plans(self) -> QuerySet[Plan]:
        """The plans that were asked for, the newest or the best match first; what is not well formed does not count."""
        self.is_valid()
        wanted = {name: it for name, it in self.cleaned_data.items() if it or it == 0}  # 0: before school
        rows = found(Plan.objects.public().order_by("-published_at", "-pk"), wanted.pop("q", ""))
        if "stage" in wanted:
            rows = rows.for_stage(wanted.pop("stage"))
        if bounds := MINUTES.get(wanted.pop("minutes", "")):
            rows = rows.filter(entry__minutes__range=bounds)
        if wanted.pop("picked", False):
            rows = rows.filter(pick__isnull=False)
        if tool := wanted.pop("tool", ""):
            rows = rows.filter(entry__in=Entry.objects.filter(tools__name=tool).order_by().values("pk"))
        return rows.like(directions__slug=wanted.pop("direction", ""), **wanted)


def _counted(plans: QuerySet[Plan], value: str, label: str = "") -> list[tuple[str, str, int]]:
    """Each value that plans have, as it is called, and how many have it; the most frequent first."""
    rows = plans.exclude(**{value: ""}).exclude(**{value: None}).values_list(value, label or value)
    return list(rows.annotate(n=Count("pk", distinct=True)).order_by("-n", label or value))


class PickForm(forms.Form):
    """Why a plan is recommended."""

    note = forms.CharField(label=_("why it is recommended"), max_length=300)


class UsageNoteForm(forms.ModelForm):
    """How teaching by a plan went."""

    class Meta:
        model = UsageNote
        fields = ("text",)
        help_texts = {"text": _("With whom you taught it, what worked, what you would change. Name no students.")}
