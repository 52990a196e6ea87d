from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Prefetch
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.search import folded
from cluster_portal.states import move
from competitions.models.entries import Authorship, Entry
from members.models.institutions import transliterated_slug
from members.models.people import Person

RESERVED = {"feed"}  # /library/feed/ is no plan


class PlanQuerySet(models.QuerySet):
    def public(self):
        """Plans that stand in the library."""
        return self.filter(state=Plan.State.PUBLISHED)

    def for_lists(self):
        """With everything that a card in a list shows."""
        thanks = models.Count("thanks", distinct=True)
        rows = self.select_related("entry__competition", "pick").prefetch_related("entry__tools", "entry__directions")
        return rows.annotate(thanked=thanks)

    def for_page(self):
        """With all that the page of one shows."""
        authors = Authorship.objects.confirmed().select_related("person", "affiliation__institution")
        parts = ["entry__steps", "entry__tools", "entry__files__upload", "entry__directions"]
        rows = self.select_related("entry__competition", "entry__nomination", "entry__adapted_from__entry", "pick__by")
        return rows.prefetch_related(Prefetch("entry__authorships", authors, to_attr="authors"), *parts)

    def like(self, **wanted):
        """Plans of such entries; what is empty does not count."""
        return self.filter(**{f"entry__{name}": value for name, value in wanted.items() if value})

    def for_stage(self, year):
        """Plans for one year of schooling."""
        return self.filter(entry__stage_from__lte=year, entry__stage_until__gte=year)


class Plan(models.Model):
    """A lesson plan in the open library: an entry whose authors all agreed. What it says stands in the entry."""

    class State(models.TextChoices):
        PUBLISHED = "published", _("In the library")
        WITHDRAWN = "withdrawn", _("Taken out")

    MOVES = {
        "withdraw": move([State.PUBLISHED], State.WITHDRAWN, _("Take out of the library"), _("It is taken out.")),
        "publish": move([State.WITHDRAWN], State.PUBLISHED, _("Put into the library"), _("It stands in the library.")),
    }

    public_id = PublicIdField()
    slug = models.SlugField(max_length=64, unique=True, editable=False)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="plan")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PUBLISHED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    published_at = models.DateTimeField(default=now, editable=False)
    # Whether those who keep the library want it there; whether it stands there follows from that and from its authors.
    is_wanted = models.BooleanField(default=True, editable=False)
    words = models.TextField(editable=False, default="")

    objects = PlanQuerySet.as_manager()
    AUDITED = ("is_wanted",)

    class Meta:
        verbose_name = _("lesson plan")
        verbose_name_plural = _("lesson plans")
        ordering = ["-published_at", "-pk"]
        indexes = [GinIndex(OpClass(F("words"), name="gin_trgm_ops"), name="plan_words")]

    def __str__(self):
        return self.entry.title

    @property
    def shown_title(self) -> str:
        """Its title as long as it stands in the library."""
        return self.entry.title if self.state == self.State.PUBLISHED else gettext("a plan that was taken out")

    def fold_words(self) -> None:
        """Take over the words by which it is found."""
        it = self.entry
        tools, themes = (", ".join(str(one) for one in rows.all()) for rows in (it.tools, it.directions))
        self.words = folded(it.title, it.subject, tools, themes, it.abstract, it.objectives)

    def save(self, **options):
        if not self.slug:
            slug = transliterated_slug(self.entry.title, otherwise="plan")
            is_taken = slug in RESERVED or Plan.objects.filter(slug=slug).exists()
            self.slug = f"{slug[:55]}-{self.public_id[:6]}" if is_taken else slug
        super().save(**options)

    def get_absolute_url(self):
        return reverse("competitions:plan", args=[self.slug])


class Pick(models.Model):
    """A plan that the coordinators recommend, with the reason."""

    plan = models.OneToOneField(Plan, models.CASCADE, related_name="pick")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now, editable=False)
    note = models.CharField(_("why"), max_length=300)

    class Meta:
        verbose_name = _("pick")
        verbose_name_plural = _("picks")
        ordering = ["-at"]

    def __str__(self):
        return self.note


class Thanks(models.Model):
    """That somebody thanks the authors of a plan."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="thanks")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("thanks")
        verbose_name_plural = _("thanks")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["plan", "person"], name="thanks_once")]

    def __str__(self):
        return f"{self.plan_id}"


class UsageNoteQuerySet(models.QuerySet):
    def shown(self):
        """Notes that nobody has hidden."""
        return self.filter(hidden_at=None)

    def removable_by(self, person):
        """One's own; all of them for whoever keeps the library."""
        return self if person.coordinates_whole_cluster else self.filter(person=person)


class UsageNote(models.Model):
    """What a teacher who taught by a plan tells others: with whom, how it went, what they would change."""

    public_id = PublicIdField()
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="notes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="usage_notes")
    at = models.DateTimeField(default=now, editable=False)
    text = models.TextField(_("how it went"), max_length=2_000)
    hidden_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = UsageNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("usage note")
        verbose_name_plural = _("usage notes")
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.plan_id}"
