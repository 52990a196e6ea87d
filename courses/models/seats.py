from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move


class SeatQuerySet(models.QuerySet):
    def live(self):
        """Seats that are taken or wished for."""
        return self.filter(state__in=Seat.LIVE)

    def confirmed(self):
        """Seats that are taken."""
        return self.filter(state=Seat.State.CONFIRMED)

    def in_queue(self):
        """Who wishes for a seat, first come first served."""
        return self.filter(state=Seat.State.WAITING).order_by("queued_at", "pk")


class Seat(models.Model):
    """A place in one session that people choose, held by somebody who is in its run.

    Whoever waits for one goes on holding what they have until the new one is theirs.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        WAITING = "waiting", _("In the queue")
        CONFIRMED = "confirmed", _("Confirmed")
        CANCELLED = "cancelled", _("Ended")

    LIVE = (State.ASKED, State.WAITING, State.CONFIRMED)
    MOVES = {
        "wait": move([State.ASKED], State.WAITING, _("Put in the queue")),
        "confirm": move([State.ASKED, State.WAITING], State.CONFIRMED, _("Confirm")),
        "cancel": move(LIVE, State.CANCELLED, _("Give up"), _("The place is free again.")),
    }

    public_id = PublicIdField()
    enrolment = models.ForeignKey("courses.Enrolment", models.PROTECT, related_name="seats")
    session = models.ForeignKey("courses.Session", models.PROTECT, related_name="seats")
    pool = models.ForeignKey("courses.Pool", models.PROTECT, related_name="seats")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "session"],
                condition=Q(state__in=["asked", "waiting", "confirmed"]),
                name="one_live_seat_per_session",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(queued_at__isnull=False), name="seat_waiting_since_is_known"
            ),
        ]
        indexes = [models.Index(fields=["pool", "queued_at", "id"], condition=Q(state="waiting"), name="seat_queue")]

    def __str__(self):
        return f"{self.public_id} {self.state}"
