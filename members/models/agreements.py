from datetime import date, timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest, Least
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.models.binding import (
    agreement_in_force,
    bound_from,
    bound_until,
    came_to_bind,
    day_after,
    of_network,
    overlapping,
    party_binding,
)


class AgreementQuerySet(models.QuerySet):
    def drafts_or_open(self):
        """Agreements that still have to be concluded."""
        return self.filter(state__in=[Agreement.State.DRAFT, Agreement.State.OPEN])

    def open(self):
        """Agreements that wait for signatures."""
        return self.filter(state=Agreement.State.OPEN)

    def ending_between(self, first, last):
        """Agreements in force whose last day lies in a span, the soonest first: what expiry notices are about."""
        rows = self.filter(agreement_in_force(first), terminated_on=None, amends=None, valid_until__isnull=False)
        return (
            rows.annotate(ends_after=Greatest("valid_until", "prolonged_until"))
            .filter(ends_after__gte=first, ends_after__lte=last)
            .order_by("ends_after", "pk")
        )

    def renewals_under_way(self):
        """The addenda, drafted or open for signature, that are to prolong what they amend."""
        return self.drafts_or_open().filter(prolongs_until__isnull=False).order_by("pk")

    def binding_when_they_end(self, institutions):
        """Of `ending_between`: what one of these signed and has not left, or belongs by on the last day as covered."""
        it, last_day = models.OuterRef("pk"), models.OuterRef("ends_after")
        staying = Party.objects.signed_and_staying()
        signed = staying.filter(Q(agreement=it) | Q(agreement__amends=it), institution__in=institutions)
        rolls = Coverage.objects.reaching(last_day, last_day).filter(of_network("party__agreement__"))
        rolls = rolls.filter(Q(party__agreement=it) | Q(party__agreement__amends=it), party__in=staying)
        return self.filter(models.Exists(signed) | models.Exists(rolls.filter(institution__in=institutions)))

    def lacking_a_lead(self):
        """Accessions to what was led, on their way, whose leads have all left it: nobody signs them for the others."""
        own = Party.objects.filter(agreement=models.OuterRef("pk")).leads()
        led = Party.objects.filter(agreement=models.OuterRef("amends")).leads()
        rows = self.drafts_or_open().filter(models.Exists(led), prolongs_until=None)
        return rows.exclude(models.Exists(own.exclude(pk__in=Party.objects.left().values("pk"))))

    def waiting_for_signature_of(self, institutions):
        """Open agreements that one of these institutions has not signed yet."""
        return self.open().filter(
            models.Exists(Party.objects.to_ask().filter(agreement=models.OuterRef("pk"), institution__in=institutions))
        )

    def ready_to_conclude(self):
        """Open agreements that everybody has signed who is still asked."""
        rows = self.open().exclude(pk__in=Agreement.objects.lacking_a_lead().values("pk"))
        of_it = Party.objects.filter(agreement=models.OuterRef("pk"))
        return rows.filter(models.Exists(of_it.filter(signed_on__isnull=False)), ~models.Exists(of_it.to_ask()))

    def for_desk(self):
        """As `for_lists`, with what still has to be concluded on top."""
        pending = models.Case(models.When(state__in=[Agreement.State.DRAFT, Agreement.State.OPEN], then=0), default=1)
        return self.for_lists().order_by(pending, "-valid_from", "pk")

    def for_lists(self):
        """With how many parties there are and how many have signed, the newest first."""
        signed = Q(parties__signed_on__isnull=False)
        counted = self.annotate(
            party_count=models.Count("parties", distinct=True),
            signed_count=models.Count("parties", filter=signed, distinct=True),
        )
        return counted.order_by("-valid_from", "pk")

    def visible_to(self, person):
        """Everybody sees what has been concluded; coordinators see all, heads and contacts the open ones of theirs."""
        concluded = Q(concluded_on__isnull=False)
        if not person.is_authenticated:
            return self.filter(concluded)
        if person.coordinates_whole_cluster:
            return self
        return self.filter(
            concluded | Q(state=Agreement.State.OPEN, parties__institution__in=person.spoken_for)
        ).distinct()


