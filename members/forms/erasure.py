from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Person


class ErasureForm(forms.Form):
    """The password once more: whoever finds an open browser must not be able to erase its owner."""

    password = forms.CharField(
        label=_("Your password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args, person: Person, **kwargs):
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self) -> str:
        """It is this person's."""
        password = self.cleaned_data["password"]
        if not self.person.check_password(password):
            raise forms.ValidationError(_("This is not your password. Type it again, or have a link mailed to you."))
        return password


class LetterForm(forms.Form):
    """A coordinator erases somebody who asked in writing."""

    asked = forms.BooleanField(label=_("They asked for it in writing, and I have made sure that it was them."))


class ReasonForm(forms.Form):
    """Why somebody is to be erased, for the coordinator who decides."""

    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=1000,
        help_text=_("You need not say it. Only the coordinator reads it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SpokenForm(forms.Form):
    """A coordinator erases although not everybody who decides has agreed."""

    spoken = forms.BooleanField(label=_("I have spoken with everybody who has not agreed."))
