from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from members.models.people import Person
from mentorship.models.pairings import Message, Pairing, PairingFile


class TakenBack(models.Model):
    """What could be read where students take part, or was told of, and was changed, removed, hidden: nothing vanishes.

    Whoever watches over the pairing reads it until retention ends it. Of a message or a file the row itself stays; of
    everything else the words stand here.
    """

    class Kind(models.TextChoices):
        GOALS = "goals", _("Goals")
        STEP = "step", _("Milestone")
        LOG = "log", _("Entry of the log")
        PLACE = "place", _("Place of a meeting")
        OUTCOME = "outcome", _("What came of it")
        MESSAGE = "message", _("Message")
        FILE = "file", _("File")

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="taken_back")
    kind = models.CharField(_("what it was"), max_length=10, choices=Kind.choices)
    text = models.TextField(_("words"), blank=True)
    message = models.OneToOneField(Message, models.CASCADE, null=True, blank=True, related_name="taken_back")
    file = models.OneToOneField(PairingFile, models.CASCADE, null=True, blank=True, related_name="taken_back")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now, editable=False)
    because = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("what was taken back")
        verbose_name_plural = _("what was taken back")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="message", message__isnull=False, file=None, text="")
                | Q(kind="file", file__isnull=False, message=None, text="")
                | Q(~Q(kind__in=["message", "file"]), ~Q(text=""), message=None, file=None),
                name="taken_back_is_one_thing",
            )
        ]

    def __str__(self):
        return f"{self.pairing_id} {self.kind}"


class ConcernQuerySet(models.QuerySet):
    def open(self):
        """What no coordinator has answered yet."""
        return self.filter(settled_at=None)

    def kept_by(self, person):
        """Concerns that a coordinator answers: never about a pairing that is their own."""
        own = Q(pairing__mentor__person=person) | Q(pairing__request__by=person)
        return self.filter(pairing__in=Pairing.objects.kept_by(person).values("pk")).exclude(own)


class Concern(models.Model):
    """What somebody who reads a pairing tells the coordinator about a message or a file in it."""

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="concerns")
    message = models.ForeignKey(Message, models.CASCADE, null=True, blank=True, related_name="concerns")
    file = models.ForeignKey(PairingFile, models.CASCADE, null=True, blank=True, related_name="concerns")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.CharField(_("what the coordinator should know"), max_length=500)
    told_at = models.DateTimeField(default=now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ConcernQuerySet.as_manager()

    class Meta:
        verbose_name = _("what the coordinator was told")
        verbose_name_plural = _("what the coordinator was told")
        ordering = ["told_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(message=None, file__isnull=False) | Q(message__isnull=False, file=None),
                name="concern_is_about_one_thing",
            ),
            models.UniqueConstraint(
                fields=["by", "message"], condition=Q(settled_at=None), name="message_told_of_once_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["by", "file"], condition=Q(settled_at=None), name="file_told_of_once_at_a_time"
            ),
        ]

    def __str__(self):
        return f"{self.pairing_id}"
