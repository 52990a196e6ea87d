from calendar import monthrange
from datetime import date

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.search import folded
from members.models.institutions import Direction, transliterated_slug

PUBLIC_RUN_STATES = ("published", "cancelled", "closed")


class CourseQuerySet(models.QuerySet):
    def visible_to(self, person):
        """Courses with a public run; coordinators see those in preparation too."""
        if person.is_authenticated and person.is_coordinator:
            return self
        return self.filter(runs__state__in=PUBLIC_RUN_STATES).distinct()

    def editable_by(self, person):
        """Courses whose description this person may change: not one that runs outside of the regions they keep."""
        if person.coordinates_whole_cluster:
            return self
        runs = self.model.runs.rel.related_model.objects.filter(course=models.OuterRef("pk"))
        return self.exclude(models.Exists(runs.exclude(pk__in=runs.model.objects.editable_by(person).values("pk"))))

    def due_for_review(self, day):
        """Courses whose content is to be gone through again, the longest due first; never reviewed is due too."""
        months = models.Func(F("review_months"), template="make_interval(months => %(expressions)s::integer)")
        due = models.ExpressionWrapper(F("reviewed_on") + months, output_field=models.DateField())
        rows = self.annotate(due_on=due).filter(models.Q(due_on__lte=day) | models.Q(reviewed_on=None))
        return rows.order_by(F("due_on").asc(nulls_first=True), "title", "pk")


class Course(models.Model):
    """What is taught: the description, kept for years. An offering of it is a Run."""

    class Kind(models.TextChoices):
        COURSE = "course", _("Course")
        WORKSHOP = "workshop", _("Workshop")
        EVENT = "event", _("Event")

    class Level(models.TextChoices):
        BASIC = "basic", _("For beginners")
        FURTHER = "further", _("For those who have begun")
        ADVANCED = "advanced", _("Advanced")

    public_id = PublicIdField()
    slug = models.SlugField(max_length=64, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=160)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    summary = models.CharField(_("summary"), max_length=300)
    description = models.TextField(_("description"), blank=True)
    hours = models.PositiveSmallIntegerField(_("academic hours"), null=True, blank=True)
    language = models.CharField(_("language of teaching"), max_length=5, default="en")
    level = models.CharField(_("level"), max_length=10, choices=Level.choices, blank=True)
    directions = models.ManyToManyField(Direction, blank=True, related_name="courses", verbose_name=_("themes"))
    reviewed_on = models.DateField(_("content last reviewed on"), null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(
        _("months until the next review"), default=12, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    words = models.TextField(editable=False, default="")

    objects = CourseQuerySet.as_manager()
    AUDITED = ("kind", "hours", "language", "level", "reviewed_on", "review_months")

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["title", "pk"]
        indexes = [GinIndex(OpClass(F("words"), name="gin_trgm_ops"), name="course_words")]

    def __str__(self):
        return self.title

    def save(self, **options):
        self.words = folded(self.title, self.summary)
        if not self.slug:
            slug = transliterated_slug(self.title)
            taken = Course.objects.filter(slug=slug).exists()
            self.slug = f"{slug[:55]}-{self.public_id[:6]}" if taken else slug
        super().save(**options)

    def get_absolute_url(self):
        return reverse("courses:course", args=[self.slug])

    @property
    def review_due_on(self) -> date | None:
        """The day from which its content is to be gone through again; None: it never was."""
        if self.reviewed_on is None:
            return None
        years, month = divmod(self.reviewed_on.month - 1 + self.review_months, 12)
        year = self.reviewed_on.year + years
        return date(year, month + 1, min(self.reviewed_on.day, monthrange(year, month + 1)[1]))

    def is_due_for_review_on(self, day: date) -> bool:
        """Whether its content is to be gone through again."""
        return self.review_due_on is None or self.review_due_on <= day
