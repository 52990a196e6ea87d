"""When the last held place of a class is certain or free again: the booking is settled, and its teacher reads it."""

from django.db import transaction

from cluster_portal.moves import make_move
from cluster_portal.outbox import queue_mail
from courses.models import ClassBooking, Enrolment


@transaction.atomic
def settle_booking(booking: int | None) -> None:
    """Settle a class booking (by its key) of a locked run when nothing of it is held any more."""
    if booking is None:
        return
    it = ClassBooking.objects.held().select_related("run__course", "group", "by").filter(pk=booking).first()
    if it is None or it.enrolments.held().exists():
        return
    make_move(it, "settle", by=None)
    came_to_something = [Enrolment.State.CONFIRMED, Enrolment.State.LAPSED, Enrolment.State.DECLINED]
    if it.enrolments.filter(state__in=came_to_something).exists():
        queue_mail("courses/class_settled", it, it.by, occasion=it.state_since.isoformat())
