import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members.forms.fields import DateInput
from members.models import Agreement, Clause, Institution, Party

TEXT_HELP = _("PDF, Word or plain text, at most 20 MB. Its fingerprint (SHA-256) is shown to everybody who signs.")
EARLIEST, LATEST = 1900, 2200
PUBLIC_HELP = _("Everybody who sees the agreement reads this. Name no people.")


class InstitutionsField(forms.ModelMultipleChoiceField):
    """Several institutions at once, ticked in a list."""

    def __init__(self, label: Any, **options: Any):
        widget = forms.CheckboxSelectMultiple
        super().__init__(Institution.objects.order_by("name"), label=label, widget=widget, **options)


class AgreementForm(forms.ModelForm):
    """What stands on the title page of an agreement."""

    class Meta:
        model = Agreement
        fields = ["kind", "title", "number", "place", "occasion", "valid_from", "valid_until"]
        widgets = {"valid_from": DateInput, "valid_until": DateInput}

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        if self.instance.amends_id:
            del self.fields["kind"], self.fields["valid_until"]  # it ends with what it amends
        else:
            kinds = [it for it in Agreement.Kind.choices if it[0] != Agreement.Kind.ADDENDUM]
            self.fields["kind"].choices = kinds


class NewAgreementForm(AgreementForm):
    """A new agreement, with its text when there is one already."""

    text = forms.FileField(label=_("Text"), required=False, help_text=TEXT_HELP)


class TextForm(forms.Form):
    """The text of a draft."""

    text = forms.FileField(label=_("Text"), help_text=TEXT_HELP)


class PartiesForm(forms.Form):
    """Which institutions become parties, in which role."""

    role = forms.ChoiceField(
        label=_("Role"), choices=Party.Role.choices, initial=Party.Role.PARTY, widget=forms.RadioSelect
    )
    institutions = InstitutionsField(_("Institutions"))


class ClauseForm(forms.ModelForm):
    """A clause with the right that it grants."""

    class Meta:
        model = Clause
        fields = ["number", "text", "right", "places", "since"]
        widgets = {"since": DateInput, "text": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "right": _("What the parties may do by this clause. Pages that speak of the right link here."),
            "since": _("The right begins on this day; empty: with the agreement."),
        }

    def clean_number(self) -> str:
        """A number that stands once in the agreement, and in an address."""
        number = self.cleaned_data["number"].strip()
        if not re.fullmatch(r"\w[\w. ()-]*", number):
            raise ValidationError(_("Write a number such as 2.1 or 4.2 a."))
        if self.instance.agreement.clauses.filter(number=number).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("There is a clause with this number already."))
        return number

    def clean(self) -> dict:
        """Places and a first day say something about a right."""
        cleaned = super().clean()
        if not cleaned.get("right") and (cleaned.get("places") or cleaned.get("since")):
            self.add_error("right", _("Choose the right that the places or the first day belong to."))
        return cleaned


class SignForm(forms.Form):
    """A head signs: their name, typed, and the hash of what the page showed."""

    name = forms.CharField(
        label=_("Type your name to sign"),
        max_length=200,
        help_text=_("Family name and given name, as on your profile."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class PaperForm(forms.Form):
    """A signature on paper."""

    signed_on = forms.DateField(label=_("Day of signing"), widget=DateInput)
    signatory = forms.CharField(label=_("Who signed"), max_length=200, help_text=_("The name on the paper."))
    scan = forms.FileField(
        label=_("Scan"),
        help_text=_("The signed page as PDF or picture. Only coordinators and this institution see it."),
    )


class EndForm(forms.Form):
    """From which day something ends, and why."""

    on = forms.DateField(label=_("From which day"), widget=DateInput, help_text=_("Today or later. Rights end then."))
    because = forms.CharField(label=_("Why"), max_length=300, help_text=PUBLIC_HELP)


class CoverForm(forms.Form):
    """Whom a party brings with it."""

    document = forms.CharField(
        label=_("Document"), max_length=200, help_text=_("What says so: an order, a roll, with its number and day.")
    )
    since = forms.DateField(
        label=_("From"),
        widget=DateInput,
        help_text=_("As the document says. Where that day has passed, pages show today beside it as the day of entry."),
    )
    until = forms.DateField(label=_("Last day"), widget=DateInput, required=False)
    institutions = InstitutionsField(_("Institutions"))

    def clean(self) -> dict:
        """The last day is not before the first."""
        cleaned = super().clean()
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day lies before the first."))
        return cleaned


class EndCoverageForm(forms.Form):
    """The last day on which a party covers an institution."""

    until = forms.DateField(label=_("Last day"), widget=DateInput)


class AddendumForm(forms.ModelForm):
    """What stands on the title page of an addendum, and its text."""

    text = forms.FileField(label=_("Text"), required=False, help_text=TEXT_HELP)

    class Meta:
        model = Agreement
        fields = ["title", "number", "place", "occasion"]


class AccessionForm(AddendumForm):
    """An addendum that brings in new parties."""

    institutions = InstitutionsField(_("New parties"))
    field_order = ["institutions", "title", "number", "place", "occasion", "text"]


class RenewalForm(AddendumForm):
    """An addendum by which the agreement runs on."""

    until = forms.DateField(label=_("In force until"), widget=DateInput)
    field_order = ["until", "title", "number", "place", "occasion", "text"]


class StandingForm(forms.Form):
    """The day for which one asks who belongs."""

    on = forms.DateField(label=_("On which day"), widget=DateInput)

    def clean_on(self) -> date:
        """A day of the time of which documents can speak."""
        on = self.cleaned_data["on"]
        if not EARLIEST <= on.year <= LATEST:
            raise ValidationError(_("Choose a day between 1900 and 2200."))
        return on