class Agreement(models.Model):
    """A signed text that binds institutions: the root of every right in the portal."""

    class Kind(models.TextChoices):
        NETWORK = "network", _("Network collaboration agreement")
        MEMORANDUM = "memorandum", _("Memorandum")
        COOPERATION = "cooperation", _("Cooperation agreement")
        ADDENDUM = "addendum", _("Addendum")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open for signature")
        CONCLUDED = "concluded", _("Concluded")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        TERMINATED = "terminated", _("Terminated")

    MOVES = {
        "open": move(
            [State.DRAFT],
            State.OPEN,
            _("Open it for signature"),
            _("Opened: the heads of its parties are asked to sign."),
        ),
        "conclude": move([State.OPEN], State.CONCLUDED, _("Conclude"), _("Concluded: its rights hold from now on.")),
        "withdraw": move(
            [State.DRAFT, State.OPEN],
            State.WITHDRAWN,
            _("Withdraw"),
            _("Given up. Nobody is asked to sign it any more."),
        ),
        "terminate": move([State.CONCLUDED], State.TERMINATED, _("Terminate")),
    }

    public_id = PublicIdField()
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    amends = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="addenda")
    title = models.CharField(_("title"), max_length=200)
    number = models.CharField(_("number"), max_length=40, blank=True)
    place = models.CharField(_("place of signing"), max_length=120, blank=True)
    occasion = models.CharField(_("occasion of signing"), max_length=200, blank=True)
    text = models.ForeignKey("cluster_portal.Upload", models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    concluded_on = models.DateField(_("concluded on"), null=True, blank=True, editable=False)
    terminated_on = models.DateField(_("terminated on"), null=True, blank=True, editable=False)
    prolongs_until = models.DateField(
        _("prolongs it until"), null=True, blank=True, help_text=_("Only for an addendum that renews what it amends.")
    )
    prolonged_until = models.DateField(_("prolonged until"), null=True, blank=True, editable=False)
    terminated_because = models.CharField(_("why it was terminated"), max_length=300, blank=True, editable=False)

    AUDITED = ("kind", "valid_from", "valid_until", "prolongs_until", "prolonged_until", "terminated_on")
    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["-valid_from", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["concluded", "terminated"], concluded_on__isnull=False)
                | ~Q(state__in=["concluded", "terminated"]) & Q(concluded_on=None),
                name="agreement_concluded_on_exactly_when_concluded",
            ),
            models.CheckConstraint(
                condition=Q(state="terminated", terminated_on__isnull=False)
                | ~Q(state="terminated") & Q(terminated_on=None),
                name="agreement_terminated_on_exactly_when_terminated",
            ),
            models.CheckConstraint(
                condition=Q(kind="addendum", amends__isnull=False) | ~Q(kind="addendum") & Q(amends=None),
                name="agreement_addendum_amends",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="agreement_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(amends=None) | Q(valid_until=None), name="agreement_addendum_ends_with_what_it_amends"
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("members:agreement", args=[self.public_id])

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_concluded(self) -> bool:
        return self.state == self.State.CONCLUDED

    @property
    def last_day(self) -> date | None:
        """The last day of its validity, prolonged or not; None where it has none. Termination is another matter."""
        return self.valid_until and max(self.valid_until, self.prolonged_until or self.valid_until)

    @property
    def makes_members(self) -> bool:
        """Whether its parties are members: the network agreement, or an addendum to it."""
        return self.Kind.NETWORK in {self.kind, self.amends and self.amends.kind}

    def is_in_force_on(self, day) -> bool:
        """Whether this agreement is in force on a day."""
        return (
            self.concluded_on is not None
            and self.concluded_on <= day
            and self.valid_from <= day
            and (self.last_day is None or self.last_day >= day)
            and (self.terminated_on is None or self.terminated_on > day)
        )

    def ends_later(self, day) -> bool:
        """Whether it is terminated for a day that still lies ahead."""
        return self.terminated_on is not None and self.terminated_on > day

    def renewal_under_way(self) -> "Agreement | None":
        """The addendum that is to prolong it, drafted or open for signature."""
        return self.addenda.renewals_under_way().first()

    def lacks_a_lead(self) -> bool:
        """Whether nobody is left who signs this accession for those who are bound."""
        return Agreement.objects.lacking_a_lead().filter(pk=self.pk).exists()


class PartyQuerySet(models.QuerySet):
    def unsigned(self):
        """Parties whose signature is still missing."""
        return self.filter(signed_on=None)

    def left(self):
        """Parties that sign their addendum no more: they have left what it amends, or announced it.

        That is everybody of a renewal, and the leads of an accession: a newcomer may be one that left and comes back.
        """
        same = Party.objects.annotate(root=Coalesce("agreement__amends", "agreement"))
        same = same.filter(root=models.OuterRef("agreement__amends"), institution=models.OuterRef("institution"))
        gone = models.Exists(same.filter(withdrawn_on__isnull=False)) & ~models.Exists(same.signed_and_staying())
        asked = Q(role=Party.Role.LEAD) | Q(agreement__prolongs_until__isnull=False)
        return self.unsigned().filter(gone, asked, agreement__amends__isnull=False)

    def to_ask(self):
        """Parties that still have to sign: the one rule of it, for conclusion, desk, lists and mail."""
        return self.unsigned().exclude(pk__in=Party.objects.left().values("pk"))

    def for_desk(self):
        """With what a line at the desk shows: institution, who signed, how many it covers."""
        return self.select_related("institution", "signed_by", "scan").annotate(covered=models.Count("coverages"))

    def of_family(self, agreement):
        """Parties of an agreement and of everything that amends it."""
        root = agreement.amends_id or agreement.pk
        return self.filter(Q(agreement=root) | Q(agreement__amends=root))

    def signed_and_staying(self):
        """Parties that signed what was concluded, and have not announced that they withdraw."""
        return self.filter(signed_on__isnull=False, withdrawn_on=None, agreement__state=Agreement.State.CONCLUDED)

    def binding_on(self, day, network: bool):
        """Parties that are bound on a day by a network agreement (its addenda too), or by another kind."""
        kind = of_network("agreement__")
        return self.filter(party_binding(day), kind if network else ~kind)

    def leads(self):
        """Parties that lead."""
        return self.filter(role=Party.Role.LEAD)

    def was_bound_before(self, day):
        """Parties that were bound by a network agreement at some time before a day."""
        return self.bound_between(date.min, day - timedelta(days=1))

    def bound_between(self, first, last):
        """Parties that were bound by a network agreement on one of the days from first to last."""
        terms = self.annotate(bound_from=bound_from(), bound_until=bound_until())
        return terms.filter(came_to_bind(), overlapping(first, last))


class Party(models.Model):
    """An institution among those that an agreement binds."""

    class Role(models.TextChoices):
        LEAD = "lead", _("Lead")
        PARTY = "party", _("Party")

    class How(models.TextChoices):
        ONLINE = "online", _("Online")
        PAPER = "paper", _("On paper")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="parties")
    institution = models.ForeignKey("members.Institution", models.PROTECT, related_name="parties")
    role = models.CharField(_("role"), max_length=6, choices=Role.choices, default=Role.PARTY)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    signatory = models.CharField(_("signed by"), max_length=200, blank=True)
    how = models.CharField(_("how"), max_length=6, choices=How.choices, blank=True, editable=False)
    signed_by = models.ForeignKey(
        "members.Person", models.PROTECT, null=True, blank=True, related_name="signatures", editable=False
    )
    signed_at = models.DateTimeField(_("moment of signing"), null=True, blank=True, editable=False)
    signed_sha256 = models.CharField(_("SHA-256 of what was shown"), max_length=64, blank=True, editable=False)
    scan = models.ForeignKey(
        "cluster_portal.Upload", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    withdrawn_because = models.CharField(_("why it withdrew"), max_length=300, blank=True, editable=False)

    objects = PartyQuerySet.as_manager()

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["role", "institution__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "institution"], name="party_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_on=None) | Q(signed_on__isnull=False, withdrawn_on__gte=F("signed_on")),
                name="party_withdraws_after_signing",
            ),
            models.CheckConstraint(
                condition=~Q(how="online") | Q(signed_by__isnull=False, signed_at__isnull=False) & ~Q(signed_sha256=""),
                name="party_signed_online_by_somebody_who_saw_it",
            ),
        ]

    def __str__(self):
        return f"{self.institution} {self.agreement}"

    def is_member_on(self, day) -> bool:
        """What `binding_on(day, network=True)` asks the database, of a party that is here with its agreement."""
        return self.agreement.makes_members and self.is_bound_on(day)

    def is_bound_on(self, day) -> bool:
        """Whether it is bound on a day: signed, not withdrawn, the agreement and what that amends in force."""
        signed = self.signed_on is not None and self.signed_on <= day
        amended = self.agreement.amends
        return (
            signed
            and (self.withdrawn_on is None or self.withdrawn_on > day)
            and self.agreement.is_in_force_on(day)
            and (amended is None or amended.is_in_force_on(day))
        )

    def unbound_from(self) -> date | None:
        """The first day on which this party is not bound any more, as far as the documents say."""
        texts = [it for it in (self.agreement, self.agreement.amends) if it]
        last_days = [it.last_day + timedelta(days=1) for it in texts if it.last_day]
        ends = [self.withdrawn_on, *(it.terminated_on for it in texts), *last_days]
        return min((day for day in ends if day), default=None)


