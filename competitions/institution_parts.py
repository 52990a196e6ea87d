"""What this app shows on an institution's page: which competitions it holds, and what its people won."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.hooks import PagePart, register_institution_parts
from competitions.concealing import conceal
from competitions.models import Authorship, Competition, Entry
from competitions.winners import SHOWN
from competitions.words import standing_of
from members.models import Institution

MOST_ROWS = 8


def held(institution: Institution, reader: Any) -> Iterator[PagePart]:
    """The competitions that it holds, those ahead first."""
    at = now()
    rows = Competition.objects.public().filter(host=institution).by_phase(at)[:MOST_ROWS]
    shown = [(it.title, it.get_absolute_url(), standing_of(it, at).word) for it in rows]
    if shown:
        yield PagePart(_("Its competitions"), shown, reverse("competitions:competitions"), _("All competitions"))


def won(institution: Institution, reader: Any) -> Iterator[PagePart]:
    """Lesson plans with a place that people of this institution wrote; who they are is not said here."""
    here = Authorship.objects.confirmed().filter(affiliation__institution=institution)
    entries = Entry.objects.admitted().filter(
        pk__in=here.values("entry"), place__in=SHOWN, competition__state=Competition.State.CONCLUDED
    )
    rows = list(entries.select_related("competition").order_by("-competition__closes_at", "title", "pk")[:MOST_ROWS])
    conceal(rows)
    shown = [(it.title, f"{it.competition.get_absolute_url()}#results", _said(it)) for it in rows]
    if shown:
        yield PagePart(_("What its people won"), shown)


def _said(it: Entry) -> str:
    return f"{it.get_place_display()}, {it.competition.title}"


register_institution_parts(held)
register_institution_parts(won)
