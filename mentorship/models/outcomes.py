from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.public_id import PublicIdField
from members.models.people import Person
from mentorship.models.pairings import Pairing, PairingFile, PairingStudent


class Outcome(models.Model):
    """What students of a pairing reached in a competition elsewhere, with the evidence for it."""

    class Level(models.TextChoices):
        SCHOOL = "school", pgettext_lazy("level of a contest", "School")
        DISTRICT = "district", pgettext_lazy("level of a contest", "District")
        CITY = "city", pgettext_lazy("level of a contest", "City or region")
        NATIONAL = "national", pgettext_lazy("level of a contest", "National")
        INTERNATIONAL = "world", pgettext_lazy("level of a contest", "International")

    class Place(models.TextChoices):
        WINNER = "winner", pgettext_lazy("contest", "Winner")
        SECOND = "second", pgettext_lazy("contest", "Second place")
        THIRD = "third", pgettext_lazy("contest", "Third place")
        PRIZE = "prize", pgettext_lazy("contest", "Prize or special mention")
        PART = "part", pgettext_lazy("contest", "Took part")

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.PROTECT, related_name="outcomes")
    contest = models.CharField(_("competition or olympiad"), max_length=160)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    place = models.CharField(pgettext_lazy("award", "place"), max_length=10, choices=Place.choices)
    day = models.DateField(_("day"))
    students = models.ManyToManyField(PairingStudent, related_name="outcomes", blank=True, verbose_name=_("students"))
    evidence = models.ForeignKey(
        PairingFile, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("evidence")
    )
    evidence_link = models.URLField(_("page that shows it"), max_length=500, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        ordering = ["-day", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["pairing", "contest", "level", "day", "place"], name="outcome_entered_once")
        ]

    def __str__(self):
        return self.contest


class PairingFeedback(models.Model):
    """How it was, said by the mentor and by the teacher; only the coordinator reads it."""

    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="feedback")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    helpful = models.PositiveSmallIntegerField(
        _("how much it helped"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    text = models.TextField(_("in your words"), max_length=2_000, blank=True)
    given_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("feedback on a pairing")
        verbose_name_plural = _("feedback on pairings")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["pairing", "by"], name="feedback_once_by_each_side")]

    def __str__(self):
        return f"{self.pairing_id}"
