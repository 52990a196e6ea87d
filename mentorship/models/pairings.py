from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Max, Min, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.models.cluster import validate_time_zone
from members.models.people import Person
from mentorship.models.mentors import Mentor
from mentorship.models.requests import MentorRequest


class PairingQuerySet(models.QuerySet):
    def live(self):
        """Pairings that take a place of their mentor: asked, answered, under way."""
        return self.filter(state__in=Pairing.LIVE)

    def overdue(self, at):
        """Proposals and acceptances of which the time to answer is over."""
        return self.filter(state__in=[Pairing.State.PROPOSED, Pairing.State.ACCEPTED], answer_by__lte=at)

    def active(self):
        """Pairings under way."""
        return self.filter(state=Pairing.State.ACTIVE)

    def held(self):
        """Pairings that were under way once: what belongs to them is there to be read."""
        return self.filter(state__in=Pairing.BEGUN)

    def of(self, person):
        """Pairings in which somebody is mentor, teacher or an approved student."""
        student = Q(students__person=person, students__state=PairingStudent.State.APPROVED)
        return self.filter(Q(mentor__person=person) | Q(request__by=person) | student).distinct()

    def kept_by(self, person):
        """Pairings on the desk of a coordinator."""
        return self.filter(request__in=MentorRequest.objects.around(person).values("pk"))

    def around(self, person):
        """Pairings that may concern somebody in any role; what they may do there, readers.py says of each."""
        regions = [role.region_id for role in person.coordinator_roles]
        guards = Q(students__person__guarded_by__guardian=person, students__person__guarded_by__ended_at=None)
        school = Q(request__affiliation__institution__in=person.spoken_for)
        mine = Q(mentor__person=person) | Q(request__by=person) | Q(students__person=person)
        if person.coordinates_whole_cluster:
            return self
        kept = Q(request__affiliation__institution__region__in=regions)
        return self.filter(pk__in=Pairing.objects.filter(mine | guards | school | kept).values("pk"))

    def left_alone(self):
        """Pairings under way whose mentor has left the cluster, or whose teacher has left the school that asked."""
        no_teacher = ~Q(request__in=MentorRequest.objects.of_who_is_there().values("pk"))
        return self.active().filter(no_teacher | Q(mentor__in=Mentor.objects.gone().values("pk")))

    def with_people(self):
        """With all that the page of one asks of who is in it."""
        return self.select_related("mentor__person", "request__by", "request__affiliation__institution")

    def for_own_page(self, person):
        """What somebody is in, or was: under way first, then what ended last."""
        rows = self.held().of(person).with_people().with_last_meeting().with_next_meeting()
        return rows.order_by(F("ended_on").desc(nulls_first=True), "-began_on", "-pk")

    def with_last_meeting(self):
        """With when each met last, as its log says (`met_on`)."""
        return self.annotate(met_on=Max("log__day"))

    def with_next_meeting(self):
        """With when each meets next, as its calendar says (`meets_at`)."""
        ahead = Q(meetings__state=Meeting.State.PLANNED, meetings__ends_at__gt=now())
        return self.annotate(meets_at=Min("meetings__starts_at", filter=ahead))


