from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.models.cluster import validate_time_zone
from members.models.institutions import Direction
from members.models.people import Affiliation, Person
from mentorship.clearance import lasts


class Format(models.TextChoices):
    """How mentor and those they help meet."""

    ROOM = "room", pgettext_lazy("mentoring", "In person")
    ONLINE = "online", pgettext_lazy("mentoring", "Online")


class Help(models.TextChoices):
    """The kinds of help that one asks for, and that mentors give."""

    PREPARE = "prepare", _("Preparing for a competition or an olympiad")
    PROJECT = "project", _("A students' project or piece of research")
    TEACH = "teach", _("Teaching a subject or a method")
    DESIGN = "design", _("Working out a course or an initiative")
    REVIEW = "review", _("Reading what was made, and saying what is missing")


class MentorQuerySet(models.QuerySet):
    def admitted(self):
        """Mentors whom a coordinator has admitted and who have not ended: active or paused."""
        return self.filter(state__in=Mentor.HERE)

    def active(self):
        """Mentors who take requests now."""
        return self.filter(state=Mentor.State.ACTIVE)

    def gone(self):
        """Who has left the cluster: kept out, erased, or without any place of work since one ended after they offered.

        Who offered without one came without, retired long ago perhaps, and has left nothing (decision 121).
        """
        theirs = Affiliation.objects.filter(person=OuterRef("person"))
        ended = theirs.filter(state=Affiliation.State.ENDED, state_since__gt=OuterRef("offered_at"))
        moved_out = Exists(ended) & ~Exists(theirs.active())
        kept_out = Q(person__suspended_at__isnull=False) | Q(person__erased_at__isnull=False)
        return self.filter(kept_out | moved_out)

    def taking(self):
        """Mentors of whom the public page counts: they take requests now, and their account works."""
        return self.active().filter(person__suspended_at=None, person__erased_at=None)

    def waiting(self):
        """Who has offered to mentor and waits for a coordinator's answer, the longest first."""
        return self.filter(state=Mentor.State.OFFERED).order_by("state_since", "pk")

    def with_loads(self):
        """With how many pairings each has or is asked about: `taken`, and `free` places."""
        live = Q(pairings__state__in=["proposed", "accepted", "active"])
        rows = self.select_related("person").annotate(taken=Count("pairings", live))
        return rows.annotate(free=F("places") - F("taken"))

    def around(self, person):
        """Mentors in a coordinator's part of the cluster: all, or those who work in an institution of their regions."""
        if person.coordinates_whole_cluster:
            return self
        regions = [role.region_id for role in person.coordinator_roles]
        there = Affiliation.objects.active().filter(institution__region__in=regions)
        return self.filter(person__in=there.values("person"))

    def kept_by(self, person):
        """Mentors on the desk of a coordinator: never oneself, whom somebody else admits and clears."""
        return self.around(person).exclude(person=person)

    def visible_to(self, person):
        """Oneself; all for coordinators; whoever said yes to a request of one's own, or helps one or one's child."""
        if person.is_coordinator:
            return self
        met = ["active", "completed", "dissolved"]
        own = Q(pairings__request__by=person, pairings__state__in=["accepted", *met])
        student = Q(pairings__students__person=person)
        child = Q(
            pairings__students__person__guarded_by__guardian=person,
            pairings__students__person__guarded_by__ended_at=None,
        )
        return self.filter(Q(person=person) | own | student | child).distinct()

    def with_people(self):
        """With what a list shows of each: the person, where they work now (`person.current`), their themes."""
        current = Affiliation.objects.active().select_related("institution").order_by("pk")
        people = Prefetch("person__affiliations", queryset=current, to_attr="current")
        return self.select_related("person", "clearance_by").prefetch_related(people, "directions")

    def clearance_ends_by(self, day):
        """Admitted mentors whose clearance is over, or will be by a day; those who never had one are not among them."""
        return self.admitted().filter(clearance_until__lte=day)

    def to_resume_on(self, day):
        """Paused mentors who meant to come back by a day."""
        return self.filter(state=Mentor.State.PAUSED, paused_until__lte=day)


