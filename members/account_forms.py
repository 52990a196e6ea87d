"""allauth's forms where ours ask for more. (They import models, so they cannot stand beside the sign-up form.)"""

from allauth.account import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from members.models import Person


class AddEmailForm(forms.AddEmailForm):
    """Another address to sign in with, if nobody else signs in with it or is entered with it."""

    def clean_email(self):
        email = super().clean_email()
        if Person.objects.filter(email=email).exclude(pk=self.user.pk).exists():
            raise ValidationError(_("This address belongs to somebody else here. If it is yours, ask your contact."))
        return email
