from collections import defaultdict

from django.db import models
from django.db.models.functions import TruncDate
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.search import folded
from cluster_portal.states import move
from members.models.agreements import Agreement, Party
from members.models.binding import of_network
from members.models.cluster import Cluster
from members.models.institutions import Institution, Region
from members.models.people import Person


class ApplicationQuerySet(models.QuerySet):
    def hoping_on(self, day):
        """Those accepted by a day whose accession had not been given up by then, and is not begun anew."""
        gone_on = TruncDate("addendum__state_since", tzinfo=Cluster.current().zone)
        on_its_way = Agreement.objects.drafts_or_open().filter(of_network(), prolongs_until=None)
        joins = Party.objects.filter(institution=models.OuterRef("institution"), role=Party.Role.PARTY)
        anew = models.Exists(joins.filter(agreement__in=on_its_way))
        stands = models.Q(addendum=None) | ~models.Q(addendum__state=Agreement.State.WITHDRAWN)
        return self.accepted_by(day).annotate(gone_on=gone_on).filter(stands | models.Q(gone_on__gt=day) | anew)

    def waiting(self):
        """Applications that the coordinator has to answer, the oldest first."""
        return self.filter(state=Application.State.RECEIVED).order_by("state_since", "pk")

    def accepted_by(self, day):
        """Applications that had been accepted at the end of a day in the cluster's zone, with that day."""
        on = TruncDate("state_since", tzinfo=Cluster.current().zone)
        return self.filter(state=Application.State.ACCEPTED).annotate(accepted_on=on).filter(accepted_on__lte=day)

    def unconfirmed(self):
        """Applications whose sender has not shown yet that the address is theirs."""
        return self.filter(state=Application.State.UNCONFIRMED)

    def forgotten_before(self, moment):
        """Unconfirmed ones that were written before a moment: nobody pressed the button in the mail."""
        return self.unconfirmed().filter(received_at__lt=moment)

    def for_lists(self):
        """With what a line in a list shows: those that wait for the coordinator first, then the newest."""
        waiting = models.Case(models.When(state=Application.State.RECEIVED, then=0), default=1)
        return self.select_related("region", "applicant").order_by(waiting, "-received_at", "pk")

    def mark_doubles(self, rows):
        """Note on each of these applications which others of this queryset ask for the same name (`doubles`)."""
        by_name = defaultdict(list)
        for it in self.exclude(state=Application.State.WITHDRAWN).order_by("pk"):
            by_name[folded(it.name)].append(it)
        for row in rows:
            row.doubles = [it for it in by_name[folded(row.name)] if it.pk != row.pk]

    def visible_to(self, person):
        """Coordinators see those of their region, those of the whole cluster all; nobody else any.

        What names no region is nobody's in a region: no regional coordinator could answer for it.
        """
        confirmed = self.exclude(state=Application.State.UNCONFIRMED)
        if person.coordinates_whole_cluster:
            return confirmed
        return confirmed.filter(region__in=[role.region_id for role in person.coordinator_roles])


class Application(models.Model):
    """An institution asks to be taken into the cluster. Its applicant follows it by a signed link."""

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("Address not confirmed")
        RECEIVED = "received", _("Received")
        QUESTIONED = "questioned", _("Question to the applicant")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    OPEN = (State.RECEIVED, State.QUESTIONED)
    MOVES = {
        "confirm": move([State.UNCONFIRMED], State.RECEIVED, _("Send the application")),
        "ask_back": move([State.RECEIVED], State.QUESTIONED, _("Ask back"), _("The applicant gets your question.")),
        "answer": move([State.QUESTIONED], State.RECEIVED, _("Answer"), _("The coordinator has your answer.")),
        "accept": move(OPEN, State.ACCEPTED, _("Accept"), _("Accepted: the addendum is prepared, the head invited.")),
        "decline": move(OPEN, State.DECLINED, _("Decline"), _("Declined. A mail says why.")),
        "withdraw": move(OPEN, State.WITHDRAWN, _("Withdraw"), _("You withdrew the application.")),
    }

    public_id = PublicIdField()
    state = models.CharField(_("state"), max_length=12, choices=State.choices, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    received_at = models.DateTimeField(default=now, editable=False)
    name = models.CharField(_("name of the institution"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=Institution.Kind.choices)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="applications", verbose_name=_("region")
    )
    website = models.URLField(_("website"), blank=True)
    why = models.TextField(_("why you want to join"), max_length=3000)
    applicant = models.ForeignKey(Person, models.PROTECT, related_name="applications")
    institution = models.ForeignKey(Institution, models.PROTECT, null=True, blank=True, related_name="applications")
    addendum = models.ForeignKey("members.Agreement", models.PROTECT, null=True, blank=True, related_name="+")

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="accepted", institution__isnull=False)
                | ~models.Q(state="accepted") & models.Q(addendum=None),
                name="application_accepted_with_institution",
            )
        ]

    def __str__(self):
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided or withdrawn."""
        return self.state in self.OPEN

    @property
    def is_given_up(self) -> bool:
        """Whether it was accepted, and the addendum that was to bring the institution in has been withdrawn."""
        return self.addendum is not None and self.addendum.state == Agreement.State.WITHDRAWN

    def same_institutions(self) -> list[Institution]:
        """Institutions of the portal that are called as this one is, whatever the case."""
        wanted = folded(self.name)
        rows = Institution.objects.filter(words__contains=wanted).order_by("pk")
        return [it for it in rows if wanted in {folded(it.name), folded(it.short_name)}]


class ApplicationNote(models.Model):
    """What coordinator and applicant wrote to each other about an application."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="notes")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.TextField(_("text"), max_length=3000)
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"{self.application_id} {self.at:%Y-%m-%d}"
