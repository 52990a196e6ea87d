from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from courses.models.pools import Pool


def in_session(enrolments, session):
    """Of these enrolments those that a session (its key, or a reference to it) is for.

    One with places of its own is for those who have a seat in it, any other for everybody in the run.
    """
    seats = Seat.objects.confirmed().filter(session=session, enrolment=OuterRef("pk"))
    return enrolments.filter(~Exists(Pool.objects.filter(session=session)) | Exists(seats))


class SeatQuerySet(models.QuerySet):
    def live(self):
        """Seats that are taken or wished for."""
        return self.filter(state__in=Seat.LIVE)

    def confirmed(self):
        """Seats that are taken."""
        return self.filter(state=Seat.State.CONFIRMED)

    def ahead(self, at):
        """Seats in sessions that have not begun at an instant."""
        return self.filter(session__starts_at__gt=at)

    def overlapping(self, session):
        """Seats in sessions that take place, at least in part, at the same time as another of their run."""
        times = {"session__starts_at__lt": session.ends_at, "session__ends_at__gt": session.starts_at}
        return self.filter(session__run=session.run_id, **times)

    def for_roster(self):
        """With what a line of a session's roster shows: who has a seat by name, then who waits in their order."""
        waiting = models.Case(models.When(state=Seat.State.WAITING, then="queued_at"))
        rows = self.live().select_related("pool", "enrolment__person", "enrolment__affiliation__institution")
        return rows.order_by("state", waiting, "enrolment__person__sort_name", "pk")

    def numbered(self):
        """Each with its place in the queue: 1 for who is next, None for who does not wait."""
        ahead = Seat.objects.filter(state=Seat.State.WAITING, pool=OuterRef("pool")).order_by()
        earlier = Q(queued_at__lt=OuterRef("queued_at")) | Q(queued_at=OuterRef("queued_at"), pk__lt=OuterRef("pk"))
        count = ahead.filter(earlier).values("pool").annotate(number=Count("pk")).values("number")
        place = models.Case(models.When(state=Seat.State.WAITING, then=Coalesce(Subquery(count), 0) + 1))
        return self.annotate(number=place)

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
