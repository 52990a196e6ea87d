from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from members.models.people import Person


class TieQuerySet(models.QuerySet):
    def of(self, person):
        """The ties of somebody, whichever of the two they are."""
        return self.filter(Q(first=person) | Q(second=person))


class Tie(models.Model):
    """Two people are bound: who judges the other has a conflict of interest. Written where it arises.

    Of the two, `first` is the one with the smaller key, so that a tie is the same row from both sides.
    """

    class Kind(models.TextChoices):
        CO_AUTHOR = "co_author", _("Co-authors")
        MENTOR = "mentor", _("Mentor and mentee")
        RELATIVE = "relative", _("Relatives")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    first = models.ForeignKey(Person, models.CASCADE, related_name="+")
    second = models.ForeignKey(Person, models.CASCADE, related_name="+")
    about_model = models.CharField(max_length=60, blank=True, editable=False)
    about_id = models.CharField(max_length=12, blank=True, editable=False)
    noted_at = models.DateTimeField(default=now, editable=False)

    objects = TieQuerySet.as_manager()

    class Meta:
        verbose_name = _("tie")
        verbose_name_plural = _("ties")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="tie_in_order"),
            models.UniqueConstraint(fields=["first", "second", "kind", "about_model", "about_id"], name="tie_once"),
        ]
        indexes = [models.Index(fields=["second", "first"], name="tie_by_second")]

    def __str__(self):
        return f"{self.first_id} {self.second_id}"
