"""What a coordinator who asks for a mentor, or is one, does not see in outbox, audit and back room. Decision 122.

Of one's own requests who is asked and who said no, as every teacher; of what one was asked as a mentor why the teacher
would rather have another; of a pairing of one's own what others told the coordinators about it.
"""

from typing import Any

from django.db.models import Q, QuerySet

from cluster_portal.hooks import register_blind
from cluster_portal.models import OutboxMail
from mentorship.actions.matching import SOUGHT_AGAIN
from mentorship.actions.proposed import PROPOSED
from mentorship.models import Concern, Mentor, Pairing


def hidden_from_parties(person: Any) -> dict[str, QuerySet]:
    """By model the public ids of what a coordinator must not see in whatever list."""
    if not (person.is_coordinator or person.is_superuser):
        return {}
    own = Q(request__by=person) | Q(mentor__person=person)
    if not Pairing.objects.filter(own).exists():
        return {}
    not_told = Pairing.objects.filter(request__by=person).exclude(state__in=Pairing.KNOWN_TO_TEACHER)
    refused = Pairing.objects.filter(mentor__person=person, state=Pairing.State.REFUSED)
    told = Concern.objects.filter(Q(pairing__mentor__person=person) | Q(pairing__request__by=person))
    asked = Mentor.objects.filter(pairings__in=not_told.values("pk")).order_by()
    to_them = Q(template=PROPOSED, about_id__in=asked.values("public_id"))
    why = Q(template=SOUGHT_AGAIN, about_id__in=refused.order_by().values("public_id"))
    rows = {Pairing: not_told, Concern: told, OutboxMail: OutboxMail.objects.filter(to_them | why)}
    return {model._meta.label_lower: found.order_by().values("public_id") for model, found in rows.items()}


register_blind(hidden_from_parties)
