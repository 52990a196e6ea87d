"""Mentor and teacher say how it was, each once."""

from django.db import transaction
from django.utils.timezone import now

from cluster_portal.audit import record
from cluster_portal.moves import Refused
from members.models import Person
from mentorship.feedback import why_no_feedback
from mentorship.locks import lock_pairing
from mentorship.models import Pairing, PairingFeedback


@transaction.atomic
def give_feedback(pairing: Pairing, by: Person, helpful: int, text: str = "") -> PairingFeedback:
    """Keep what one side says of an ended pairing, for the coordinator; nobody asks them any more."""
    it = lock_pairing(pairing)
    if why := why_no_feedback(it, by, now()):
        raise Refused(why)
    given = it.feedback.create(by=by, helpful=helpful, text=text)
    record("mentorship.pairing.give_feedback", it, by=by)
    return given
