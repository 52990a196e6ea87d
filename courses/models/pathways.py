from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.search import folded
from cluster_portal.states import move
from members.models.institutions import transliterated_slug


class PathwayQuerySet(models.QuerySet):
    def public(self):
        """Pathways that everybody may see."""
        return self.filter(state=Pathway.State.PUBLISHED)

    def visible_to(self, person):
        """Published ones for everybody; all for whoever coordinates the cluster."""
        keeps = person.is_authenticated and person.coordinates_whole_cluster
        return self if keeps else self.public()

    def with_steps(self):
        """With its courses in their order, and the institutions that offer it together."""
        steps = models.Prefetch("steps", PathwayStep.objects.select_related("course"))
        return self.prefetch_related(steps, "partners")


class Pathway(models.Model):
    """Courses that lead together to a vocation: one after the other, or in any order."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    MOVES = {
        "publish": move(
            [State.DRAFT, State.RETIRED], State.PUBLISHED, _("Publish"), _("Everybody sees the pathway now.")
        ),
        "retire": move([State.PUBLISHED], State.RETIRED, _("Retire"), _("The pathway is offered no more.")),
    }

    public_id = PublicIdField()
    slug = models.SlugField(max_length=64, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=160)
    summary = models.CharField(_("summary"), max_length=300)
    description = models.TextField(_("description"), blank=True)
    vocation = models.CharField(_("vocation it leads to"), max_length=160, blank=True)
    is_ordered = models.BooleanField(
        _("one after the other"), default=False, help_text=_("Otherwise the courses can be taken in any order.")
    )
    partners = models.ManyToManyField(
        "members.Institution", blank=True, related_name="pathways", verbose_name=_("together with")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)

    words = models.TextField(editable=False, default="")

    objects = PathwayQuerySet.as_manager()
    AUDITED = ("is_ordered",)

    class Meta:
        verbose_name = _("pathway")
        verbose_name_plural = _("pathways")
        ordering = ["title", "pk"]
        indexes = [GinIndex(OpClass(F("words"), name="gin_trgm_ops"), name="pathway_words")]

    def __str__(self):
        return self.title

    def save(self, **options):
        self.words = folded(self.title, self.vocation, self.summary)
        if not self.slug:
            slug = transliterated_slug(self.title)
            taken = slug == "new" or Pathway.objects.filter(slug=slug).exists()  # /desk/pathways/new/ is a page
            self.slug = f"{slug[:55]}-{self.public_id[:6]}" if taken else slug
        super().save(**options)

    def get_absolute_url(self):
        return reverse("courses:pathway", args=[self.slug])


class PathwayStep(models.Model):
    """A course of a pathway, at its position."""

    pathway = models.ForeignKey(Pathway, models.CASCADE, related_name="steps")
    course = models.ForeignKey("courses.Course", models.PROTECT, related_name="pathway_steps")
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("step of a pathway")
        verbose_name_plural = _("steps of a pathway")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["pathway", "course"], name="pathway_has_a_course_once")]

    def __str__(self):
        return f"{self.pathway_id} {self.position}"
