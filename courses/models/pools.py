from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from courses.models.enrolments import Enrolment

if TYPE_CHECKING:
    from courses.models.runs import Run


class PoolQuerySet(models.QuerySet):
    def with_waiting(self):
        """Each pool with the people in its queue, those whose place is only offered or held, and its reserves."""
        return self.annotate(
            waiting=_people(Enrolment.State.WAITING.value),
            offered=_people(Enrolment.State.OFFERED.value),
            held=_people(Enrolment.State.HELD.value),
            has_reserves=RawSQL("(EXISTS (SELECT FROM courses_reserve WHERE pool_id = courses_pool.id))", []),
        )

    def with_wishes(self):
        """Each pool of a session with the number of people who wait for a seat in it."""
        return self.annotate(wishes=Count("seats", filter=Q(seats__state="waiting")))

    def with_people(self):
        """Each pool with what its enrolments say is taken, for the recount."""
        return self.annotate(
            counted=Count("enrolments", filter=Q(enrolments__state__in=Enrolment.TAKING), distinct=True)
            + Count("seats", filter=Q(seats__state="confirmed"), distinct=True)
        )


def _people(state):
    """How many people of a pool are in a state: by the index on run and state, however many are in other states.

    In SQL, because every page of a run asks it, and building it from query sets takes longer than its answer.
    """
    people = "SELECT count(*) FROM courses_enrolment WHERE run_id = courses_pool.run_id AND pool_id = courses_pool.id"
    return RawSQL(f"({people} AND state = %s)", [state])  # noqa: S611 - nobody's text is in it


class Pool(models.Model):
    """Places of one sort: of a run, or of one of its sessions that people choose.

    `taken` counts, under the pool's lock, held, offered and confirmed enrolments; of a session, its confirmed seats.
    """

    class Sort(models.TextChoices):
        ROOM = "room", _("In the room")
        ONLINE = "online", _("Online")

    public_id = PublicIdField()
    run = models.ForeignKey("courses.Run", models.PROTECT, null=True, blank=True, related_name="pools")
    session = models.ForeignKey("courses.Session", models.CASCADE, null=True, blank=True, related_name="pools")
    sort = models.CharField(_("how"), max_length=10, choices=Sort.choices, default=Sort.ROOM)
    places = models.PositiveIntegerField(_("places"), validators=[MinValueValidator(1), MaxValueValidator(100_000)])
    taken = models.PositiveIntegerField(default=0, editable=False)

    objects = PoolQuerySet.as_manager()
    AUDITED = ("places", "sort")

    class Meta:
        verbose_name = _("places")
        verbose_name_plural = _("places")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "sort"], name="pool_once"),
            models.UniqueConstraint(fields=["session", "sort"], name="session_pool_once"),
            models.CheckConstraint(
                condition=Q(run=None, session__isnull=False) | Q(run__isnull=False, session=None),
                name="pool_of_a_run_or_a_session",
            ),
            models.CheckConstraint(condition=Q(taken__lte=F("places")), name="pool_never_oversold"),
        ]

    def __str__(self):
        return f"{self.run_id or self.session_id} {self.sort} {self.taken}/{self.places}"

    @property
    def whole_run(self) -> "Run":
        """The run in which these places are: their own, or that of their session."""
        return self.run or self.session.run

    @property
    def free(self) -> int:
        """Places that nobody holds."""
        return self.places - self.taken

    def has_place(self) -> bool:
        """Whether one more person fits."""
        return self.taken < self.places


class ReserveQuerySet(models.QuerySet):
    def in_force_on(self, day):
        """Reserves that keep places on a day: their release date has not come."""
        return self.filter(release_on__gt=day)


class Reserve(models.Model):
    """Places inside a pool that are kept for one institution until a date; what is unused then is free for all."""

    public_id = PublicIdField()
    pool = models.ForeignKey(Pool, models.CASCADE, related_name="reserves")
    institution = models.ForeignKey(
        "members.Institution", models.PROTECT, related_name="reserves", verbose_name=_("institution")
    )
    places = models.PositiveIntegerField(_("places"), validators=[MinValueValidator(1)])
    release_on = models.DateField(_("kept until"))

    objects = ReserveQuerySet.as_manager()
    AUDITED = ("places", "release_on")

    class Meta:
        verbose_name = _("reserve")
        verbose_name_plural = _("reserves")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "institution"], name="reserve_once"),
            models.CheckConstraint(condition=Q(places__gt=0), name="reserve_keeps_places"),
        ]

    def __str__(self):
        return f"{self.pool_id} {self.institution_id} {self.places}"
