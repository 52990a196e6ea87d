from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.models.initiatives import Initiative
from members.models.institutions import Direction
from members.models.people import Affiliation, Person
from mentorship.models.mentors import Format, Help


class Terms(models.Model):
    """What the cluster has agreed for mentorship: one row. Days are calendar days, by the clock of the cluster."""

    answer_days = models.PositiveSmallIntegerField(
        _("days in which everybody answers"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text=_("Whoever is to answer is reminded once; then the coordinator is told."),
    )
    stalled_weeks = models.PositiveSmallIntegerField(
        _("weeks without a meeting until somebody asks"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(52)],
    )

    AUDITED = ("answer_days", "stalled_weeks")

    class Meta:
        verbose_name = _("terms of mentorship")
        verbose_name_plural = _("terms of mentorship")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="mentorship_has_one_set_of_terms")]

    def __str__(self):
        return f"{self.answer_days}, {self.stalled_weeks}"

    @classmethod
    def current(cls):
        """What is agreed now; what usually is, until a coordinator agrees on something else."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class MentorRequestQuerySet(models.QuerySet):
    def live(self):
        """Requests that somebody has still to do something about."""
        return self.filter(state__in=MentorRequest.LIVE)

    def open(self):
        """Requests for which a mentor is sought."""
        return self.filter(state=MentorRequest.State.OPEN)

    def unanswered_at(self, at):
        """Requests of which the time to answer is over."""
        return self.live().filter(answer_by__lte=at)

    def around(self, person):
        """Requests in a coordinator's part of the cluster: all of them, or those from institutions of their regions."""
        if person.coordinates_whole_cluster:
            return self
        return self.filter(affiliation__institution__region__in=[role.region_id for role in person.coordinator_roles])

    def kept_by(self, person):
        """Requests on the desk of a coordinator: never one's own, for which somebody else finds a mentor."""
        return self.around(person).exclude(by=person)

    def visible_to(self, person):
        """One's own, those one keeps, and those about which one is asked as their mentor, has said yes, or met."""
        kept = MentorRequest.objects.kept_by(person).values("pk")
        asked = Q(pairings__mentor__person=person, pairings__state__in=MentorRequest.SHOWN_TO_MENTOR)
        return self.filter(Q(by=person) | Q(pk__in=kept) | asked).distinct()

    def of_who_is_there(self):
        """Requests of teachers who still work at the school that asked, in whatever role by now."""
        at_work = Affiliation.objects.active().exclude(role=Affiliation.Role.STUDENT)
        there = at_work.filter(person=OuterRef("by"), institution=OuterRef("affiliation__institution"))
        return self.filter(Exists(there), by__suspended_at=None, by__erased_at=None)

    def risen(self):
        """Requests that nobody answered in time, and that are still open."""
        return self.open().filter(risen_at__isnull=False)

    def oldest_first(self):
        """As the desk shows them: who has waited longest first."""
        return self.order_by("asked_at", "pk")

    def for_lists(self):
        """With what a line of a list shows."""
        return self.select_related("by", "affiliation__institution__region")

    def with_parts(self):
        """With all that the page of one shows."""
        return self.for_lists().select_related("initiative").prefetch_related("directions")


