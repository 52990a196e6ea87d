from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cluster_portal.moves import Refused
from cluster_portal.uploads import LARGEST_BYTES
from members.imports.columns import List
from members.imports.fields import FIELDS, NEEDED, label_of
from members.imports.loading import samples
from members.imports.reading import readable
from members.imports.scope import institutions_for, kinds_for
from members.imports.verdicts import Sort
from members.models import Import, Institution, Person


class ImportForm(forms.Form):
    """Which list to load, and for whom."""

    kind = forms.ChoiceField(label=gettext_lazy("What does it list?"), widget=forms.RadioSelect)
    institution = forms.ModelChoiceField(
        Institution.objects.none(),
        label=gettext_lazy("Institution"),
        required=False,
        empty_label=gettext_lazy("A column of the list says it"),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("XLSX or CSV, up to 20 MB and 20,000 rows, with headings in any order."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt,.tsv"}),
    )

    def __init__(self, *args, by: Person, **options):
        super().__init__(*args, **options)
        self.by = by
        kinds = kinds_for(by)
        self.fields["kind"].choices = [(it, Import.Kind(it).label) for it in kinds]
        self.fields["kind"].initial = kinds[0]
        # The widest of the kinds: `clean` asks once more for the kind that was chosen.
        institutions = institutions_for(kinds[-1], by)
        self.fields["institution"].queryset = institutions
        if len(only := institutions[:2]) == 1 and not by.is_coordinator:
            self.fields["institution"].initial = only[0]

    def clean_file(self) -> ContentFile:
        """The file as the portal keeps it: a text in UTF-8, a workbook as it came."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise ValidationError(_("The file is larger than 20 MB. Split the list and load the parts one by one."))
        try:
            return ContentFile(readable(file.read()), name=file.name)
        except Refused as refused:  # while a field is being cleaned, only this exception reaches its form
            raise ValidationError(str(refused)) from refused

    def clean(self) -> dict[str, Any]:
        facts = super().clean()
        institution, kind = facts.get("institution"), facts.get("kind")
        if kind == Import.Kind.INSTITUTIONS:
            facts["institution"] = None
        elif institution and kind and not institutions_for(kind, self.by).filter(pk=institution.pk).exists():
            self.add_error("institution", _("You load only classes there. Choose another institution."))
        return facts


class ColumnsForm(forms.Form):
    """What each column of a list means; a column may mean nothing."""

    def __init__(self, *args, it: Import, table: List, guess: dict[str, int], **options):
        super().__init__(*args, **options)
        self.kind = it.kind
        meant = {number: name for name, number in (it.columns or guess).items()}
        choices = [("", _("Is not loaded")), *((field.name, field.label) for field in FIELDS[it.kind])]
        self.columns = []
        for number, (heading, values) in enumerate(samples(table)):
            name = f"column_{number}"
            label = _("Meaning of “%(heading)s”") % {"heading": heading or number + 1}
            self.fields[name] = forms.ChoiceField(
                label=label, choices=choices, required=False, initial=meant.get(number, ""),
                widget=forms.Select(attrs={"aria-label": label}),
            )  # fmt: skip
            self.columns.append({"heading": heading, "samples": values, "bound": self[name], "number": number})

    def clean(self) -> dict[str, Any]:
        facts = super().clean()
        chosen = [name for name in facts.values() if name]
        for name in sorted({it for it in chosen if chosen.count(it) > 1}):
            raise ValidationError(
                _("“%(field)s” is chosen for two columns. Leave one of them.") % {"field": label_of(self.kind, name)}
            )
        for names in NEEDED[self.kind]:
            if not names & set(chosen):
                labels = " / ".join(label_of(self.kind, name) for name in sorted(names))
                raise ValidationError(_("Choose the column that holds this: %(fields)s.") % {"fields": labels})
        return facts

    def chosen(self) -> dict[str, int]:
        """Field → number of its column."""
        return {name: int(key.removeprefix("column_")) for key, name in self.cleaned_data.items() if name}


class VerdictFilter(forms.Form):
    """Which verdict to look at."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Verdict"), required=False, choices=[("", gettext_lazy("Every verdict")), *Sort.choices]
    )
