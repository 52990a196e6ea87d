from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from members.models.cluster import Cluster
from members.models.people import Person

UNUSED_DAYS = 90  # a confirmed device that is not used so long is forgotten


class DeviceQuerySet(models.QuerySet):
    def asked(self):
        """Devices for which a code was asked, and not entered (yet)."""
        return self.filter(confirmed_at=None)

    def confirmed(self):
        """Devices whose code was entered, however long ago."""
        return self.filter(confirmed_at__isnull=False)

    def trusted(self):
        """Confirmed devices that were used not too long ago."""
        oldest = Cluster.current().today() - timedelta(days=UNUSED_DAYS)
        return self.confirmed().filter(used_on__gte=oldest)


class Device(models.Model):
    """A browser that somebody confirms by a mailed code, so that a stolen password opens no class list.

    Neither the code nor the key in the browser's cookie stands here: the one is worked out from the public id
    (devices.py), of the other only the hash is kept.
    """

    public_id = PublicIdField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="devices")
    name = models.CharField(_("device"), max_length=60, blank=True)
    asked_at = models.DateTimeField(default=now)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(_("first confirmed"), null=True, blank=True)
    used_on = models.DateField(_("last used"), null=True, blank=True)
    key_hash = models.CharField(max_length=64, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("confirmed device")
        verbose_name_plural = _("confirmed devices")
        ordering = ["-used_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None, used_on=None, key_hash="")
                | Q(confirmed_at__isnull=False, used_on__isnull=False) & ~Q(key_hash=""),
                name="device_has_a_key_exactly_when_confirmed",
            ),
            models.UniqueConstraint(fields=["key_hash"], condition=~Q(key_hash=""), name="device_key_once"),
        ]

    def __str__(self):
        return self.name
