"""How the figures of the desk are narrowed."""

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from members.models import Institution


class PeriodFilter(forms.Form):
    """Of which requests, pairings and outcomes the desk says what came of them."""

    period = forms.ChoiceField(
        label=_("What came of it"),
        required=False,
        choices=[("", _("in the last twelve months")), ("all", _("in all years"))],
    )


class InstitutionsFilter(forms.Form):
    """Which institutions the desk lists."""

    reached = forms.ChoiceField(
        label=_("Which"),
        required=False,
        choices=[
            ("", _("all")),
            ("never-asked", _("never asked")),
            ("never-served", _("asked, and never had a mentor")),
            ("outcomes", _("with outcomes")),
        ],
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("all")), *Institution.Kind.choices])

    def narrowed(self, rows: QuerySet[Institution]) -> QuerySet[Institution]:
        """The rows (`institutions_of`) that are wanted; all of them where the address asks for nonsense."""
        wanted = self.cleaned_data if self.is_valid() else {}
        match wanted.get("reached"):
            case "never-asked":
                rows = rows.filter(asked=0)
            case "never-served":
                rows = rows.filter(asked__gt=0, served=0)
            case "outcomes":
                rows = rows.filter(outcome_count__gt=0)
        return rows.filter(kind=wanted["kind"]) if wanted.get("kind") else rows
