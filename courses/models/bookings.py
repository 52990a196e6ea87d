from django.db import models
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from courses.models.runs import Run
from members.models import Group


class ClassBookingQuerySet(models.QuerySet):
    def visible_to(self, person):
        """Those of the classes that one keeps, and those in the runs that one coordinates."""
        if person.coordinates_whole_cluster:
            return self
        regions = [role.region_id for role in person.coordinator_roles]
        kept = Q(group__in=Group.objects.visible_to(person).values("pk"))
        return self.filter(kept | Q(run__host__region__in=regions))

    def kept_by(self, person):
        """Those of the classes that one keeps or answers for."""
        return self.filter(group__in=Group.objects.visible_to(person).values("pk"))

    def brought_by(self, person):
        """Those of the classes that one is a teacher of."""
        return self.filter(group__in=Group.keepers.through.objects.filter(person=person).values("group"))

    def live(self):
        """Bookings that were not given back."""
        return self.exclude(state=ClassBooking.State.RELEASED)

    def ahead(self, at):
        """Live bookings in runs that are not over."""
        runs = Run.objects.published().not_over(at).values("pk")
        return self.live().filter(run__in=runs)

    def for_lists(self):
        """With what a line in a list shows: how many places are held, and how many are certain."""
        rows = self.select_related("run__course", "run__host", "group__institution", "pool", "by")
        held = Count("enrolments", filter=Q(enrolments__state="held"))
        return rows.annotate(held=held, sure=Count("enrolments", filter=Q(enrolments__state="confirmed")))

    def held(self):
        """Bookings whose places are still held, in part at least."""
        return self.filter(state=ClassBooking.State.HELD)

    def ending_between(self, since, until):
        """Bookings whose places are held until an instant in a window."""
        return self.held().filter(held_until__gte=since, held_until__lt=until)


class ClassBooking(models.Model):
    """A teacher brings a class to a run: its places are held as one party until a date, an enrolment for each."""

    class State(models.TextChoices):
        HELD = "held", _("Places held")
        SETTLED = "settled", _("Settled")
        RELEASED = "released", _("Given back")

    MOVES = {
        "settle": move([State.HELD], State.SETTLED, _("Settle")),
        "reopen": move([State.SETTLED], State.HELD, _("Hold more places")),
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

    def is_kept_by(self, person) -> bool:
        """Whether the class is one that this person keeps or answers for."""
        return Group.objects.visible_to(person).filter(pk=self.group_id).exists()
