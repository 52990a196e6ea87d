from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from members.models.people import Person


class StoppedMail(models.Model):
    """That somebody does not want one kind of bulk mail any more (RFC 8058: one press in the mail program)."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="stopped_mails")
    template = models.CharField(max_length=80)
    at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("mail that somebody stopped")
        verbose_name_plural = _("mails that people stopped")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["person", "template"], name="mail_stopped_once")]

    def __str__(self):
        return f"{self.person_id}: {self.template}"
