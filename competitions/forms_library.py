from typing import Any

from django import forms
from django.db.models import Aggregate, Count, F, QuerySet
from django.utils.translation import gettext_lazy as _

from cluster_portal.field_groups import FieldGroup
from cluster_portal.languages import languages
from cluster_portal.search import LONGEST_QUERY, folded, folded_columns, found
from competitions.models import Entry, Plan, UsageNote
from members.models import Direction

MINUTES = {"45": (0, 45), "90": (46, 90), "more": (91, 6_000)}
MOST_OFFERED = 30  # of what authors write freely, the most frequent
FREE_TEXTS = {"subject": "entry__subject", "tool": "entry__tools__name"}
CODES = {"direction": "entry__directions__slug", "language": "entry__language", "licence": "entry__licence"}


class MostFrequent(Aggregate):
    """How most of them spell it."""

    template = "mode() WITHIN GROUP (ORDER BY %(expressions)s)"


class LibraryFilter(forms.Form):
    """What the library can be narrowed to.

    Beside each subject, tool, theme, language and licence stands how many plans it would leave of those that all other
    choices leave. Subjects and tools are what authors write: one spelling stands for all that differ by case only.
    """

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=LONGEST_QUERY,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    subject = forms.CharField(label=_("Subject"), required=False, max_length=80, widget=forms.Select)
    stage = forms.TypedChoiceField(label=_("Year of schooling"), required=False, coerce=int, empty_value=None)
    tool = forms.CharField(label=_("AI tool"), required=False, max_length=80, widget=forms.Select)
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
        names = {
            "direction": dict(Direction.objects.values_list("slug", "name")),
            "language": dict(languages()),
            "licence": {code: code for code in Entry.Licence.values},
        }
        for name, known in names.items():
            self.fields[name].choices = [("", ""), *known.items()]
        self.fields["stage"].choices = [("", _("Any year")), (0, _("before school")), *((n, n) for n in range(1, 13))]
        lengths = {"45": _("up to 45 minutes"), "90": _("46 to 90 minutes"), "more": _("longer")}
        self.fields["minutes"].choices = [("", _("Any duration")), *lengths.items()]
        self.is_valid()  # what is not well formed does not count, here and in the counts
        self._offer_all(names)

    def _offer_all(self, names: dict[str, dict[str, str]]) -> None:
        anything = {
            "subject": _("Any subject"),
            "tool": _("Any tool"),
            "direction": _("Any theme"),
            "language": _("Any language"),
            "licence": _("Any licence"),
        }
        for name, words in anything.items():
            plans = Plan.objects.filter(pk__in=self._narrowed(without=name).order_by().values("pk"))
            counted = _spelt(plans, FREE_TEXTS[name]) if name in FREE_TEXTS else _coded(plans, CODES[name], names[name])
            chosen = self.cleaned_data.get(name, "")
            if chosen and chosen not in (value for value, _label, _count in counted):
                counted = self._with_chosen(name, chosen, counted, names)
            offered = [(value, f"{label} ({count})") for value, label, count in counted]
            self.fields[name].widget.choices = [("", words), *offered]

    def _with_chosen(
        self, name: str, chosen: str, counted: list[tuple[str, str, int]], names: dict[str, dict[str, str]]
    ) -> list[tuple[str, str, int]]:
        """What is offered with what was chosen, spelt as it was chosen: else the field would say that nothing is."""
        rest = [it for it in counted if name in CODES or folded(it[0]) != folded(chosen)]
        return [(chosen, names.get(name, {}).get(chosen, chosen), self.plans().count()), *rest]

    def plans(self) -> QuerySet[Plan]:
        """The plans that were asked for, the newest or the best match first."""
        return self._narrowed()

    def _narrowed(self, without: str = "") -> QuerySet[Plan]:
        wanted = {name: it for name, it in self.cleaned_data.items() if (it or it == 0) and name != without}
        rows = found(Plan.objects.public().order_by("-published_at", "-pk"), wanted.pop("q", ""))
        if "stage" in wanted:  # 0: before school
            rows = rows.for_stage(wanted.pop("stage"))
        if bounds := MINUTES.get(wanted.pop("minutes", "")):
            rows = rows.filter(entry__minutes__range=bounds)
        if wanted.pop("picked", False):
            rows = rows.filter(pick__isnull=False)
        for name in FREE_TEXTS.keys() & wanted.keys():
            rows = rows.filter(pk__in=_saying(name, wanted.pop(name)).order_by().values("pk"))
        return rows.like(directions__slug=wanted.pop("direction", ""), **wanted)


def _said(column: str) -> QuerySet[Plan]:
    """Plans with a free text as it is compared; not those that are not found by it, where it names somebody."""
    rows = Plan.objects.annotate(said=folded_columns(column))
    return rows.filter(said__gt="", words__contains=F("said"))


def _saying(name: str, text: str) -> QuerySet[Plan]:
    return _said(FREE_TEXTS[name]).filter(said=folded(text))


def _spelt(plans: QuerySet[Plan], column: str) -> list[tuple[str, str, int]]:
    """The texts that most plans have, as most of them spell it, and how many have it."""
    rows = _said(column).filter(pk__in=plans.values("pk")).order_by().values("said")
    rows = rows.annotate(n=Count("pk", distinct=True), spelt=MostFrequent(column)).order_by("-n", "spelt")
    return [(it["spelt"], it["spelt"], it["n"]) for it in rows[:MOST_OFFERED]]


def _coded(plans: QuerySet[Plan], column: str, names: dict[str, str]) -> list[tuple[str, str, int]]:
    """Each code that plans have, as it is called, and how many have it; the most frequent first."""
    rows = plans.order_by().values(column).annotate(n=Count("pk", distinct=True)).order_by("-n", column)
    return [(it[column], names[it[column]], it["n"]) for it in rows if it[column] in names]


class PickForm(forms.Form):
    """Why a plan is recommended."""

    note = forms.CharField(label=_("why it is recommended"), max_length=300)


class UsageNoteForm(forms.ModelForm):
    """How teaching by a plan went."""

    class Meta:
        model = UsageNote
        fields = ("text",)
        help_texts = {"text": _("With whom you taught it, what worked, what you would change. Name no students.")}
