"""Tables of the ground: audit, outbox, calendar entries, uploads."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField


class AuditEntry(models.Model):
    """One line of the audit. Append-only by a database trigger; see audit.py."""

    at = models.DateTimeField(_("when"), db_index=True)
    actor = models.CharField(_("who"), max_length=12, blank=True)
    verb = models.CharField(_("what"), max_length=80)
    model = models.CharField(max_length=60)
    object_id = models.CharField(max_length=12)
    fields = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    values = models.JSONField(default=dict, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["model", "object_id"], name="audit_by_object")]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb}"
