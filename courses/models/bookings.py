from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move


class ClassBookingQuerySet(models.QuerySet):
    def held(self):
        """Bookings whose places are still held, in part at least."""
        return self.filter(state=ClassBooking.State.HELD)

    def overdue(self, at):
        """Bookings whose time to bring consent is over."""
        return self.held().filter(held_until__lte=at)


class ClassBooking(models.Model):
    """A teacher brings a class to a run: its places are held as one party until a date, an enrolment for each."""

    class State(models.TextChoices):
        HELD = "held", _("Places held")
        SETTLED = "settled", _("Settled")
        RELEASED = "released", _("Given back")

    MOVES = {
        "settle": move([State.HELD], State.SETTLED, _("Settle")),
        "release": move(
            [State.HELD, State.SETTLED],
            State.RELEASED,
            _("Give all places back"),
            _("All places of the class are free again."),
        ),
    }
    AUDITED = ("held_until",)

    public_id = PublicIdField()
    run = models.ForeignKey("courses.Run", models.PROTECT, related_name="bookings")
    pool = models.ForeignKey("courses.Pool", models.PROTECT, related_name="bookings")
    group = models.ForeignKey("members.Group", models.PROTECT, related_name="bookings", verbose_name=_("class"))
    by = models.ForeignKey("members.Person", models.PROTECT, related_name="class_bookings")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.HELD, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    held_until = models.DateTimeField(_("held until"))
    made_at = models.DateTimeField(default=now, editable=False)

    objects = ClassBookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("class booking")
        verbose_name_plural = _("class bookings")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "group"], condition=~Q(state="released"), name="class_booked_once_per_run"
            )
        ]
        indexes = [models.Index(fields=["held_until"], condition=Q(state="held"), name="class_booking_held")]

    def __str__(self):
        return f"{self.run_id} {self.group_id} {self.state}"

    def get_absolute_url(self):
        return reverse("courses:booking", args=[self.public_id])
