import zoneinfo
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.prepared import rows_of
from cluster_portal.public_id import PublicIdField
from cluster_portal.search import found
from cluster_portal.states import move
from courses.models.courses import PUBLIC_RUN_STATES, Course
from courses.models.pools import Pool
from courses.models.seats import Seat
from members.models.audience import Addressed
from members.models.cluster import validate_time_zone

LEAST_TO_ANSWER = timedelta(days=1)


class RunQuerySet(models.QuerySet):
    def public(self):
        """Runs that everybody may see: whatever was published, also when cancelled or closed since."""
        return self.filter(state__in=PUBLIC_RUN_STATES)

    def drafts(self):
        """Runs that are being prepared."""
        return self.filter(state=Run.State.DRAFT)

    def published(self):
        """Runs that take place."""
        return self.filter(state=Run.State.PUBLISHED)

    def held(self):
        """Runs that take place or took place: published, also when closed since."""
        return self.filter(state__in=[Run.State.PUBLISHED, Run.State.CLOSED])

    def over_at(self, at):
        """Runs that took place: closed, or with their last session behind them."""
        planned = Session.objects.planned().filter(run=OuterRef("pk"))
        ahead = Exists(planned.filter(ends_at__gt=at))
        return self.held().filter(Exists(planned), Q(state=Run.State.CLOSED) | ~ahead)

    def visible_to(self, person):
        """Public runs for everybody; drafts for those who may edit them."""
        if person.is_authenticated and person.coordinates_whole_cluster:
            return self
        regions = [role.region_id for role in person.coordinator_roles] if person.is_authenticated else []
        return self.filter(Q(state__in=PUBLIC_RUN_STATES) | Q(host__region__in=regions))

    def editable_by(self, person):
        """Runs on the desk of a coordinator: all of them, or those hosted in their region."""
        if person.coordinates_whole_cluster:
            return self
        return self.filter(host__region__in=[role.region_id for role in person.coordinator_roles])

    def led_by(self, person):
        """Runs that one teaches or coordinates: their attendance, materials and feedback are in one's hands."""
        if person.coordinates_whole_cluster:
            return self
        taught = self.model.instructors.through.objects.filter(person=person).values("run")
        regions = [role.region_id for role in person.coordinator_roles]
        return self.filter(Q(pk__in=taught) | Q(host__region__in=regions))

    def open_on(self, at):
        """Runs that take enrolments at an instant."""
        return self.published().filter(enrol_from__lte=at, enrol_until__gt=at).not_over(at)

    def with_dates(self):
        """Each run with the start of its first and the end of its last session, and how many there are."""
        planned = Session.objects.planned().filter(run=OuterRef("pk")).order_by()
        return self.annotate(
            first_start=Subquery(planned.order_by("starts_at").values("starts_at")[:1]),
            last_end=Subquery(planned.order_by("-ends_at").values("ends_at")[:1]),
            session_count=_count(planned, by="run"),
        )

    def for_lists(self):
        """With everything that a line in a list shows, in a fixed number of queries."""
        pools = Pool.objects.with_waiting().order_by("pk")
        rows = self.with_dates().select_related("course", "host__region", "pattern")
        return rows.prefetch_related(Prefetch("pools", pools), "regions")

    def matching(self, query):
        """Runs of courses whose words hold the query, or nearly."""
        return (
            self.filter(course__in=found(Course.objects.order_by(), query).order_by().values("pk")) if query else self
        )

    def like(self, kind="", direction="", level="", language="", host=""):
        """Runs of such courses, at such a host (by slugs); "" does not count."""
        wanted = {
            "course__kind": kind, "course__directions__slug": direction, "course__level": level,
            "course__language": language, "host__slug": host,
        }  # fmt: skip
        return self.filter(**{name: value for name, value in wanted.items() if value})

    def not_over(self, at):
        """Runs whose last session has not ended (or that have none yet)."""
        planned = Session.objects.planned().filter(run=OuterRef("pk"))
        return self.filter(Exists(planned.filter(ends_at__gt=at)) | ~Exists(planned))


def _count(rows, by):
    """How many rows of a subquery share the field `by`, as a column: counting by a join would read every one."""
    return Coalesce(Subquery(rows.order_by().values(by).annotate(number=Count("pk")).values("number")), Value(0))