class Pairing(models.Model):
    """One mentor for one request: proposed, accepted by the mentor, agreed by the teacher; then they meet."""

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("pairing", "The mentor is asked")
        ACCEPTED = "accepted", pgettext_lazy("pairing", "The teacher is asked")
        ACTIVE = "active", pgettext_lazy("pairing", "Under way")
        DECLINED = "declined", pgettext_lazy("pairing", "The mentor said no")
        REFUSED = "refused", pgettext_lazy("pairing", "The teacher said no")
        LAPSED = "lapsed", pgettext_lazy("pairing", "Nobody answered in time")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        COMPLETED = "completed", _("Completed")
        DISSOLVED = "dissolved", pgettext_lazy("pairing", "Ended early")

    LIVE = (State.PROPOSED, State.ACCEPTED, State.ACTIVE)
    BEGUN = (State.ACTIVE, State.COMPLETED, State.DISSOLVED)
    # A teacher learns a name with the mentor's yes: never of who is asked, declines, or gives no answer.
    KNOWN_TO_TEACHER = (State.ACCEPTED, State.REFUSED, *BEGUN)
    MOVES = {
        "accept": move([State.PROPOSED], State.ACCEPTED, _("Accept"), _("Thank you. The teacher agrees next.")),
        "decline": move([State.PROPOSED], State.DECLINED, _("Decline"), _("Thank you for answering.")),
        "agree": move([State.ACCEPTED], State.ACTIVE, _("Agree"), _("You have a mentor. Plan the first meeting.")),
        "refuse": move([State.ACCEPTED], State.REFUSED, _("Not this one"), _("Another mentor is sought.")),
        "lapse": move([State.PROPOSED, State.ACCEPTED], State.LAPSED, _("Lapse")),
        "withdraw": move([State.PROPOSED, State.ACCEPTED], State.WITHDRAWN, _("Take back"), _("It is taken back.")),
        "complete": move([State.ACTIVE], State.COMPLETED, _("We have finished"), _("Thank you both.")),
        "dissolve": move(
            [State.ACTIVE], State.DISSOLVED, _("End it early"), _("It is ended. Nobody is asked whose doing it was.")
        ),
    }
    AUDITED = ("answer_by", "by_hand")

    public_id = PublicIdField()
    request = models.ForeignKey(MentorRequest, models.PROTECT, related_name="pairings")
    mentor = models.ForeignKey(Mentor, models.PROTECT, related_name="pairings")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PROPOSED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    proposed_at = models.DateTimeField(default=now, editable=False)
    answer_by = models.DateTimeField(null=True, blank=True, editable=False)
    by_hand = models.BooleanField(default=False, editable=False)
    with_students = models.BooleanField(default=False, editable=False)  # what the request said when it was agreed
    because = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    began_on = models.DateField(null=True, blank=True, editable=False)
    ended_on = models.DateField(null=True, blank=True, editable=False)
    goals = models.TextField(_("goals"), max_length=3_000, blank=True)
    nudged_at = models.DateTimeField(null=True, blank=True, editable=False)
    stalled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PairingQuerySet.as_manager()

    class Meta:
        verbose_name = _("pairing")
        verbose_name_plural = _("pairings")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(state__in=["proposed", "accepted", "active"]),
                name="request_has_one_mentor_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(began_on__isnull=False) | ~Q(state__in=["active", "completed", "dissolved"]),
                name="pairing_under_way_has_begun",
            ),
            models.CheckConstraint(
                condition=Q(answer_by__isnull=False) | ~Q(state__in=["proposed", "accepted"]),
                name="pairing_that_is_asked_about_has_a_clock",
            ),
        ]

    def __str__(self):
        return f"{self.request_id} {self.mentor_id}"

    def get_absolute_url(self):
        return reverse("mentorship:pairing", args=[self.public_id])


class PairingStudentQuerySet(models.QuerySet):
    def there(self):
        """Who takes part, or waits for the word of those who decide."""
        return self.filter(state__in=[PairingStudent.State.ASKED, PairingStudent.State.APPROVED])

    def approved(self):
        """Who takes part."""
        return self.filter(state=PairingStudent.State.APPROVED)

    def not_left(self):
        """Everybody but who was taken out."""
        return self.exclude(state=PairingStudent.State.LEFT)

    def unsettled(self):
        """Of pairings under way, everybody about whom words count."""
        return self.not_left().filter(pairing__state=Pairing.State.ACTIVE)


class PairingStudent(models.Model):
    """A student who takes part: only once those who decide for them have approved this very mentor."""

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("pairing student", "Waits for approval")
        APPROVED = "approved", pgettext_lazy("pairing student", "Takes part")
        REFUSED = "refused", pgettext_lazy("pairing student", "Not approved")
        LEFT = "left", pgettext_lazy("pairing student", "Takes part no more")

    MOVES = {
        "approve": move([State.ASKED, State.REFUSED], State.APPROVED, _("Approve"), _("They take part.")),
        "refuse": move([State.ASKED, State.APPROVED], State.REFUSED, _("Do not approve"), _("They do not take part.")),
        "leave": move(
            [State.ASKED, State.APPROVED, State.REFUSED], State.LEFT, _("Take out"), _("They take part no more.")
        ),
        "ask": move(
            [State.LEFT, State.APPROVED, State.REFUSED], State.ASKED, _("Ask again"), _("Those who decide are asked.")
        ),
        "ask_anew": move(
            [State.REFUSED], State.ASKED, _("Ask the guardians anew"), _("What was said before counts no more.")
        ),
    }
    AUDITED = ()

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="students")
    person = models.ForeignKey(Person, models.PROTECT, related_name="mentored_in")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    yes_counts_from = models.DateTimeField(default=now, editable=False)  # who comes back is agreed to anew
    no_counts_from = models.DateTimeField(null=True, blank=True, editable=False)  # a coordinator asked all anew

    objects = PairingStudentQuerySet.as_manager()

    class Meta:
        verbose_name = _("student of a pairing")
        verbose_name_plural = _("students of pairings")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["pairing", "person"], name="student_once_in_a_pairing")]

    def __str__(self):
        return f"{self.pairing_id} {self.person_id}"


