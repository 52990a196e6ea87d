"""What coordinators were told about messages and files, on their desk until one of them has answered."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import DeskRow
from members.models import Person
from mentorship.desk_rows import register_row
from mentorship.models import Concern


def concern_rows(person: Person) -> Iterator[DeskRow]:
    """Concerns that wait, the oldest first."""
    rows = Concern.objects.open().kept_by(person).order_by()
    found = rows.aggregate(count=Count("pk"), since=Min("told_at"), one=Min("public_id"))
    if n := found["count"]:
        text = ngettext(
            "message or file of a pairing of which somebody tells you",
            "messages or files of pairings of which somebody tells you",
            n,
        )
        one = reverse("mentorship:desk_concern", args=[found["one"]])
        url = one if n == 1 else reverse("mentorship:desk_concerns")
        yield DeskRow(text, n, found["since"], url, _("Look at it"))


register_row(concern_rows)
