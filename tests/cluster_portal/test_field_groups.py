"""Long forms in groups: every field once, a folded group opens when it says something or is wrong."""

import pytest
from django import forms
from django.template import Context, Template

from cluster_portal.field_groups import FieldGroup, drawn_in_groups


class LongForm(forms.Form):
    title = forms.CharField()
    place = forms.CharField(required=False)
    hours = forms.IntegerField(required=False, initial=48)
    kinds = forms.MultipleChoiceField(required=False, choices=[("school", "School")])
    secret = forms.CharField(required=False, widget=forms.HiddenInput)
    groups = (FieldGroup("Where", ["place", "gone"]), FieldGroup("Rarely", ["hours", "kinds"], folded=True))


def groups_of(form):
    return [(it["title"], it["drawn"], it["open"]) for it in drawn_in_groups(form, lambda bound: bound.name)]


def test_every_visible_field_stands_in_one_group_those_without_come_first():
    assert [(title, names) for title, names, _open in groups_of(LongForm())] == [
        ("", ["title"]), ("Where", ["place"]), ("Rarely", ["hours", "kinds"]),
    ]  # fmt: skip


def test_a_form_without_groups_is_one():
    class Plain(forms.Form):
        title = forms.CharField()

    assert groups_of(Plain()) == [("", ["title"], False)]


@pytest.mark.parametrize(
    ("form", "is_open"),
    [
        (LongForm(), False),
        (LongForm(initial={"hours": 48, "kinds": []}), False),
        (LongForm(initial={"hours": 24}), True),
        (LongForm(initial={"kinds": ["school"]}), True),
        (LongForm({"title": "x", "hours": "many"}), True),
    ],
)
def test_a_folded_group_opens_when_it_says_something_or_is_wrong(form, is_open):
    assert groups_of(form)[2][2] == is_open


def test_a_group_is_a_fieldset_and_a_folded_one_a_disclosure():
    page = Template('{% ui "form" form=form %}').render(Context({"form": LongForm(), "csrf_token": "x"}))
    assert page.count('<fieldset class="group"><legend>Where</legend>') == 1
    assert page.count('<details class="disclosure"><summary>Rarely</summary>') == 1
    assert [page.count(f'name="{name}"') for name in ("title", "place", "hours", "kinds", "secret")] == [1] * 5
