"""Texts of one line, whatever was pasted into them."""

import pytest
from django import forms

from cluster_portal.one_line import OneLineTexts, one_line


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("Two\x0blines of\u2028Word", "Two lines of Word"),
        ("  blanks \t around ", "blanks around"),
        ("re\u202eversed\x07", "reversed"),
        ("Two\x1cparts \x07 of one", "Two parts of one"),
        ("Ёлка № 5 – «да»", "Ёлка № 5 – «да»"),
    ],
)
def test_one_line_is_left(pasted, kept):
    assert one_line(pasted) == kept


def test_a_form_keeps_the_lines_of_long_texts_only():
    class Both(OneLineTexts, forms.Form):
        title = forms.CharField()
        text = forms.CharField(widget=forms.Textarea)

    form = Both({"title": "a\x0bb", "text": "a\nb"})
    assert form.is_valid()
    assert form.cleaned_data == {"title": "a b", "text": "a\nb"}
