"""Whom to ask to be an author."""

from django import forms
from django.utils.translation import gettext_lazy as _

from members.forms.fields import AddressField


class AuthorForm(forms.Form):
    """Somebody by the address they sign in with; the name is for whoever is not known yet."""

    email = AddressField(
        label=_("E-mail"), help_text=_("The address they sign in with. Whoever is new here is asked to join.")
    )
    given_name = forms.CharField(label=_("Given name"), required=False, max_length=80)
    family_name = forms.CharField(label=_("Family name"), required=False, max_length=80)
