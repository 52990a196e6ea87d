"""What an action would do, before anybody is mailed."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cluster_portal.models import OutboxMail
from courses.actions.locks import lock_run
from courses.models import Enrolment, Run, Seat

Concerned = dict[str, tuple[str, int]]
SERVED = {
    "courses/offered": gettext_lazy("Next in the queue"),
    "courses/wish_granted": gettext_lazy("Next in the queue"),
    "courses/confirmed": gettext_lazy("Held for approval until now"),
}


def mailed_by(run: Run, action: Callable[..., Any], *args: Any, **facts: Any) -> list[tuple[str, int]]:
    """Whom an action would mail about a run: who in words, and how many. Nobody is counted twice.

    The action happens, the mails that it queues are counted, and it is undone.
    """
    with transaction.atomic():
        lock_run(run)
        concerned = _concerned(run)
        last = OutboxMail.objects.aggregate(last=Max("pk"))["last"] or 0
        action(*args, **facts)
        rows = OutboxMail.objects.filter(pk__gt=last, about_model__startswith="courses.").order_by("pk")
        mails = [it for it in rows.values_list("about_id", "template", "to") if it[0] in concerned]
        transaction.set_rollback(True)
    readers: dict[int, str] = {}
    for about, template, reader in mails:
        if reader not in readers or template in SERVED:  # who is told of a place as well is named by that
            readers[reader] = _who(template, *concerned[about], reader)
    return list(Counter(readers.values()).items())


def _concerned(run: Run) -> Concerned:
    """What mail about a run may be about, by public id: how it stands in words, and whose it is."""
    enrolments = run.enrolments.values_list("public_id", "state", "person")
    seats = Seat.objects.filter(session__run=run).values_list("public_id", "state", "enrolment__person")
    bookings = run.bookings.values_list("public_id", "by")
    concerned: Concerned = {key: (str(Enrolment.State(state).label), person) for key, state, person in enrolments}
    concerned |= {key: (str(Seat.State(state).label), person) for key, state, person in seats}
    return concerned | {key: (_("Who brought a class"), person) for key, person in bookings}


def _who(template: str, stands: str, person: int, reader: int) -> str:
    """Who the reader of a mail is, in words."""
    if reader != person:
        return _("Guardians")
    return str(SERVED.get(template, stands))