class CoverageQuerySet(models.QuerySet):
    def in_force_on(self, day):
        """Coverage in force on a day through a bound party of a network agreement."""
        return self.filter(
            party_binding(day, "party__"),
            of_network("party__agreement__"),
            Q(until=None) | Q(until__gte=day),
            since__lte=day,
        )

    def was_in_force_before(self, day):
        """Coverage that was in force at some time before a day."""
        return self.in_force_between(date.min, day - timedelta(days=1))

    def in_force_between(self, first, last):
        """Coverage that was in force on one of the days from first to last."""
        terms = self.annotate(
            bound_from=Greatest("since", bound_from("party__")),
            bound_until=Least(day_after("until"), bound_until("party__")),
        )
        return terms.filter(came_to_bind("party__"), overlapping(first, last))

    def lapsing_with(self, agreement):
        """Coverage that is in force on the last day of an agreement, by whoever stays in it until then."""
        staying = Party.objects.of_family(agreement).signed_and_staying()
        return self.in_force_on(agreement.last_day).filter(party__in=staying)

    def ending_before_its_party_on(self, day):
        """Coverage whose own last day this is, while its party stays bound."""
        return self.in_force_on(day).filter(party_binding(day + timedelta(days=1), "party__"), until=day)

    def last_days_among(self, days):
        """Which of these days are the last of any coverage: one cheap question, asked before the dear ones."""
        return set(self.filter(until__in=set(days)).values_list("until", flat=True))

    def reaching(self, first, last):
        """Coverage whose own dates meet a span (without a last day when `last` is None)."""
        rows = self.filter(Q(until=None) | Q(until__gte=first))
        return rows if last is None else rows.filter(since__lte=last)