class Mentor(models.Model):
    """That somebody mentors: what they know, how much time they have, and until when they may work with minors."""

    class State(models.TextChoices):
        OFFERED = "offered", pgettext_lazy("mentor", "Offered")
        ACTIVE = "active", pgettext_lazy("mentor", "Mentor")
        PAUSED = "paused", pgettext_lazy("mentor", "Paused")
        DECLINED = "declined", _("Declined")
        ENDED = "ended", pgettext_lazy("mentor", "Ended")

    MOVES = {
        "admit": move([State.OFFERED], State.ACTIVE, _("Admit"), _("They are a mentor now; a mail says so.")),
        "decline": move([State.OFFERED], State.DECLINED, _("Decline"), _("They are told, with your reason.")),
        "pause": move([State.ACTIVE], State.PAUSED, _("Pause"), _("You get no new requests until you resume.")),
        "resume": move([State.PAUSED], State.ACTIVE, _("Resume"), _("You can be asked again.")),
        "end": move(
            [State.OFFERED, State.ACTIVE, State.PAUSED],
            State.ENDED,
            _("Stop mentoring"),
            _("You are no mentor any more."),
        ),
        "offer": move(
            [State.DECLINED, State.ENDED], State.OFFERED, _("Offer again"), _("A coordinator looks at it and answers.")
        ),
    }
    HERE = (State.ACTIVE, State.PAUSED)
    AUDITED = ("hours_a_month", "places", "clearance_until", "paused_until")

    public_id = PublicIdField()
    person = models.OneToOneField(Person, models.PROTECT, related_name="mentor")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OFFERED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    offered_at = models.DateTimeField(default=now, editable=False)
    about = models.TextField(
        _("about me"), max_length=3_000, help_text=_("What you do, and how you like to work. Guardians read it too.")
    )
    directions = models.ManyToManyField(
        Direction, blank=True, related_name="mentors", verbose_name=_("themes I know about")
    )
    contests = ArrayField(
        models.CharField(max_length=160),
        verbose_name=_("competitions and olympiads I know"),
        default=list,
        blank=True,
        size=30,
    )
    help = ArrayField(
        models.CharField(max_length=10, choices=Help.choices), verbose_name=_("how I can help"), default=list
    )
    languages = ArrayField(models.CharField(max_length=5), verbose_name=_("languages"), default=list)
    formats = ArrayField(
        models.CharField(max_length=6, choices=Format.choices), verbose_name=_("we meet"), default=list
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        verbose_name=_("days on which I have time"),
        default=list,
        blank=True,
        help_text=_("None chosen means: it depends."),
    )
    time_zone = models.CharField(_("time zone"), max_length=40, validators=[validate_time_zone])
    hours_a_month = models.PositiveSmallIntegerField(
        _("hours a month"), default=4, validators=[MinValueValidator(1), MaxValueValidator(160)]
    )
    places = models.PositiveSmallIntegerField(
        _("pairings at a time"), default=1, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    paused_until = models.DateField(_("paused until"), null=True, blank=True)
    clearance_until = models.DateField(_("cleared for work with minors until"), null=True, blank=True, editable=False)
    clearance_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    declined_because = models.CharField(_("reason"), max_length=300, blank=True, editable=False)

    objects = MentorQuerySet.as_manager()

    class Meta:
        verbose_name = _("mentor")
        verbose_name_plural = _("mentors")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(paused_until=None) | Q(state="paused"), name="mentor_paused_until_only_while_paused"
            ),
        ]

    def __str__(self):
        return f"{self.person_id}"

    def get_absolute_url(self):
        return reverse("mentorship:mentor", args=[self.public_id])

    def is_cleared_on(self, day):
        """Whether the clearance for work with minors holds on a day."""
        return lasts(self.clearance_until, day)
