"""Pairs that do not meet: both are asked once; a week later the coordinator is shown."""

from datetime import datetime

from django.db import transaction

from cluster_portal.audit import record
from cluster_portal.hooks import WantedMail
from cluster_portal.outbox import queue_mails
from mentorship.actions.one_by_one import each
from mentorship.locks import lock_pairing
from mentorship.models import Pairing
from mentorship.stalled import GRACE, NUDGE, silent_since


def notice_stalled(at: datetime) -> int:
    """Ask both of each silent pair how it goes, or show it to the coordinator; how many were new. Safe to run twice."""
    nudged = each(silent_since(at).filter(nudged_at=None).order_by("pk"), lambda it: _nudge(it, at))
    waiting = silent_since(at).filter(nudged_at__lte=at - GRACE, stalled_at=None)
    return nudged + each(waiting.order_by("pk"), lambda it: _show(it, at))


@transaction.atomic
def _nudge(pairing: Pairing, at: datetime) -> bool:
    it = lock_pairing(pairing)
    if it.nudged_at is not None or not silent_since(at).filter(pk=it.pk).exists():
        return False
    Pairing.objects.filter(pk=it.pk).update(nudged_at=at)
    it.nudged_at = at
    record("mentorship.pairing.remind", it, by=None)
    both = [it.mentor.person, it.request.by]
    queue_mails(WantedMail(NUDGE, it, person, at.isoformat()) for person in both)
    return True


@transaction.atomic
def _show(pairing: Pairing, at: datetime) -> bool:
    it = lock_pairing(pairing)
    if it.stalled_at is not None or it.nudged_at is None or not silent_since(at).filter(pk=it.pk).exists():
        return False
    Pairing.objects.filter(pk=it.pk).update(stalled_at=at)
    record("mentorship.pairing.stall", it, by=None)
    return True
