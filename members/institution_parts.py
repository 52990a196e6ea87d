"""What this app shows on an institution's page besides what belongs to it: initiatives."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from cluster_portal.hooks import PagePart, register_institution_parts
from members.models import Initiative, Institution

MOST_ROWS = 8


def initiatives(institution: Institution, reader: Any) -> Iterator[PagePart]:
    """Projects and commitments that it answers for or takes part in."""
    own = Initiative.objects.visible_to(reader).filter(Q(responsible=institution) | Q(participants=institution))
    rows = [(it.title, it.get_absolute_url(), it.get_state_display()) for it in own.distinct()[:MOST_ROWS]]
    if rows:
        yield PagePart(_("Initiatives"), rows)


register_institution_parts(initiatives)
