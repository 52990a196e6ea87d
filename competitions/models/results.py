from django.db import models
from django.utils.translation import gettext_lazy as _

from competitions.models.entries import Entry


class Result(models.Model):
    """How the jury judged an entry, as it was when the results were published (scoring.py says how it is counted).

    Scores are shares of what the rubric allows, from 0 to 100. The adjusted ones are there from 30 entries on only.
    """

    entry = models.OneToOneField(Entry, models.CASCADE, related_name="result")
    reviews = models.PositiveSmallIntegerField(_("reviews"))
    mean = models.FloatField(_("mean"))
    spread = models.FloatField(_("spread"), null=True, blank=True)
    rank = models.PositiveSmallIntegerField(_("rank"))
    adjusted = models.FloatField(_("adjusted score"), null=True, blank=True)
    adjusted_rank = models.PositiveSmallIntegerField(_("adjusted rank"), null=True, blank=True)
    rank_from = models.PositiveSmallIntegerField(_("rank from"), null=True, blank=True)
    rank_to = models.PositiveSmallIntegerField(_("rank to"), null=True, blank=True)

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        ordering = ["rank", "entry"]

    def __str__(self):
        return f"{self.entry_id}: {self.rank}"
