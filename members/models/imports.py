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
        return self.select_related("institution", "file", "rejected").order_by("-pk")

    def kept_since(self, day):
        """Those that began on this day or before and whose files are still kept."""
        held = models.Q(file__isnull=False) | models.Q(rejected__isnull=False)
        return self.filter(held, made_at__lte=day)


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
