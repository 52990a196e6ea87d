from django import forms
from django.utils.translation import gettext_lazy as _

from members.forms.fields import WallClockForm
from members.models import Affiliation, Institution, Region


class AddressedForm(WallClockForm):
    """A form of something that is for some people only: which roles, kinds of institution, regions and years."""

    roles = forms.MultipleChoiceField(
        label=_("For"),
        choices=Affiliation.Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody chosen means: any role."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of institution"),
        choices=Institution.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing chosen means: any kind."),
    )

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["regions"].widget = forms.CheckboxSelectMultiple(choices=self.fields["regions"].choices)
        if not Region.objects.exists():
            del self.fields["regions"]

    def clean(self):
        cleaned = super().clean()
        if (cleaned.get("stage_from") or 0) > (cleaned.get("stage_until") or 99):
            self.add_error("stage_until", _("The last year is before the first one. Correct one of them."))
        return cleaned
