import zoneinfo
from datetime import datetime, timedelta

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.public_id import PublicIdField
from cluster_portal.search import folded
from cluster_portal.states import move
from members.models.agreements import Clause
from members.models.audience import Addressed
from members.models.cluster import Cluster
from members.models.institutions import transliterated_slug


class CompetitionQuerySet(models.QuerySet):
    def public(self):
        """Competitions that everybody may see: whatever was published, also when it is over."""
        return self.exclude(state=Competition.State.DRAFT)

    def visible_to(self, person):
        """Public ones for everybody; drafts for those who keep them."""
        if not person.is_authenticated:
            return self.public()
        kept = self.model.objects.kept_by(person).values("pk")
        return self.filter(~Q(state=Competition.State.DRAFT) | Q(pk__in=kept))

    def kept_by(self, person):
        """Competitions on the desk of a coordinator: all of them, or those hosted in a region that they keep."""
        if person.coordinates_whole_cluster:
            return self
        return self.filter(host__region__in=[role.region_id for role in person.coordinator_roles])

    def decidable_by(self, person):
        """Those of which one keeps the entries, the jury and the results."""
        return self.kept_by(person).exclude(pk__in=self.model.objects.closed_to(person).values("pk"))

    def closed_to(self, person):
        """Those in which one judges blindly, or competes: who entered, and who judges, is not shown to them."""
        from competitions.models.entries import competed_in_by, judged_blindly_by  # entries point to competitions

        return self.filter(Q(pk__in=judged_blindly_by(person)) | Q(pk__in=competed_in_by(person)))

    def published(self):
        """Competitions that take place: announced, open or judged."""
        return self.filter(state=Competition.State.PUBLISHED)

    def undecided(self):
        """Competitions whose results are still to come."""
        return self.filter(state__in=[Competition.State.DRAFT, Competition.State.PUBLISHED])

    def without_results(self):
        """Competitions of which jurors do not learn who wrote what (blind.py): also those that were cancelled.

        Their plans come again in the next one, often before the same jury; whoever leaves the jury sees them.
        """
        return self.exclude(state=Competition.State.CONCLUDED)

    def open_at(self, at):
        """Competitions that take entries at an instant."""
        return self.filter(state=Competition.State.PUBLISHED, opens_at__lte=at, closes_at__gt=at)

    def by_phase(self, at):
        """Those that take entries at an instant first, the next deadline before; then those to come, then the rest."""
        live = Q(state=Competition.State.PUBLISHED)
        is_open, comes = live & Q(opens_at__lte=at, closes_at__gt=at), live & Q(opens_at__gt=at)
        order = Case(When(is_open, then=0), When(comes, then=1), default=2)
        coming = Case(When(live & Q(closes_at__gt=at), then="closes_at"))
        return self.alias(order=order, coming=coming).order_by("order", "coming", "-closes_at", "pk")

    def with_parts(self):
        """With all that the page of one shows."""
        return self.select_related("host").prefetch_related("nominations", "criteria__examples", "regions")