class Run(Addressed):
    """One offering of a course."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        CANCELLED = "cancelled", _("Cancelled")
        CLOSED = "closed", _("Closed")

    MOVES = {
        "publish": move(
            [State.DRAFT], State.PUBLISHED, _("Publish"), _("The run is published: everybody sees it now.")
        ),
        "cancel": move(
            [State.PUBLISHED],
            State.CANCELLED,
            _("Cancel the run"),
            _("The run is cancelled, and everybody in it is told."),
        ),
        "close": move([State.PUBLISHED], State.CLOSED, _("Close"), _("The run is closed.")),
    }
    AUDITED = (
        "time_zone", "admits", "enrol_from", "enrol_until", "offer_hours", "needs_approval", "institution_limit",
        "hold_days", "stage_from", "stage_until", "joining_counts", "attendance_needed", "needs_work", "needs_feedback",
        "gives_certificate",
    )  # fmt: skip

    public_id = PublicIdField()
    course = models.ForeignKey("courses.Course", models.PROTECT, related_name="runs", verbose_name=_("course"))
    title = models.CharField(_("season or dates"), max_length=80, help_text=_("For instance: spring 2027"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    host = models.ForeignKey(
        "members.Institution", models.PROTECT, null=True, blank=True, related_name="hosted_runs", verbose_name=_("host")
    )
    place = models.CharField(_("place"), max_length=160, blank=True)
    online_link = models.URLField(_("joining link"), blank=True, help_text=_("Only those confirmed see it."))
    time_zone = models.CharField(_("time zone"), max_length=40, validators=[validate_time_zone])
    enrol_from = models.DateTimeField(_("enrolment opens"))
    enrol_until = models.DateTimeField(_("enrolment closes"))
    offer_hours = models.PositiveSmallIntegerField(
        _("hours to answer an offer"), default=48, validators=[MinValueValidator(1), MaxValueValidator(720)]
    )
    instructors = models.ManyToManyField(
        "members.Person", related_name="instructs", blank=True, verbose_name=_("instructors")
    )
    partners = models.ManyToManyField(
        "members.Institution", related_name="partner_in_runs", blank=True, verbose_name=_("together with")
    )
    needs_approval = models.BooleanField(_("the coordinator approves each enrolment"), default=False)
    institution_limit = models.PositiveIntegerField(
        _("places for one institution at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    hold_days = models.PositiveSmallIntegerField(
        _("days that a place is held for consent or approval"),
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    joining_counts = models.BooleanField(
        _("joining online counts as attendance"), default=False, help_text=_("Whoever presses Join now is present.")
    )
    attendance_needed = models.PositiveSmallIntegerField(
        _("share of sessions to attend, in percent"), default=75, validators=[MaxValueValidator(100)]
    )
    needs_work = models.BooleanField(_("a final work is needed"), default=False)
    needs_feedback = models.BooleanField(_("feedback is needed"), default=False)
    gives_certificate = models.BooleanField(_("gives a certificate"), default=False)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(enrol_until__gt=F("enrol_from")), name="run_enrolment_closes_after_opening"
            ),
            models.CheckConstraint(condition=Q(attendance_needed__lte=100), name="run_attendance_is_a_share"),
            models.CheckConstraint(
                condition=Q(stage_from=None) | Q(stage_until=None) | Q(stage_until__gte=F("stage_from")),
                name="run_stages_in_order",
            ),
        ]
        indexes = [models.Index(fields=["state", "enrol_until"], name="run_by_state")]

    def __str__(self):
        return f"{self.course.title}, {self.title}"

    def get_absolute_url(self):
        return reverse("courses:run", args=[self.public_id])

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone in which the sessions are planned."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def right(self) -> str:
        """The right that a clause names for it: by the kind of its course."""
        return self.course.kind

    @property
    def is_live(self) -> bool:
        """Whether people may already count on what the run says."""
        return self.state == self.State.PUBLISHED

    @property
    def has_place(self) -> bool:
        """Whether any of its pools has a free place."""
        return any(pool.has_place() for pool in rows_of(self, "pools"))

    def read_dates(self) -> None:
        """From the sessions that are at hand (`courses.opened`), what `with_dates` asks the database for in lists."""
        planned = [it for it in rows_of(self, "sessions") if it.state == Session.State.PLANNED]
        self.session_count = len(planned)
        self.first_start = min((it.starts_at for it in planned), default=None)
        self.last_end = max((it.ends_at for it in planned), default=None)

    def total(self, what: str) -> int:
        """The sum over its pools of places, taken, offered, held or waiting (these as `for_lists` fetched them)."""
        return sum(getattr(pool, what) for pool in rows_of(self, "pools"))

    @property
    def missing_sorts(self) -> list[str]:
        """The sorts of places that it does not have."""
        present = {pool.sort for pool in self.pools.all()}
        return [sort for sort in Pool.Sort.values if sort not in present]

    @property
    def totals(self) -> dict[str, int]:
        """All sums, as a page shows them."""
        pools, counted = rows_of(self, "pools"), ("places", "taken", "offered", "held", "waiting")
        return {what: sum(getattr(pool, what) for pool in pools) for what in counted}

    def answer_by(self, at: datetime, wanted: timedelta) -> datetime | None:
        """Until when an answer can be waited for from an instant: not past the next session; None: none is ahead.

        A session that leaves less than a day (or than is given) is passed over while a later one leaves more: nobody
        loses a place in a course of months because one of its afternoons begins in four minutes.
        """
        starts = list(self.sessions.planned().filter(starts_at__gt=at).values_list("starts_at", flat=True))
        if not starts:
            return None
        enough = at + min(wanted, LEAST_TO_ANSWER)
        return min(at + wanted, next((it for it in starts if it >= enough), starts[-1]))

    def offers_until(self, at: datetime) -> datetime | None:
        """Until when a place offered at an instant is kept; None: there is nothing to offer any more."""
        return self.answer_by(at, timedelta(hours=self.offer_hours)) if self.is_live else None

    def is_over_at(self, at: datetime) -> bool:
        """Whether it is closed, or its last session has ended."""
        known = vars(self)  # as `with_dates` and `read_dates` leave it
        last = known["last_end"] if "last_end" in known else self._last_end()
        return self.state == self.State.CLOSED or (self.is_live and last is not None and last <= at)

    def _last_end(self) -> datetime | None:
        return self.sessions.planned().aggregate(last=Max("ends_at"))["last"]


class Pattern(models.Model):
    """The weekly pattern of a run's sessions, in the run's zone: "Tuesdays and Thursdays 16:00, not on 8 March"."""

    run = models.OneToOneField(Run, models.CASCADE, related_name="pattern")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("days of the week"))
    start_time = models.TimeField(_("start"))
    minutes = models.PositiveSmallIntegerField(
        _("length in minutes"), validators=[MinValueValidator(5), MaxValueValidator(1440)]
    )
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    days_off = ArrayField(models.DateField(), verbose_name=_("not on"), default=list, blank=True)

    class Meta:
        verbose_name = _("weekly pattern")
        verbose_name_plural = _("weekly patterns")
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="pattern_ends_after_start"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="pattern_has_length"),
        ]

    def __str__(self):
        return f"{self.weekdays} {self.start_time}"


class SessionQuerySet(models.QuerySet):
    def planned(self):
        """Sessions that take place."""
        return self.filter(state=Session.State.PLANNED)

    def plenary(self):
        """Sessions that are for everybody in their run."""
        return self.with_own_places().filter(has_own_places=False)

    def chosen(self):
        """Sessions with places of their own, which people choose."""
        return self.with_own_places().filter(has_own_places=True)

    def with_own_places(self):
        """Each session knows whether people choose it."""
        return self.annotate(has_own_places=Exists(Pool.objects.filter(session=OuterRef("pk"))))

    def overlapping(self, starts_at, ends_at):
        """Sessions that take place, at least in part, between two instants."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)

    def ahead_for(self, person, at):
        """Sessions still to come that a person is in: of the runs in which they are confirmed, all or the chosen."""
        confirmed = Q(run__enrolments__person=person, run__enrolments__state="confirmed")
        seats = Seat.objects.confirmed().filter(session=OuterRef("pk"), enrolment__person=person)
        here = ~Exists(Pool.objects.filter(session=OuterRef("pk"))) | Exists(seats)
        rows = self.planned().filter(confirmed, here, run__state=Run.State.PUBLISHED, ends_at__gt=at)
        return rows.select_related("run__course").order_by("starts_at", "pk")

    def in_programme(self, runs, since, until, at):
        """Planned sessions of these runs that begin in a stretch of time, with what a timetable says of each; of a run
        that was closed those that took place until then."""
        rows = self.planned().filter(run__in=runs, starts_at__gte=since, starts_at__lt=until)
        rows = rows.filter(Q(run__state=Run.State.PUBLISHED) | Q(run__state=Run.State.CLOSED, ends_at__lte=at))
        return rows.select_related("run__course", "run__host").order_by("starts_at", "pk")

    def starting_between(self, since, until):
        """Planned sessions of published runs that start in a window."""
        return self.planned().filter(run__state=Run.State.PUBLISHED, starts_at__gte=since, starts_at__lt=until)


