from django.conf import settings
from django.db import models


class Run(models.Model):
    title = models.CharField(max_length=160)
    summary = models.TextField()
    host = models.CharField(max_length=160)
    starts_at = models.DateTimeField(db_index=True)
    places = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["starts_at"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/runs/{self.pk}/"


class Session(models.Model):
    run = models.ForeignKey(Run, models.PROTECT, related_name="sessions")
    title = models.CharField(max_length=160)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=160)

    class Meta:
        ordering = ["starts_at"]

    def __str__(self):
        return self.title


class Enrolment(models.Model):
    run = models.ForeignKey(Run, models.PROTECT, related_name="enrolments")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="enrolments")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "person"], name="once")]

    def __str__(self):
        return f"{self.run_id} {self.person_id}"
