from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.prepared import prepared
from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.consent import without_consent
from members.models import Affiliation, Coordinator, Institution, Person, Purpose


class EnrolmentQuerySet(models.QuerySet):
    def leading(self):
        """Enrolments of those who lead the same run themselves: its instructors and its coordinators."""
        taught = Person.instructs.through.objects.filter(run=OuterRef("run"), person=OuterRef("person"))
        kept = Q(region=None) | Q(region=OuterRef("run__host__region"))
        keeps = Coordinator.objects.now().filter(kept, person=OuterRef("person"))
        return self.filter(Exists(taught) | Exists(keeps))

    def asked_how_it_was(self):
        """Whose word on their run counts as feedback: those who are in it for certain and do not lead it."""
        return self.confirmed().exclude(pk__in=Enrolment.objects.leading().values("pk"))

    def live(self):
        """Enrolments that are neither over nor refused."""
        return self.filter(state__in=Enrolment.LIVE)

    def confirmed(self):
        """Enrolments that give a place for certain."""
        return self.filter(state=Enrolment.State.CONFIRMED)

    def newest(self):
        """The latest attempts first."""
        return self.order_by("-pk")

    def for_own_page(self):
        """With what a person's own page shows, the newest first."""
        return self.select_related("run__course", "run__host", "pool").order_by("-pk")

    def in_queue(self):
        """Who waits, first come first served."""
        return self.filter(state=Enrolment.State.WAITING).order_by("queued_at", "pk")

    def offered_in(self, institution):
        """Places offered to people of an institution, with what a line about them shows."""
        rows = self.filter(state=Enrolment.State.OFFERED, affiliation__institution=institution)
        return rows.select_related("person", "run__course").order_by("pk")

    def held(self):
        """Places that are held until consent or approval comes."""
        return self.filter(state=Enrolment.State.HELD)

    def not_approved(self):
        """Latest attempts in a run that its coordinator did not approve."""
        later = Enrolment.objects.filter(run=OuterRef("run"), person=OuterRef("person"), pk__gt=OuterRef("pk"))
        return self.filter(~Exists(later)).exclude(refusal="")

    def taking(self):
        """Enrolments that count as taken."""
        return self.filter(state__in=Enrolment.TAKING)

    def overdue(self, at):
        """Offers and holds whose deadline has passed."""
        offers = Q(state=Enrolment.State.OFFERED, offered_until__lte=at)
        return self.filter(offers | Q(state=Enrolment.State.HELD, held_until__lte=at))

    def expecting_mail(self):
        """People to be told when something about the run changes: confirmed, held, offered or waiting."""
        return self.live().exclude(state=Enrolment.State.ASKED)

    def by_state(self):
        """State in words and how many people are in it, for each state that has any."""
        counted = self.order_by().values_list("state").annotate(models.Count("pk"))
        return [(Enrolment.State(state).label, count) for state, count in sorted(counted)]

    def for_roster(self):
        """With what a line of the roster shows: who takes a place first, then the queue in its order."""
        rows = self.live().select_related("person", "pool", "affiliation__institution").prefetch_related("answers")
        return rows.in_roster_order()

    def in_roster_order(self):
        """Who takes a place first, by name, then the queue in its order."""
        rank = models.Case(*(models.When(state=state, then=rank) for rank, state in enumerate(Enrolment.ROSTER)))
        in_queue = models.Case(models.When(state=Enrolment.State.WAITING, then="queued_at"))
        return self.order_by(rank, in_queue, "person__sort_name", "pk")

    def on_roster(self):
        """Key, state and pool of each line of the roster: thousands are sorted, so without what the lines show."""
        return self.live().in_roster_order().values_list("pk", "state", "pool")

    def visible_to(self, person):
        """One's own; those in the runs that one coordinates."""
        if person.coordinates_whole_cluster:
            return self
        regions = [role.region_id for role in person.coordinator_roles]
        return self.filter(Q(person=person) | Q(run__host__region__in=regions))

    def awaiting_approval(self):
        """Places held until the coordinator of the run approves."""
        return self.held().filter(run__needs_approval=True, run__state="published", approved_at=None)

    def awaiting_approval_of(self, person):
        """Who waits for this coordinator, who came first at the top, with what a line of the list shows."""
        mine = self.awaiting_approval().visible_to(person).exclude(person=person)
        return mine.select_related("person", "affiliation__institution", "run__course").order_by("state_since", "pk")

    def without_right(self, day):
        """Live enrolments in published runs whose ground is gone: affiliation, membership, or a child's consent."""
        here = OuterRef("affiliation__institution")
        member = Exists(Institution.objects.members_on(day).filter(pk=here))
        partner = Exists(Institution.objects.partners_on(day).filter(pk=here))
        admitted = Q(run__admits="everyone") | Q(member) | Q(run__admits="partners") & Q(partner)
        still = Affiliation.objects.active().filter(person=OuterRef("person"), institution=here)  # in another role
        ended = Q(affiliation__isnull=False) & ~Q(affiliation__state=Affiliation.State.ACTIVE) & ~Exists(still)
        rows = self.live().filter(run__state="published")
        confirmed = rows.confirmed().order_by().values("person")  # whoever is held waits for the consent itself
        lacking = without_consent(Person.objects.filter(pk__in=confirmed), Purpose.TAKING_PART, day)
        return rows.filter(ended | ~admitted | Q(person__in=lacking, state=Enrolment.State.CONFIRMED))


