from django import forms
from django.utils.translation import gettext_lazy as _

from members.models.people import validate_plain_name


class CorrectNameForm(forms.Form):
    """The name as it should have been printed."""

    name = forms.CharField(label=_("name as printed"), max_length=200, validators=[validate_plain_name])


class RevokeForm(forms.Form):
    """Why a certificate is taken back."""

    reason = forms.CharField(
        label=_("why it is revoked"), max_length=300, help_text=_("Only who has the certificate reads it.")
    )