class Competition(Addressed):
    """A competition of lesson plans: announced, open, judged, decided. Its phases are dates (`phase_at`)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        CONCLUDED = "concluded", _("Results are out")
        CANCELLED = "cancelled", _("Cancelled")

    class Phase(models.TextChoices):
        ANNOUNCED = "announced", _("Announced")
        OPEN = "open", _("Open for entries")
        JUDGING = "judging", _("The jury reads")
        RESULTS = "results", _("Results")

    class TieRule(models.TextChoices):
        SHARED = "shared", _("Tied entries share the better place")
        CRITERIA = "criteria", _("The criteria decide, the weightiest first; what is still tied shares the place")
        SPREAD = "spread", _("The entry on which the jury agrees more comes first; what is still tied shares the place")

    MOVES = {
        "publish": move(
            [State.DRAFT], State.PUBLISHED, _("Publish"), _("The competition is published: everybody sees it now.")
        ),
        "conclude": move(
            [State.PUBLISHED],
            State.CONCLUDED,
            _("Publish the results"),
            _("The results are out; the authors are told."),
        ),
        "cancel": move(
            [State.DRAFT, State.PUBLISHED],
            State.CANCELLED,
            _("Cancel the competition"),
            _("The competition is cancelled, and everybody in it is told."),
        ),
    }
    AUDITED = (
        "opens_at", "closes_at", "judged_until", "results_on", "admits", "stage_from", "stage_until", "author_limit",
        "institution_limit", "jurors_per_entry", "is_blind", "tie_rule",
    )  # fmt: skip

    public_id = PublicIdField()
    slug = models.SlugField(max_length=64, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    title = models.CharField(_("title"), max_length=160)
    summary = models.CharField(_("summary"), max_length=300)
    about = models.TextField(_("what it is about"), max_length=20_000, blank=True)
    rules = models.TextField(_("rules"), max_length=20_000, blank=True)
    host = models.ForeignKey(
        "members.Institution",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="competitions",
        verbose_name=pgettext_lazy("competition", "host"),
    )
    language = models.CharField(_("language of the competition"), max_length=5, default="en")
    opens_at = models.DateTimeField(_("entries from"))
    closes_at = models.DateTimeField(_("entries until"))
    judged_until = models.DateTimeField(_("reviews until"))
    results_on = models.DateField(_("results on"))
    author_limit = models.PositiveSmallIntegerField(
        _("entries of one person at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    institution_limit = models.PositiveSmallIntegerField(
        _("entries of one institution at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    asks_for = models.TextField(
        _("what an entry consists of"),
        max_length=5_000,
        blank=True,
        help_text=_("Beside the form that every lesson plan has: which files, how long, in which language."),
    )
    jurors_per_entry = models.PositiveSmallIntegerField(
        _("jurors for each entry"), default=3, validators=[MinValueValidator(1), MaxValueValidator(15)]
    )
    is_blind = models.BooleanField(_("jurors do not learn who wrote an entry"), default=True)
    tie_rule = models.CharField(
        pgettext_lazy("rule", "ties"), max_length=10, choices=TieRule.choices, default=TieRule.CRITERIA
    )
    words = models.TextField(editable=False, default="")

    objects = CompetitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("competition")
        verbose_name_plural = _("competitions")
        ordering = ["-closes_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="competition_closes_after_opening"),
            models.CheckConstraint(
                condition=Q(judged_until__gt=F("closes_at")), name="competition_is_judged_after_closing"
            ),
            models.CheckConstraint(
                condition=Q(stage_from=None) | Q(stage_until=None) | Q(stage_until__gte=F("stage_from")),
                name="competition_stages_in_order",
            ),
        ]
        indexes = [GinIndex(OpClass(F("words"), name="gin_trgm_ops"), name="competition_words")]

    def __str__(self):
        return self.title

    def save(self, **options):
        self.words = folded(self.title, self.summary)
        if not self.slug:
            slug = transliterated_slug(self.title)
            taken = slug == "new" or Competition.objects.filter(slug=slug).exists()
            self.slug = f"{slug[:55]}-{self.public_id[:6]}" if taken else slug
        super().save(**options)

    def get_absolute_url(self):
        return reverse("competitions:competition", args=[self.slug])

    @property
    def right(self) -> str:
        """The right that a clause names for it."""
        return Clause.Right.COMPETITIONS

    @cached_property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The zone of its dates: the cluster's."""
        return Cluster.current().zone

    @property
    def is_decided(self) -> bool:
        """Whether everybody may know who wrote what."""
        return self.state == self.State.CONCLUDED

    def takes_entries_at(self, at: datetime) -> bool:
        """Whether what arrives at an instant is in time: the last second before `closes_at` is, the next one is not."""
        return self.state == self.State.PUBLISHED and self.opens_at <= at < self.closes_at

    @property
    def last_second(self) -> datetime:
        """The deadline as people say it: "until 30 June, 23:59:59"."""
        return self.closes_at - timedelta(seconds=1)

    def phase_at(self, at: datetime) -> "Competition.Phase":
        """Where it stands at an instant; the results are out when they are published, not when they were due."""
        if self.is_decided:
            return self.Phase.RESULTS
        if at < self.opens_at:
            return self.Phase.ANNOUNCED
        return self.Phase.OPEN if at < self.closes_at else self.Phase.JUDGING


class Nomination(models.Model):
    """A category of a competition: an entry is for one of them."""

    public_id = PublicIdField()
    competition = models.ForeignKey(Competition, models.CASCADE, related_name="nominations")
    title = models.CharField(_("nomination"), max_length=160)
    description = models.TextField(_("description"), max_length=2_000, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=1)

    class Meta:
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        ordering = ["position", "pk"]

    def __str__(self):
        return self.title


class Criterion(models.Model):
    """A line of the rubric: what jurors look at, on which scale, and how much it weighs."""

    public_id = PublicIdField()
    competition = models.ForeignKey(Competition, models.CASCADE, related_name="criteria")
    title = models.CharField(_("criterion"), max_length=160)
    description = models.TextField(_("description"), max_length=2_000, blank=True)
    lowest = models.PositiveSmallIntegerField(_("lowest score"), default=0)
    highest = models.PositiveSmallIntegerField(_("highest score"), default=5, validators=[MaxValueValidator(100)])
    weight = models.DecimalField(
        _("weight"), max_digits=4, decimal_places=2, default=1, validators=[MinValueValidator(0.01)]
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)

    AUDITED = ("lowest", "highest", "weight")

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(highest__gt=F("lowest")), name="criterion_scale_goes_up"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="criterion_weighs_something"),
        ]

    def __str__(self):
        return self.title


class LevelExample(models.Model):
    """What a score on a criterion looks like: an example of one level."""

    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="examples")
    score = models.PositiveSmallIntegerField(_("score"))
    text = models.TextField(_("example"), max_length=1_000)

    class Meta:
        verbose_name = _("example of a level")
        verbose_name_plural = _("examples of levels")
        ordering = ["score"]
        constraints = [models.UniqueConstraint(fields=["criterion", "score"], name="one_example_of_a_level")]

    def __str__(self):
        return f"{self.score}"
