from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from members.models.institutions import Institution
from members.models.people import Person


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

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.kind} {self.made_at:%Y-%m-%d}"
