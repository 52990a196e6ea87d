"""Fields that offers and requests share: kinds of help, languages, formats, weekdays, a list of names."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cluster_portal.languages import languages
from cluster_portal.one_line import one_line
from members.models import Direction
from mentorship.models import Format, Help


class HelpField(forms.MultipleChoiceField):
    """Kinds of help, one at least."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Help.choices, widget=forms.CheckboxSelectMultiple, **options)


class LanguagesField(forms.MultipleChoiceField):
    """Languages in which one can talk, one at least."""

    def __init__(self, **options: Any) -> None:
        texts = {"label": _("Languages"), "help_text": _("In any of these you can talk with each other.")}
        super().__init__(choices=languages, widget=forms.CheckboxSelectMultiple, **texts | options)


class FormatsField(forms.MultipleChoiceField):
    """How one meets, one way at least."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Format.choices, widget=forms.CheckboxSelectMultiple, label=_("We meet"), **options)


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Days of the week; none chosen has a meaning that the form says."""

    def __init__(self, **options: Any) -> None:
        days = [(number, capfirst(name)) for number, name in WEEKDAYS.items()]
        super().__init__(
            choices=days, coerce=int, required=False, widget=forms.CheckboxSelectMultiple, empty_value=[], **options
        )


class NamesField(forms.CharField):
    """Names, a line each: kept as a list without empty lines and repetitions."""

    def __init__(self, *, most: int, longest: int, **options: Any) -> None:
        self.most, self.longest = most, longest
        super().__init__(widget=forms.Textarea({"rows": 4}), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = [one_line(line) for line in (value or "").splitlines()]
        return list({line.casefold(): line for line in reversed(lines) if line}.values())[::-1]

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self.most:
            raise ValidationError(
                _("These are more than %(most)d lines. Keep those that you know best."), params={"most": self.most}
            )
        if long := next((line for line in value if len(line) > self.longest), None):
            raise ValidationError(
                _("“%(line)s…” is longer than %(longest)d characters. Write one name in each line."),
                params={"line": long[:40], "longest": self.longest},
            )

    def run_validators(self, value: Any) -> None:
        """What the validators of one text would look at, is a list here; `validate` has looked at its lines."""


class DirectionsField(forms.ModelMultipleChoiceField):
    """Themes of the cluster."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            Direction.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple, **options
        )
