from django.db import models
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move


class PathwayQuerySet(models.QuerySet):
    def public(self):
        """Pathways that everybody may see."""
        return self.filter(state=Pathway.State.PUBLISHED)

    def visible_to(self, person):
        """Published ones for everybody; all for whoever coordinates the cluster."""
        keeps = person.is_authenticated and person.coordinates_whole_cluster
        return self if keeps else self.public()


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
    is_ordered = models.BooleanField(_("one after the other"), default=False)
    partners = models.ManyToManyField(
        "members.Institution", blank=True, related_name="pathways", verbose_name=_("together with")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)

    objects = PathwayQuerySet.as_manager()

    class Meta:
        verbose_name = _("pathway")
        verbose_name_plural = _("pathways")
        ordering = ["title", "pk"]

    def __str__(self):
        return self.title

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
