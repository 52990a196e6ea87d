"""A lesson plan as it is written: its fields, its steps, its AI tools, its files. A draft may lack anything."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import slug_re
from django.utils.translation import gettext_lazy as _

from cluster_portal.languages import languages
from cluster_portal.one_line import OneLineTexts
from competitions.library_licences import may_adapt, why_not_adapted
from competitions.models import Competition, Entry, Plan
from members.forms.initiatives import FilesField
from members.models import Direction

MOST_ROWS, MOST_KEPT = 60, 200  # offered; taken from a form that offers more
LICENCES = {
    Entry.Licence.BY: _("Everybody may use, change and pass it on, also for money, and names you."),
    Entry.Licence.BY_SA: _("The same, and what others make of it stays as free as your plan."),
    Entry.Licence.CC0: _("Everybody may do anything with it, without naming you."),
    Entry.Licence.BY_NC: _("Everybody may use and change it and names you, but nobody for money: no paid course."),
    Entry.Licence.BY_NC_SA: _("Not for money, and what others make of it stays as free as your plan."),
    Entry.Licence.BY_ND: _("Everybody may pass it on unchanged; nobody may share an adapted lesson."),
    Entry.Licence.BY_NC_ND: _("Unchanged and not for money only: colleagues cannot share what they adapt."),
}


class EntryForm(OneLineTexts, forms.ModelForm):
    """The fields of a plan. `revision` is what this window has seen; what is not well formed is left out of `facts`."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    language = forms.ChoiceField(label=_("Language of the plan"), choices=languages)
    adapted_from = forms.CharField(
        label=_("Adapted from"),
        required=False,
        max_length=200,
        help_text=_("If it builds on a plan of this library: the address of its page. Its licence says what you may."),
    )
    use_required_attribute = False  # a draft may lack anything; the check says what is missing

    class Meta:
        model = Entry
        fields = [
            "nomination", "title", "abstract", "subject", "stage_from", "stage_until", "minutes", "directions",
            "objectives", "risks", "materials", "language", "licence",
        ]  # fmt: skip
        widgets = {
            "abstract": forms.Textarea(attrs={"rows": 4}),
            "objectives": forms.Textarea(attrs={"rows": 5}),
            "risks": forms.Textarea(attrs={"rows": 5}),
            "materials": forms.Textarea(attrs={"rows": 4}),
            "directions": forms.CheckboxSelectMultiple,
            "nomination": forms.RadioSelect,
            "licence": forms.RadioSelect,
        }
        help_texts = {
            "abstract": _("A few sentences: the idea of the lesson, and what is special about it."),
            "materials": _("What one needs: devices, accounts, worksheets. Files are added below."),
        }

    may_stay_empty = {"directions", "materials", "adapted_from"}

    def __init__(self, *args: Any, competition: Competition, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["revision"].initial = self.instance.revision
        if source := self.instance.adapted_from:
            self.fields["adapted_from"].initial = source.get_absolute_url()
        nominations = list(competition.nominations.all())
        if nominations:
            self.fields["nomination"].queryset = competition.nominations.all()
            self.fields["nomination"].empty_label = None
        else:
            del self.fields["nomination"]
        if not Direction.objects.exists():
            del self.fields["directions"]
        self.fields["licence"].choices = [(it, _explained(it)) for it in LICENCES]
        for name, field in self.fields.items():
            field.needed_later = name not in self.may_stay_empty
            _take_long_text(field)

    def clean_adapted_from(self) -> Plan | None:
        entered = self.cleaned_data["adapted_from"].strip()
        if not entered:
            return None
        if entered == self.fields["adapted_from"].initial:  # it stands there already, whatever became of it since
            return self.instance.adapted_from
        slug = entered.partition("?")[0].rstrip("/").rpartition("/")[2]
        plan = plan_at(slug)
        if plan is None:
            raise forms.ValidationError(_("We found no plan of the library by this. Copy the address of its page."))
        if plan.entry_id == self.instance.pk:
            raise forms.ValidationError(_("This is the plan itself."))
        if why := why_not_adapted(plan.entry.licence):
            raise forms.ValidationError(why)
        return plan

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("stage_from"), cleaned.get("stage_until")
        if first is not None and last is not None and first > last:
            for name in ("stage_from", "stage_until"):
                self.add_error(name, _("The first year comes before the last one."))
        source, own = cleaned.get("adapted_from"), cleaned.get("licence")
        if source and own and not may_adapt(source.entry.licence, own):
            said = _("“%(title)s” is given under %(licence)s. What is adapted from it needs another licence than this.")
            self.add_error("licence", said % {"title": source.entry.title, "licence": source.entry.licence})
        return self.cleaned_data

    def facts(self) -> dict[str, Any]:
        """What the action wants: every field that is well formed."""
        return {name: value for name, value in self.cleaned_data.items() if name != "revision"}


def plan_at(slug: str) -> Plan | None:
    """The plan in the library at this end of an address, if there is one."""
    if not slug_re.fullmatch(slug):
        return None
    return Plan.objects.public().filter(slug=slug).select_related("entry").first()


class StepForm(OneLineTexts, forms.Form):
    """One step of the lesson."""

    title = forms.CharField(label=_("Step"), required=False, max_length=160)
    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=1, max_value=6_000)
    text = forms.CharField(
        label=_("What teacher and students do"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    empty = {"title": "", "minutes": None, "text": ""}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["title"].needed_later = self.fields["text"].needed_later = True
        _take_long_text(self.fields["text"])


class ToolForm(OneLineTexts, forms.Form):
    """One AI tool, and how it is used."""

    name = forms.CharField(label=_("AI tool"), required=False, max_length=80)
    use = forms.CharField(
        label=_("How it is used"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    empty = {"name": "", "use": ""}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].needed_later = self.fields["use"].needed_later = True
        _take_long_text(self.fields["use"])


class Rows(forms.BaseFormSet):
    """Rows that can be added, taken away and put in another order. An empty one is no row."""

    def rows(self, press: str = "") -> dict[str, list[dict[str, Any]]]:
        """The rows that say something, by the name of the part, after the button was pressed: "steps-2-up".

        Nothing where the request does not speak of them: what is stored then stays.
        """
        if not self.management_form.is_valid():
            return {}
        rows = [{**form.empty, **_said(form)} for form in self.forms]
        name, _dash, rest = press.partition("-")
        if name == self.prefix:
            rows = _moved(rows, *rest.partition("-")[::2])
        return {self.prefix: [row for row in rows if any(value not in ("", None) for value in row.values())]}


StepRows = forms.formset_factory(StepForm, Rows, extra=1, max_num=MOST_ROWS, absolute_max=MOST_KEPT)
ToolRows = forms.formset_factory(ToolForm, Rows, extra=1, max_num=MOST_ROWS, absolute_max=MOST_KEPT)


class FilesForm(forms.Form):
    """More files of an entry."""

    files = FilesField(
        label=_("Files"),
        help_text=_("Ten at most, 20 MB each: PDF, Word, Excel, PowerPoint, OpenDocument, text, pictures. No macros."),
    )


class EntryParts:
    """The form of a plan and its rows, as one: drawn together, sent together."""

    def __init__(self, entry: Entry, data: Mapping[str, Any] | None = None) -> None:
        self.form = EntryForm(data, instance=Entry.objects.get(pk=entry.pk), competition=entry.competition)
        # Sent rows are not compared with the stored ones: Django takes a row that says the same for an empty one.
        drawn = data is None
        steps = [{"title": it.title, "minutes": it.minutes, "text": it.text} for it in entry.steps.all() if drawn]
        tools = [{"name": it.name, "use": it.use} for it in entry.tools.all() if drawn]
        self.steps = StepRows(data, initial=steps, prefix="steps")
        self.tools = ToolRows(data, initial=tools, prefix="tools")

    def is_valid(self) -> bool:
        """Whether everything is well formed; after it, `facts` holds what is."""
        return all([self.form.is_valid(), self.steps.is_valid(), self.tools.is_valid()])

    def facts(self, press: str = "") -> dict[str, Any]:
        """What the action wants."""
        return self.form.facts() | self.steps.rows(press) | self.tools.rows(press)

    @property
    def revision(self) -> int:
        """What this window has seen; of a broken one, nothing."""
        return self.form.cleaned_data.get("revision") or 0

    def errors(self) -> dict[str, str]:
        """What is not well formed: the name of each field, and a sentence."""
        found = {}
        for form in [self.form, *self.steps, *self.tools]:
            for name, errors in form.errors.items():
                if name in form.fields:
                    found[form.add_prefix(name)] = f"{form.fields[name].label}: {errors[0]}"
        return found

    def wrong(self) -> list[Any]:
        """The bound fields with errors, for the list above the form."""
        forms_shown = [self.form, *self.steps, *self.tools]
        return [bound for form in forms_shown for bound in form.visible_fields() if bound.errors]


def _explained(licence: Entry.Licence) -> str:
    return f"{licence.label}. {LICENCES[licence]}"


def _take_long_text(field: forms.Field) -> None:
    """What Word pastes becomes Markdown. A browser cuts it at `maxlength` silently; we say it is too long."""
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs.pop("maxlength", None)
        field.widget.attrs["data-formatted"] = ""


def _said(form: forms.Form) -> dict[str, Any]:
    return {name: value for name, value in getattr(form, "cleaned_data", {}).items() if name in form.fields}


def _moved(rows: list[dict[str, Any]], number: str, where: str) -> list[dict[str, Any]]:
    at = int(number) if number.isdecimal() and len(number) <= len(str(MOST_KEPT)) else -1
    if not 0 <= at < len(rows):
        return rows
    row, rest = rows[at], rows[:at] + rows[at + 1 :]
    if where == "remove":
        return rest
    to = max(0, at - 1) if where == "up" else at + 1
    return [*rest[:to], row, *rest[to:]]
