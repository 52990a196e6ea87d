"""What falls due by itself: a proposal that nobody answers lapses, an open request rises, a paused mentor is back."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from members.models import Cluster
from mentorship.actions.matching import lapse_pairing
from mentorship.actions.mentors import resume_mentor
from mentorship.actions.one_by_one import each
from mentorship.actions.requests import lock_request
from mentorship.clock import answer_until, coordinators_for
from mentorship.models import Mentor, MentorRequest, Pairing


def answer_overdue(at: datetime) -> int:
    """Do what follows from every answer that was not given in time, each by itself; return how many there were."""
    asked = Pairing.objects.overdue(at).select_related("request").order_by("request_id", "pk")
    lapsed = each(asked, lambda it: lapse_pairing(it, at))
    waiting = MentorRequest.objects.open().unanswered_at(at).order_by("pk")
    return lapsed + each(waiting, lambda it: rise_request(it, at))


def resume_due(at: datetime) -> int:
    """Let every mentor who named a day take requests again once it has come; return how many."""
    today = at.astimezone(Cluster.current().zone).date()
    return each(Mentor.objects.to_resume_on(today), lambda it: resume_mentor(it, by=None))


@transaction.atomic
def rise_request(request: MentorRequest, at: datetime) -> None:
    """Tell the coordinators that an open request is not answered in time; they are told again each time it is not."""
    it = lock_request(request)
    if it.state != MentorRequest.State.OPEN or it.answer_by > at:
        raise Refused(_("It was answered meanwhile."))
    missed = it.answer_by
    facts = {"risen_at": it.risen_at or at, "answer_by": answer_until(at)}
    MentorRequest.objects.filter(pk=it.pk).update(**facts)
    for name, value in facts.items():
        setattr(it, name, value)
    record("mentorship.mentorrequest.rise", it, by=None, fields=sorted(facts), answer_by=missed)
    for coordinator in coordinators_for(it):
        queue_mail("mentorship/request_rose", about=it, to=coordinator, occasion=missed.isoformat())
