"""A form that notices when somebody else has changed the object while it was open."""

import hashlib
from typing import Any

from django import forms
from django.db.models import Model
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from cluster_portal.one_line import OneLineTexts


class FreshForm(OneLineTexts, forms.ModelForm):
    """A form of an existing object that says so when its facts have changed since it was drawn.

    What was entered stays in the fields; sending it once more means it. Give it to forms that several people have.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is None:
            del self.fields["seen"]
            return
        self.stored = digest_of(type(self.instance)._base_manager.get(pk=self.instance.pk), self._meta.fields)
        self.fields["seen"].initial = self.stored

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        seen = cleaned.pop("seen", "")
        if seen and seen != self.stored:
            self.data = _with(self.data, "seen", self.stored)
            self.add_error(
                None,
                _("Somebody else changed this meanwhile. What you entered is still here: compare, and save once more."),
            )
        return cleaned


def digest_of(obj: Model, fields: Any) -> str:
    """A short digest of what an object says in some fields, many-to-many ones too."""
    facts = model_to_dict(obj, fields=fields)
    plain = {name: sorted(it.pk for it in value) if _is_many(value) else value for name, value in facts.items()}
    return hashlib.sha256(repr(sorted(plain.items())).encode()).hexdigest()[:16]


def _is_many(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Model)


def _with(data: Any, name: str, value: str) -> Any:
    changed = data.copy()
    changed[name] = value
    return changed