class MentorApproval(models.Model):
    """What one of those who decide for a student said of the mentor. The last word of each counts."""

    student = models.ForeignKey(PairingStudent, models.CASCADE, related_name="approvals")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    granted = models.BooleanField()
    at = models.DateTimeField(default=now, editable=False)
    profile = models.CharField(max_length=64, blank=True, editable=False)  # a digest of what they read of the mentor

    class Meta:
        verbose_name = _("approval of a mentor")
        verbose_name_plural = _("approvals of mentors")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.student_id} {self.granted}"


class Milestone(models.Model):
    """A step of the plan that mentor and teacher share."""

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="milestones")
    title = models.CharField(_("what"), max_length=160)
    due_on = models.DateField(_("until"), null=True, blank=True)
    done_on = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = [F("due_on").asc(nulls_last=True), "pk"]

    def __str__(self):
        return self.title


class MeetingQuerySet(models.QuerySet):
    def planned(self):
        """Meetings that were not cancelled."""
        return self.filter(state=Meeting.State.PLANNED)

    def ahead(self, at):
        """Planned meetings that are not over."""
        return self.planned().filter(ends_at__gt=at)

    def not_begun(self, at):
        """Planned meetings that begin later."""
        return self.planned().filter(starts_at__gt=at)

    def of_pairings_under_way(self):
        """Meetings of pairings in which anything still takes place."""
        return self.filter(pairing__state=Pairing.State.ACTIVE)

    def with_people(self):
        """With the pairing and who is in it."""
        return self.select_related(
            "pairing__mentor__person", "pairing__request__by", "pairing__request__affiliation__institution"
        )

    def starting_between(self, since, until):
        """Planned meetings of pairings under way that start in a window."""
        return self.planned().of_pairings_under_way().filter(starts_at__gt=since, starts_at__lte=until)


class Meeting(models.Model):
    """A meeting that is planned; it stands in the calendars of all who take part."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        CANCELLED = "cancelled", _("Cancelled")

    MOVES = {"cancel": move([State.PLANNED], State.CANCELLED, _("Cancel the meeting"), _("Everybody is told."))}
    AUDITED = ("starts_at", "ends_at")

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="meetings")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PLANNED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    time_zone = models.CharField(_("time zone"), max_length=40, validators=[validate_time_zone])
    place = models.CharField(_("place"), max_length=160, blank=True)
    online_link = models.URLField(_("joining link"), max_length=500, blank=True)
    planned_by = models.ForeignKey(Person, models.PROTECT, related_name="+")

    objects = MeetingQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="meeting_ends_after_it_begins")
        ]

    def __str__(self):
        return f"{self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def zone(self) -> ZoneInfo:
        """The zone by whose wall clock it is planned."""
        return ZoneInfo(self.time_zone)


class LogEntry(models.Model):
    """What a meeting was: the day, how long, what was done, what is next. Written in thirty seconds."""

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="log")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    day = models.DateField(_("day"))
    minutes = models.PositiveSmallIntegerField(
        _("minutes"), default=60, validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    what = models.CharField(_("what you did"), max_length=500)
    coming = models.CharField(_("what is next"), max_length=300, blank=True)
    written_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("entry of the log")
        verbose_name_plural = _("entries of the log")
        ordering = ["-day", "-pk"]
        constraints = [
            models.UniqueConstraint(  # what retention has emptied may be alike
                fields=["pairing", "by", "day", "minutes", "what"], condition=~Q(what=""), name="log_says_it_once"
            )
        ]

    def __str__(self):
        return f"{self.day}"


class PartQuerySet(models.QuerySet):
    def shown(self):
        """What those in the pairing read: not what was taken back, or hidden."""
        return self.filter(taken_back=None)


class Message(models.Model):
    """What somebody in a pairing writes to all the others in it. Nobody writes to one of them alone."""

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="messages")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.TextField(_("message"), max_length=5_000)
    sent_at = models.DateTimeField(default=now, editable=False)

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["sent_at", "pk"]

    def __str__(self):
        return f"{self.pairing_id}"


class PairingFile(models.Model):
    """A file that those in a pairing share; the upload is about it."""

    public_id = PublicIdField()
    pairing = models.ForeignKey(Pairing, models.CASCADE, related_name="files")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    upload = models.OneToOneField("cluster_portal.Upload", models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=now, editable=False)

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a pairing")
        verbose_name_plural = _("files of pairings")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.pairing_id}"
