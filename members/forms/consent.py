from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from members.forms.fields import AddressField, BirthDateField, DateInput
from members.models import AgePolicy, ConsentDecision, ConsentText, Guardianship, Person, Purpose

Decision = ConsentDecision.Decision


class AskForm(forms.Form):
    """For which purposes a class is asked."""

    purposes = forms.MultipleChoiceField(label=_("Ask for consent to"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        published = set(ConsentText.objects.in_force().values_list("purpose", flat=True))
        self.fields["purposes"].choices = [it for it in Purpose.choices if it[0] in published]


class GuardianForm(forms.ModelForm):
    """Who is a guardian of a child, and where to write to, if anywhere."""

    how = forms.ChoiceField(label=_("How we know"))
    email = AddressField(
        label=_("E-mail"), required=False, help_text=_("Leave it empty when there is none: slips go on paper then.")
    )

    class Meta:
        model = Person
        fields = ["family_name", "given_name", "patronymic"]

    def __init__(self, *args, ways=(Guardianship.How.CLASS_LIST, Guardianship.How.PAPER), **options):
        super().__init__(*args, **options)
        self.fields["given_name"].required = True
        self.fields["how"].choices = [(way.value, way.label) for way in ways]
        self.fields["how"].initial = ways[0].value

    def validate_unique(self):
        """Nothing to check: the address is one to write to, not a login."""


class BirthDateForm(forms.Form):
    """The second fact that opens a consent link."""

    birth_date = BirthDateField(label=_("Birth date of the child"), help_text=_("So that only you can read on."))


class PaperForm(forms.Form):
    """What stands on a signed slip that came back: `scanned` is what its QR code says, where somebody scanned it."""

    ANSWERS = [("", _("Not on the paper")), (Decision.GRANTED, _("Granted")), (Decision.REFUSED, _("Refused")),
               (Decision.WITHDRAWN, _("Withdrawn"))]  # fmt: skip
    signed_by = forms.ModelChoiceField(Person.objects.none(), label=_("Signed by"))
    seen_on = forms.DateField(label=_("Seen on"), widget=DateInput)
    scan = forms.FileField(label=_("Scan or photo"), required=False, help_text=_("Without it, you say you saw it."))

    def __init__(self, *args, deciders, purposes, texts, scanned, today, **options):
        super().__init__(*args, **options)
        self.texts, self.scanned = {it.public_id: it for it in texts}, scanned.get("paper", "").split(".")
        self.fields["signed_by"].queryset = deciders
        self.fields["signed_by"].label_from_instance = lambda person: person.full_name
        if len(only := deciders[:2]) == 1:
            self.fields["signed_by"].initial = only[0]
        elif signer := deciders.filter(public_id=scanned.get("signed_by", "")).first():
            self.fields["signed_by"].initial = signer.pk
        self.fields["seen_on"].initial = today
        for purpose in purposes:
            field = forms.ChoiceField(label=Purpose(purpose).label, choices=self.ANSWERS, required=False)
            self.fields[f"answer_{purpose}"] = field
            self.fields[f"text_{purpose}"] = self._field_of_text(purpose)

    def _field_of_text(self, purpose):
        languages = dict(settings.LANGUAGES)
        own = [it for it in self.texts.values() if it.purpose == purpose]
        said = [(it.public_id, f"{it.mark} · {languages.get(it.language, it.language)}") for it in own]
        label = _("The paper on “%(purpose)s” says") % {"purpose": Purpose(purpose).label}
        choices = [("", _("The newest of that day")), *said]
        initial = next((it.public_id for it in own if it.public_id in self.scanned), "")
        return forms.ChoiceField(label=label, choices=choices, initial=initial, required=False)

    def answers(self) -> dict[str, str]:
        """Purpose → decision, of what is marked."""
        return self._named("answer_")

    def shown(self) -> dict[str, ConsentText]:
        """Purpose → text, of what stands on the paper."""
        return {purpose: self.texts[public_id] for purpose, public_id in self._named("text_").items()}

    def _named(self, prefix):
        named = {name: it for name, it in self.cleaned_data.items() if name.startswith(prefix)}
        return {name.removeprefix(prefix): it for name, it in named.items() if it}


class TextForm(forms.ModelForm):
    """The words of one document in one language."""

    class Meta:
        model = ConsentText
        fields = ["title", "text", "legal_basis", "retention", "contact", "valid_months"]
        help_texts = {
            "text": _("Plain words: what happens, what for, who sees it."),
            "valid_months": _("Empty: until it is withdrawn."),
        }


class AgeForm(forms.ModelForm):
    """From which age people decide beside their guardian, and alone."""

    class Meta:
        model = AgePolicy
        fields = ["together_from", "alone_from"]

    def clean(self):
        together, alone = self.cleaned_data.get("together_from"), self.cleaned_data.get("alone_from")
        if together is not None and alone is not None and not together <= alone <= 25:
            raise forms.ValidationError(
                _("Deciding alone comes after deciding together, at 25 at the latest. Check both ages.")
            )
        return self.cleaned_data
