"""Texts of one line: what Word and PowerPoint leave inside them when they are pasted goes."""

import re
from typing import Any

from django import forms

# Controls, which XML, and so no feed or sheet can hold; and signs that reverse the direction of what follows.
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """The text on one line: line ends of all kinds (a vertical tab is Word's) become blanks, controls go."""
    return " ".join(filter(None, (CONTROLS.sub("", word) for word in text.split())))


class OneLineTexts(forms.BaseForm):
    """A form whose fields of one line hold one line."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str) and type(self.fields[name].widget) is forms.TextInput:
                cleaned[name] = one_line(value)
        return cleaned
