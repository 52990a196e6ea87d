from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.models.agreements import Agreement, Clause
from members.models.institutions import Direction, Institution
from members.models.people import Person


class InitiativeQuerySet(models.QuerySet):
    def public(self):
        """Initiatives that everybody may see: whatever was published, also when it is over."""
        return self.exclude(state=Initiative.State.DRAFT)

    def under_way(self):
        """Published initiatives that are not over."""
        return self.filter(state=Initiative.State.PUBLISHED)

    def visible_to(self, person):
        """Public ones for everybody; drafts for coordinators and for those who answer for the responsible one."""
        if not person.is_authenticated:
            return self.public()
        if person.coordinates_whole_cluster:
            return self
        regions = [role.region_id for role in person.coordinator_roles]
        own = Q(responsible__in=person.spoken_for) | Q(responsible__region__in=regions)
        return self.filter(~Q(state=Initiative.State.DRAFT) | own)

    def editable_by(self, person):
        """Initiatives that this person keeps: led by an institution they speak for, or in a region they coordinate."""
        return self.filter(responsible__in=Institution.objects.invitable_by(person))

    def of_institution(self, institution):
        """Initiatives that an institution answers for or takes part in."""
        taking_part = Initiative.participants.through.objects.filter(initiative=OuterRef("pk"), institution=institution)
        return self.filter(Q(responsible=institution) | Exists(taking_part))

    def institutions(self):
        """The institutions that answer for these initiatives or take part in them."""
        taking_part = Initiative.participants.through.objects.filter(initiative__in=self).values("institution")
        return Institution.objects.filter(Q(pk__in=self.values("responsible")) | Q(pk__in=taking_part))

    def with_parts(self):
        """With all that the page of one shows: participants, milestones, notes, agreement and clause."""
        rows = self.select_related("responsible", "agreement", "clause__agreement")
        return rows.prefetch_related("participants", "milestones", "notes__milestone", "notes__by")

    def for_lists(self, day):
        """With what a list shows, and whether each `is_late` on a day; those under way first, then the newest."""
        late = Initiative.objects.overdue_on(day).filter(pk=OuterRef("pk"))
        under_way = models.Case(
            models.When(state=Initiative.State.DRAFT, then=0),
            models.When(state=Initiative.State.PUBLISHED, then=1),
            default=2,
        )
        rows = self.select_related("responsible").prefetch_related("directions").annotate(is_late=Exists(late))
        return rows.order_by(under_way, "-starts_on", "pk")

    def overdue_on(self, day):
        """Published initiatives with a milestone that is past its due date, or past their own end."""
        late = Milestone.objects.overdue_on(day).filter(initiative=OuterRef("pk"))
        return self.filter(state=Initiative.State.PUBLISHED).filter(Exists(late) | Q(ends_on__lt=day))


class Initiative(models.Model):
    """What institutions undertake together: a project, or a commitment of an agreement."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Under way")
        COMPLETED = "completed", _("Completed")
        ABANDONED = "abandoned", _("Given up")

    MOVES = {
        "publish": move([State.DRAFT], State.PUBLISHED, _("Publish"), _("Published: everybody sees it now.")),
        "complete": move([State.PUBLISHED], State.COMPLETED, _("Complete"), _("Completed. Its outcome is shown.")),
        "abandon": move([State.PUBLISHED], State.ABANDONED, _("Give up"), _("Given up. Its page says so.")),
        "resume": move([State.COMPLETED, State.ABANDONED], State.PUBLISHED, _("Resume"), _("It is under way again.")),
    }
    AUDITED = ("starts_on", "ends_on")

    public_id = PublicIdField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    title = models.CharField(_("title"), max_length=160)
    summary = models.TextField(_("what it is for"), max_length=2000, blank=True)
    directions = models.ManyToManyField(Direction, blank=True, related_name="initiatives", verbose_name=_("themes"))
    agreement = models.ForeignKey(
        Agreement, models.PROTECT, null=True, blank=True, related_name="initiatives", verbose_name=_("agreement")
    )
    clause = models.ForeignKey(
        Clause, models.PROTECT, null=True, blank=True, related_name="initiatives", verbose_name=_("clause")
    )
    responsible = models.ForeignKey(
        Institution, models.PROTECT, related_name="leads_initiatives", verbose_name=_("responsible")
    )
    participants = models.ManyToManyField(
        Institution, blank=True, related_name="initiatives", verbose_name=_("taking part")
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    outcome = models.TextField(_("outcome"), max_length=5000, blank=True)

    objects = InitiativeQuerySet.as_manager()

    class Meta:
        verbose_name = _("initiative")
        verbose_name_plural = _("initiatives")
        ordering = ["-starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="initiative_ends_after_start"
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("members:initiative", args=[self.public_id])

    @property
    def is_over(self) -> bool:
        """Whether it was completed or given up: then nothing about it changes."""
        return self.state in {self.State.COMPLETED, self.State.ABANDONED}


class MilestoneQuerySet(models.QuerySet):
    def not_reached(self):
        """Milestones that are still ahead, or overdue."""
        return self.filter(reached_on=None)

    def overdue_on(self, day):
        """Milestones that should have been reached before a day and were not."""
        return self.filter(reached_on=None, due_on__lt=day)


class Milestone(models.Model):
    """A step of an initiative that is due on a day."""

    public_id = PublicIdField()
    initiative = models.ForeignKey(Initiative, models.CASCADE, related_name="milestones")
    title = models.CharField(_("milestone"), max_length=160)
    due_on = models.DateField(_("due on"))
    reached_on = models.DateField(_("reached on"), null=True, blank=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["due_on", "pk"]

    def __str__(self):
        return self.title

    def is_overdue_on(self, day) -> bool:
        """What `overdue_on` asks the database."""
        return self.reached_on is None and self.due_on < day


class ProgressNote(models.Model):
    """What was done; its evidence are the uploads about it."""

    public_id = PublicIdField()
    initiative = models.ForeignKey(Initiative, models.CASCADE, related_name="notes")
    milestone = models.ForeignKey(Milestone, models.SET_NULL, null=True, blank=True, related_name="notes")
    by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    text = models.TextField(_("what was done"), max_length=3000)

    class Meta:
        verbose_name = _("progress note")
        verbose_name_plural = _("progress notes")
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.initiative_id} {self.at:%Y-%m-%d}"
