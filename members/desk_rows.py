"""What this app puts on a person's desk."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow, register_desk_rows
from members.models import Affiliation, Person


def waiting_people(person: Person) -> Iterator[DeskRow]:
    """People who asked to join an institution, and wait."""
    asked = Affiliation.objects.decidable_by(person).asked().aggregate(count=Count("pk"), since=Min("state_since"))
    if asked["count"]:
        yield DeskRow(
            ngettext("person asks to join an institution", "people ask to join an institution", asked["count"]),
            asked["count"],
            asked["since"],
            reverse("members:desk_people"),
            _("Decide"),
        )


register_desk_rows(waiting_people)
