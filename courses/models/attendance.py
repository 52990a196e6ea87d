from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move


class Attendance(models.Model):
    """Whether somebody was in a session: the last mark by the time it was pressed. The audit holds those before."""

    class Mark(models.TextChoices):
        PRESENT = "present", _("Present")
        LATE = "late", _("Late")
        EXCUSED = "excused", _("Excused")
        ABSENT = "absent", _("Absent")

    class How(models.TextChoices):
        ROSTER = "roster", _("On the roster")
        CODE = "code", _("By the code at the door")
        TICKET = "ticket", _("By the person's own code")
        JOINED = "joined", _("Joined online")

    ATTENDED = (Mark.PRESENT, Mark.LATE)
    AUDITED = ("mark", "how")

    public_id = PublicIdField()
    session = models.ForeignKey("courses.Session", models.PROTECT, related_name="attendance")
    enrolment = models.ForeignKey("courses.Enrolment", models.PROTECT, related_name="attendance")
    mark = models.CharField(_("attendance"), max_length=8, choices=Mark.choices)
    how = models.CharField(_("how"), max_length=8, choices=How.choices)
    pressed_at = models.DateTimeField(_("marked at"))
    noted_at = models.DateTimeField(default=now, editable=False)
    noted_by = models.ForeignKey("members.Person", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendance")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["session", "enrolment"], name="attendance_once")]
        indexes = [models.Index(fields=["enrolment", "mark"], name="attendance_by_enrolment")]

    def __str__(self):
        return f"{self.session_id} {self.enrolment_id} {self.mark}"


class FinalWork(models.Model):
    """What somebody hands in to complete a run, and what the instructor said."""

    class State(models.TextChoices):
        HANDED_IN = "handed_in", _("Handed in")
        ACCEPTED = "accepted", _("Accepted")
        RETURNED = "returned", _("To be revised")

    MOVES = {
        "accept": move([State.HANDED_IN, State.RETURNED], State.ACCEPTED, _("Accept"), _("The work is accepted.")),
        "return": move(
            [State.HANDED_IN], State.RETURNED, _("Ask for a revision"), _("The author is told what to revise.")
        ),
        "hand_in": move([State.RETURNED], State.HANDED_IN, _("Hand in again"), _("Your work is handed in again.")),
    }

    public_id = PublicIdField()
    enrolment = models.OneToOneField("courses.Enrolment", models.PROTECT, related_name="work")
    text = models.TextField(_("work"), max_length=10_000, blank=True)
    note = models.TextField(_("what the instructor says"), max_length=2000, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.HANDED_IN, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    handed_in_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("final work")
        verbose_name_plural = _("final works")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.enrolment_id} {self.state}"