class Coverage(models.Model):
    """An institution that a party brings with it: a school under an authority, a name on an association's roll."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="coverages")
    institution = models.ForeignKey("members.Institution", models.PROTECT, related_name="coverages")
    since = models.DateField(_("from"))
    until = models.DateField(_("to"), null=True, blank=True)
    document = models.CharField(_("document"), max_length=200)
    entered_on = models.DateField(_("entered on"), null=True, blank=True, editable=False)

    objects = CoverageQuerySet.as_manager()

    class Meta:
        verbose_name = _("coverage")
        verbose_name_plural = _("coverages")
        ordering = ["institution__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["party", "institution", "since"], name="coverage_once"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="coverage_ends_after_start"
            ),
        ]

    def __str__(self):
        return f"{self.institution} {self.party}"

    @property
    def entered_late(self) -> date | None:
        """The day on which the portal learnt of it, where that rewrote days that had been: pages say so."""
        concluded = self.party.agreement.concluded_on
        if self.entered_on is None or concluded is None or self.entered_on <= max(self.since, concluded):
            return None
        return self.entered_on

    def names_on(self, day) -> bool:
        """Whether the roll names the institution on a day; whether its party is bound then is another matter."""
        return self.since <= day and (self.until is None or self.until >= day)


class ClauseQuerySet(models.QuerySet):
    def with_rights(self):
        """Clauses that grant any right."""
        return self.exclude(right="")


class Clause(models.Model):
    """A numbered sentence of an agreement; it may grant a right that pages cite."""

    class Right(models.TextChoices):
        COURSES = "course", _("Taking part in courses")
        WORKSHOPS = "workshop", _("Taking part in workshops")
        EVENTS = "event", _("Taking part in events")
        COMPETITIONS = "competition", _("Entering competitions")
        MENTORSHIP = "mentorship", _("Asking for a mentor")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="clauses")
    number = models.CharField(_("number"), max_length=20)
    text = models.TextField(_("text"))
    right = models.CharField(_("right"), max_length=12, choices=Right.choices, blank=True)
    places = models.PositiveSmallIntegerField(_("places per institution"), null=True, blank=True)
    since = models.DateField(_("from"), null=True, blank=True)

    objects = ClauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        ordering = ["agreement", "pk"]
        constraints = [models.UniqueConstraint(fields=["agreement", "number"], name="clause_once")]

    def __str__(self):
        return f"§ {self.number}"

    def get_absolute_url(self):
        return f"{self.agreement.get_absolute_url()}#{self.anchor}"

    @property
    def anchor(self) -> str:
        return f"clause-{self.number}"
