"""What this app puts on a coordinator's desk."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow, register_desk_rows
from competitions.models import Competition
from members.models import Person


def drafts(person: Person) -> Iterator[DeskRow]:
    """Competitions that nobody else sees yet."""
    if not person.is_coordinator:
        return
    kept = Competition.objects.kept_by(person).filter(state=Competition.State.DRAFT).order_by()
    found = kept.aggregate(count=Count("pk"), since=Min("state_since"), one=Min("slug"))
    if found["count"]:
        one = found["count"] == 1
        text = ngettext(
            "competition is prepared but not published", "competitions are prepared but not published", found["count"]
        )
        slug = reverse("competitions:desk_competition", args=[found["one"]])
        url = slug if one else reverse("competitions:desk_competitions")
        yield DeskRow(
            text, found["count"], found["since"], url, _("Review the draft") if one else _("Review the drafts")
        )


register_desk_rows(drafts)
