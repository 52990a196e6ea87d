from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField


class Question(models.Model):
    """What a run asks of everybody who enrols. Answers to a sensitive one are erased when the run is over."""

    class Kind(models.TextChoices):
        TEXT = "text", _("A text")
        CHOICE = "choice", _("One of several")
        YES_NO = "yes_no", _("Yes or no")

    YES, NO = "yes", "no"

    public_id = PublicIdField()
    run = models.ForeignKey("courses.Run", models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    text = models.CharField(_("question"), max_length=200)
    kind = models.CharField(_("answer"), max_length=10, choices=Kind.choices)
    choices = ArrayField(models.CharField(max_length=80), verbose_name=_("choices"), default=list, blank=True)
    is_required = models.BooleanField(_("must be answered"), default=False)
    is_sensitive = models.BooleanField(
        _("sensitive"), default=False, help_text=_("Dietary or access needs, for instance: erased after the run.")
    )

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "pk"]

    def __str__(self):
        return self.text


class Answer(models.Model):
    """What somebody answered when enrolling."""

    enrolment = models.ForeignKey("courses.Enrolment", models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.CASCADE, related_name="answers")
    text = models.CharField(_("answer"), max_length=1000)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["question__position", "pk"]
        constraints = [models.UniqueConstraint(fields=["enrolment", "question"], name="question_answered_once")]

    def __str__(self):
        return f"{self.enrolment_id} {self.question_id}"
