"""Answers of mentors and teachers, and what a coordinator changes by hand in a whole intake."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import is_public_id

LEAVE_OUT = "-"


class DeclineForm(forms.Form):
    """Why a mentor says no: without it, the next suggestion would be as wrong."""

    reason = forms.CharField(
        label=_("Why not"),
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Only coordinators read it: no time now, another subject, too far. The teacher learns no name."),
    )


class RefuseForm(forms.Form):
    """Why a teacher would rather have another mentor; nobody has to say."""

    reason = forms.CharField(
        label=_("What another mentor should bring"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("You need not say. Only coordinators read it; the mentor does not."),
    )


def pinned_in(data: Mapping[str, str]) -> dict[str, str]:
    """The mentors that a coordinator has chosen by hand: request → mentor."""
    return {key: value for key, value in _chosen(data).items() if is_public_id(value)}


def left_out_in(data: Mapping[str, str]) -> list[str]:
    """The requests that a coordinator leaves out for now."""
    return [key for key, value in _chosen(data).items() if value == LEAVE_OUT]


def _chosen(data: Mapping[str, str]) -> dict[str, str]:
    said = {name[4:]: value for name, value in data.items() if name.startswith("for-")}
    return {key: value for key, value in said.items() if is_public_id(key)}