class Session(models.Model):
    """One meeting of a run. `slot` is its place in the run's weekly pattern, empty for one outside of it."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        CANCELLED = "cancelled", _("Cancelled")

    MOVES = {"cancel": move([State.PLANNED], State.CANCELLED, _("Cancel the session"), _("The session is cancelled."))}
    AUDITED = ("starts_at", "ends_at")

    public_id = PublicIdField()
    run = models.ForeignKey(Run, models.PROTECT, related_name="sessions")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PLANNED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    title = models.CharField(_("topic"), max_length=160, blank=True)
    place = models.CharField(_("place"), max_length=160, blank=True, help_text=_("Empty means: the run's place."))
    speakers = models.CharField(_("speakers"), max_length=300, blank=True)
    online_link = models.URLField(
        _("joining link"), blank=True, help_text=_("Only those confirmed see it. Empty means: the run's link.")
    )
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    slot = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"),
            models.UniqueConstraint(fields=["run", "slot"], name="session_slot_once"),
        ]
        indexes = [
            models.Index(fields=["run", "starts_at"], name="session_by_run"),
            models.Index(fields=["starts_at"], condition=Q(state="planned"), name="session_by_start"),
        ]

    def __str__(self):
        return f"{self.run_id} {self.starts_at:%Y-%m-%d %H:%M}"

    @cached_property
    def has_own_places(self) -> bool:
        """Whether people choose it (`with_own_places` asks that for many at once); any other is for everybody."""
        return self.pools.exists()

    def overlaps(self, other: "Session") -> bool:
        """Whether nobody can be in both."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at
