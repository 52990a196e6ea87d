from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from members.devices import CODE_DIGITS


class CodeForm(forms.Form):
    """The code from the mail; people type spaces into it."""

    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_code(self) -> str:
        """Digits only."""
        code = "".join(self.cleaned_data["code"].split())
        RegexValidator(rf"^[0-9]{{{CODE_DIGITS}}}\Z", _("The code has six digits."))(code)
        return code
