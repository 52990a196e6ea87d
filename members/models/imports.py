from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from members.models.institutions import Institution
from members.models.people import Person


class ImportQuerySet(models.QuerySet):
    def visible_to(self, person):
        """One's own only: the rows hold children's data."""
        return self.filter(by=person)

    def for_lists(self):
        """With what a line in a list shows, the newest first."""
        return self.select_related("institution", "file", "rejected", "work").order_by("-pk")

    def kept_from_before(self, instant):
        """Those that were made before an instant, whose files are still kept and at which no worker is."""
        held = models.Q(file__isnull=False) | models.Q(rejected__isnull=False)
        return self.filter(held, made_at__lte=instant).exclude(work__isnull=False, work__ended_at=None)


class Import(models.Model):
    """A spreadsheet on its way in: the file, what its columns mean, and what came of its rows."""

    class Kind(models.TextChoices):
        INSTITUTIONS = "institutions", _("Institutions")
        PEOPLE = "people", _("People")
        CLASSES = "classes", _("Classes")

    public_id = PublicIdField()
    kind = models.CharField(_("what it lists"), max_length=12, choices=Kind.choices)
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("institution")
    )
    file = models.ForeignKey("cluster_portal.Upload", models.PROTECT, null=True, blank=True, related_name="+")
    columns = models.JSONField(default=dict, help_text=_("Field → number of its column."))
    work = models.ForeignKey(
        "cluster_portal.LongWork",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The last that was asked of the workers: to judge the rows, or to load them."),
    )
    by = models.ForeignKey(Person, models.PROTECT, related_name="imports")
    made_at = models.DateTimeField(default=now)
    loaded_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    rejected = models.ForeignKey("cluster_portal.Upload", models.PROTECT, null=True, blank=True, related_name="+")

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.kind} {self.made_at:%Y-%m-%d}"

    @property
    def is_under_way(self) -> bool:
        """Whether the workers are judging or loading its rows."""
        return self.work is not None and self.work.is_under_way

    @property
    def is_judged(self) -> bool:
        """Whether every row has its verdict."""
        return self.work is not None and not self.work.is_under_way and not self.work.problem


class ImportRowQuerySet(models.QuerySet):
    def of_sort(self, sort):
        """The rows with one verdict, or all."""
        return self.filter(sort=sort) if sort else self

    def rejected(self):
        """The rows that cannot be loaded."""
        return self.filter(sort=ImportRow.Sort.REJECTED)

    def counts(self):
        """How many rows there are of each sort; those rejected and those accepted are all of them."""
        found = dict(self.order_by().values_list("sort").annotate(models.Count("pk")))
        sorts = {sort.value: found.get(sort, 0) for sort in ImportRow.Sort}
        rows = sum(sorts.values())
        return {"rows": rows, "accepted": rows - sorts["rejected"], **sorts}


class ImportRow(models.Model):
    """What the portal thinks of one row of a spreadsheet: before it is loaded, and after. Goes with the file."""

    class Sort(models.TextChoices):
        """What comes of a row when it is loaded."""

        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        UNCHANGED = "unchanged", _("Known, unchanged")
        REJECTED = "rejected", _("Rejected")

    TONES = {Sort.NEW: "good", Sort.CHANGED: "waiting", Sort.UNCHANGED: "neutral", Sort.REJECTED: "bad"}

    spreadsheet = models.ForeignKey(Import, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    sort = models.CharField(_("verdict"), max_length=9, choices=Sort.choices)
    said = models.TextField(_("why"), blank=True)
    shown = models.CharField(_("what it says"), max_length=500, blank=True)
    changes = ArrayField(models.CharField(max_length=40), default=list)
    mails = models.BooleanField(default=False)

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of an import")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["spreadsheet", "number"], name="import_row_once"),
            models.CheckConstraint(
                condition=models.Q(sort="rejected") & ~models.Q(said="")
                | ~models.Q(sort="rejected") & models.Q(said=""),
                name="import_row_rejected_with_a_reason",
            ),
        ]

    def __str__(self):
        return f"{self.number} {self.sort}"

    @property
    def tone(self) -> str:
        return self.TONES[self.sort]