class Enrolment(models.Model):
    """One person's way through one run. A new attempt is a new row; one live row per run and person."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        HELD = "held", _("Place held")
        WAITING = "waiting", _("In the queue")
        OFFERED = "offered", _("Place offered")
        CONFIRMED = "confirmed", _("Confirmed")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("Not answered in time")
        CANCELLED = "cancelled", _("Ended")

    LIVE = (State.ASKED, State.HELD, State.WAITING, State.OFFERED, State.CONFIRMED)
    TAKING = (State.HELD, State.OFFERED, State.CONFIRMED)
    ROSTER = (State.CONFIRMED, State.HELD, State.OFFERED, State.WAITING, State.ASKED)  # the order of its lists
    MOVES = {
        "hold": move([State.ASKED, State.OFFERED], State.HELD, _("Hold the place")),
        "confirm": move([State.ASKED, State.HELD], State.CONFIRMED, _("Confirm")),
        "wait": move([State.ASKED], State.WAITING, _("Put in the queue")),
        "offer": move([State.WAITING], State.OFFERED, _("Offer the place")),
        "accept": move(
            [State.OFFERED],
            State.CONFIRMED,
            _("Take the place"),
            _("The place is taken. A mail says what comes next."),
        ),
        "decline": move(
            [State.OFFERED], State.DECLINED, _("Decline"), _("The offer is declined. The place is free for others.")
        ),
        "refuse": move([State.HELD], State.DECLINED, _("Refuse"), _("The place is free again, and a mail says why.")),
        "lapse": move([State.HELD, State.OFFERED], State.LAPSED, _("Let lapse")),
        "cancel": move(LIVE, State.CANCELLED, _("Leave"), _("The place is free again, and a mail confirms it.")),
    }

    public_id = PublicIdField()
    run = models.ForeignKey("courses.Run", models.PROTECT, related_name="enrolments")
    pool = models.ForeignKey("courses.Pool", models.PROTECT, related_name="enrolments")
    person = models.ForeignKey("members.Person", models.PROTECT, related_name="enrolments")
    affiliation = models.ForeignKey(
        "members.Affiliation", models.PROTECT, null=True, blank=True, related_name="enrolments"
    )
    clause = models.ForeignKey("members.Clause", models.PROTECT, null=True, blank=True, related_name="enrolments")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    asked_at = models.DateTimeField(default=now, editable=False)
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    offered_until = models.DateTimeField(null=True, blank=True, editable=False)
    held_until = models.DateTimeField(null=True, blank=True, editable=False)
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    refusal = models.CharField(_("why not"), max_length=300, blank=True, editable=False)
    feedback_on = models.DateField(_("feedback given on"), null=True, blank=True, editable=False)
    booking = models.ForeignKey(
        "courses.ClassBooking", models.PROTECT, null=True, blank=True, related_name="enrolments", editable=False
    )

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "person"],
                condition=Q(state__in=["asked", "held", "waiting", "offered", "confirmed"]),
                name="one_live_enrolment_per_run_and_person",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", offered_until__isnull=False) | ~Q(state="offered") & Q(offered_until=None),
                name="offer_has_a_deadline_exactly_when_offered",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(queued_at__isnull=False), name="waiting_since_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="held", held_until__isnull=False) | ~Q(state="held") & Q(held_until=None),
                name="held_until_a_time_exactly_when_held",
            ),
        ]
        indexes = [
            models.Index(fields=["pool", "queued_at", "id"], condition=Q(state="waiting"), name="enrolment_queue"),
            models.Index(fields=["offered_until"], condition=Q(state="offered"), name="enrolment_offers"),
            models.Index(fields=["held_until"], condition=Q(state="held"), name="enrolment_held"),
            models.Index(fields=["run", "state"], name="enrolment_by_run"),
            models.Index(fields=["person", "state"], name="enrolment_by_person"),
        ]

    def __str__(self):
        return f"{self.public_id} {self.state}"

    @property
    def is_live(self) -> bool:
        """Whether this enrolment is neither over nor refused."""
        return self.state in self.LIVE

    @property
    def takes_place(self) -> bool:
        """Whether this enrolment counts as taken."""
        return self.state in self.TAKING

    @property
    def institution(self) -> int | None:
        """The key of the institution through which it was made: reserves and limits count by it."""
        return self.affiliation.institution_id if self.affiliation else None

    @property
    def limit(self) -> int | None:
        """How many places its clause gives one institution, if it says so."""
        return self.clause.places if self.clause else None

    @property
    def approval_is_missing(self) -> bool:
        """Whether the run's coordinator has yet to approve it."""
        return self.run.needs_approval and self.approved_at is None

    @property
    def is_online(self) -> bool:
        """Whether this person takes part online: only they are told of the joining link."""
        return self.pool.sort == "online"

    @property
    def hands_in_work(self) -> bool:
        """Whether this person hands in a final work, or reads what became of it: also after the run was closed."""
        return self.run.needs_work and self.state == self.State.CONFIRMED and self.run.state in {"published", "closed"}

    def is_in(self, session) -> bool:
        """Whether a session of the run is for this person: one that people choose only with a seat in it."""
        if not session.has_own_places:
            return True
        return any(it.session_id == session.pk and it.state == "confirmed" for it in self.seats.all())

    def place_in_queue(self) -> int | None:
        """1 for who is next, None for who does not wait."""
        if self.state != self.State.WAITING:
            return None
        queue = type(self).objects.in_queue().filter(pool=self.pool_id)
        ahead = Q(queued_at__lt=self.queued_at) | Q(queued_at=self.queued_at, pk__lt=self.pk)
        return queue.filter(ahead).count() + 1


def newest_of(person, run):
    """The latest attempt of a person in a run, or None; a page has read it with the run."""
    known = vars(run).get("_newest_of", {})
    if person.pk not in known:
        keep_newest(person, run, newest_in(person=person.pk, run=run.pk))
    return vars(run)["_newest_of"][person.pk]


def keep_newest(person, run, found):
    """Let `newest_of` know what was found, with all that their page has fetched of person and run."""
    for it in found:
        it.person, it.run = person, run
    vars(run)["_newest_of"] = {person.pk: next(iter(found), None)}


@prepared
def newest_in(person, run):
    return Enrolment.objects.newest().filter(person=person, run=run)[:1]
