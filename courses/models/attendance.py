from django.db import models
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from courses.models.runs import Run


class AttendanceQuerySet(models.QuerySet):
    def marked(self):
        """Marks that stand: none that was taken back."""
        return self.exclude(mark="")

    def of_those_in(self):
        """Marks that stand, of people whose place in the run is certain."""
        return self.marked().filter(enrolment__state="confirmed")


class Attendance(models.Model):
    """Whether somebody was in a session: the last mark by the time it was pressed. The audit holds those before.

    An empty mark was taken back: nobody is marked, but what was pressed earlier and comes later does not count.
    """

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
        REST = "rest", _("With all others")

    ATTENDED = (Mark.PRESENT, Mark.LATE)
    AUDITED = ("mark", "how", "pressed_at")

    public_id = PublicIdField()
    session = models.ForeignKey("courses.Session", models.PROTECT, related_name="attendance")
    enrolment = models.ForeignKey("courses.Enrolment", models.PROTECT, related_name="attendance")
    mark = models.CharField(_("attendance"), max_length=8, choices=Mark.choices, blank=True)
    how = models.CharField(_("how"), max_length=8, choices=How.choices)
    pressed_at = models.DateTimeField(_("marked at"))
    device = models.CharField(max_length=32, blank=True, editable=False)
    number = models.BigIntegerField(null=True, editable=False)  # of the press, as that device counts them
    noted_at = models.DateTimeField(default=now, editable=False)
    noted_by = models.ForeignKey("members.Person", models.PROTECT, null=True, blank=True, related_name="+")

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendance")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["session", "enrolment"], name="attendance_once")]
        indexes = [models.Index(fields=["enrolment", "mark"], name="attendance_by_enrolment")]

    def __str__(self):
        return f"{self.session_id} {self.enrolment_id} {self.mark}"

    @property
    def was_there(self) -> bool:
        """Whether it says that somebody came."""
        return self.mark in self.ATTENDED


class FinalWorkQuerySet(models.QuerySet):
    def to_read(self):
        """Works that wait for somebody to read them."""
        return self.filter(state=FinalWork.State.HANDED_IN)

    def read_by(self, person):
        """Works in the runs that somebody teaches or coordinates, but for their own."""
        return self.filter(enrolment__run__in=Run.objects.led_by(person).values("pk")).exclude(enrolment__person=person)

    def to_revise(self, person):
        """Works that were returned to somebody who is in the run, whether or not it was closed meanwhile."""
        rows = self.filter(state=FinalWork.State.RETURNED, enrolment__person=person, enrolment__state="confirmed")
        return rows.select_related("enrolment__run__course").order_by("pk")

    def for_lists(self):
        """With what a line in a list shows, those to read first, who waits longest at the top."""
        unread = models.Case(models.When(state=FinalWork.State.HANDED_IN, then=0), default=1)
        rows = self.select_related("enrolment__person", "enrolment__run__course", "enrolment__affiliation__institution")
        return rows.order_by(unread, "handed_in_at", "pk")


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

    objects = FinalWorkQuerySet.as_manager()

    class Meta:
        verbose_name = _("final work")
        verbose_name_plural = _("final works")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.enrolment_id} {self.state}"

    def get_absolute_url(self):
        return reverse("courses:work", args=[self.public_id])