class MentorRequest(models.Model):
    """That a teacher asks for a mentor: what for, by when, what kind of help. Somebody always owes the next answer.

    Who owes it follows from the state (`owner`), and until when from `answer_by`; what is not answered until then rises
    to the coordinator (`risen_at`).
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("mentor request", "A mentor is sought")
        PROPOSED = "proposed", pgettext_lazy("mentor request", "A mentor is asked")
        ACCEPTED = "accepted", pgettext_lazy("mentor request", "A mentor has said yes")
        PAIRED = "paired", pgettext_lazy("mentor request", "Has a mentor")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        CLOSED = "closed", pgettext_lazy("mentor request", "Nobody was found")

    class For(models.TextChoices):
        """What a mentor is asked for."""

        CONTEST = "contest", _("A named competition or olympiad")
        TEAM = "team", _("A team of students")
        COURSE = "course", _("A course of my own")
        INITIATIVE = "initiative", _("An initiative")

    LIVE = (State.OPEN, State.PROPOSED, State.ACCEPTED)
    SHOWN_TO_MENTOR = ("proposed", "accepted", "active", "completed", "dissolved")  # states of their pairing
    MOVES = {
        "propose": move([State.OPEN], State.PROPOSED, _("Ask this mentor"), _("The mentor is asked by mail.")),
        "accept": move([State.PROPOSED], State.ACCEPTED, _("Accept"), _("The teacher is told and agrees next.")),
        "pair": move([State.ACCEPTED], State.PAIRED, _("Agree"), _("You have a mentor.")),
        "reopen": move(
            [State.PROPOSED, State.ACCEPTED, State.PAIRED, State.CLOSED],
            State.OPEN,
            _("Look for another mentor"),
            _("A mentor is sought again."),
        ),
        "withdraw": move(
            [State.OPEN, State.PROPOSED, State.ACCEPTED],
            State.WITHDRAWN,
            _("Withdraw"),
            _("Your request is withdrawn. Whoever was asked is told."),
        ),
        "close": move([State.OPEN], State.CLOSED, _("Close"), _("The teacher is told, with your reason.")),
    }
    AUDITED = ("needed_by", "with_students", "answer_by", "risen_at")
    SAYS = (  # what is asked for: whoever asks a mentor asks for just what they read
        "title", "what_for", "contest", "initiative", "help", "text", "directions", "languages", "formats", "weekdays",
        "needed_from", "needed_by", "with_students",
    )  # fmt: skip

    public_id = PublicIdField()
    by = models.ForeignKey(Person, models.PROTECT, related_name="mentor_requests")
    affiliation = models.ForeignKey(Affiliation, models.PROTECT, related_name="mentor_requests")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    asked_at = models.DateTimeField(default=now, editable=False)
    answer_by = models.DateTimeField(editable=False)
    risen_at = models.DateTimeField(null=True, blank=True, editable=False)
    title = models.CharField(_("in one sentence"), max_length=160)
    what_for = models.CharField(_("what for"), max_length=10, choices=For.choices)
    contest = models.CharField(
        _("which competition or olympiad"), max_length=160, blank=True, help_text=_("As its organisers call it.")
    )
    initiative = models.ForeignKey(
        Initiative, models.SET_NULL, null=True, blank=True, related_name="mentor_requests", verbose_name=_("initiative")
    )
    help = ArrayField(
        models.CharField(max_length=10, choices=Help.choices), verbose_name=_("kinds of help"), default=list
    )
    text = models.TextField(
        _("what you need"), max_length=3_000, help_text=_("What is there already, and what a mentor should bring.")
    )
    directions = models.ManyToManyField(Direction, blank=True, related_name="mentor_requests", verbose_name=_("themes"))
    languages = ArrayField(models.CharField(max_length=5), verbose_name=_("languages"), default=list)
    formats = ArrayField(
        models.CharField(max_length=6, choices=Format.choices), verbose_name=_("we meet"), default=list
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        verbose_name=_("days that suit us"),
        default=list,
        blank=True,
        help_text=_("None chosen means: any."),
    )
    needed_from = models.DateField(_("from"))
    needed_by = models.DateField(_("until when it matters"))
    with_students = models.BooleanField(
        _("students take part"),
        default=False,
        help_text=_("Then only mentors who are cleared for work with minors are asked, and guardians approve first."),
    )
    closed_because = models.CharField(_("reason"), max_length=300, blank=True, editable=False)

    objects = MentorRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("mentor request")
        verbose_name_plural = _("mentor requests")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(needed_by__gte=models.F("needed_from")), name="request_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=~Q(what_for="contest") | ~Q(contest=""), name="request_for_a_contest_names_it"
            ),
        ]
        indexes = [models.Index(fields=["state", "answer_by"], name="request_by_deadline")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("mentorship:request", args=[self.public_id])

    @property
    def is_live(self) -> bool:
        """Whether somebody owes an answer."""
        return self.state in self.LIVE

    def is_late_at(self, at) -> bool:
        """Whether somebody owes an answer that should have come by an instant; a request that has risen stays late."""
        return self.is_live and (self.risen_at is not None or self.answer_by <= at)
