from django.db import models
from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from members.models.institutions import Institution
from members.models.people import Person


class GroupQuerySet(models.QuerySet):
    def current(self):
        """Classes that are not put away."""
        return self.filter(archived_at=None)

    def for_lists(self):
        """With what a line in a list shows: how many students, and who keeps the class."""
        now_in = Count("memberships", filter=Q(memberships__until=None))
        rows = self.select_related("institution").prefetch_related("keepers").annotate(student_count=now_in)
        return rows.order_by("institution__name", "-school_year", "stage", "name", "pk")

    def visible_to(self, person):
        """Those one keeps; those of the institutions one answers for; those of the regions one coordinates."""
        if person.coordinates_whole_cluster:
            return self
        regions = [role.region_id for role in person.coordinator_roles]
        mine = Q(pk__in=self.model.keepers.through.objects.filter(person=person).values("group"))
        return self.filter(mine | Q(institution__in=person.spoken_for) | Q(institution__region__in=regions))


class Group(models.Model):
    """A class: kept once by its teachers, used again each term, moved up each year."""

    public_id = PublicIdField()
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="groups", verbose_name=_("institution"))
    name = models.CharField(_("class"), max_length=40, help_text=_("For instance: 7 B"))
    stage = models.PositiveSmallIntegerField(_("year of schooling"), null=True, blank=True)
    school_year = models.PositiveSmallIntegerField(_("school year that begins in"))
    keepers = models.ManyToManyField(Person, related_name="keeps_groups", verbose_name=_("teachers"))
    members = models.ManyToManyField(Person, through="members.GroupMember", related_name="in_groups")
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GroupQuerySet.as_manager()
    AUDITED = ("stage", "school_year")

    class Meta:
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        ordering = ["institution__name", "stage", "name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "name", "school_year"], condition=Q(archived_at=None), name="group_once"
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("members:class", args=[self.public_id])


class GroupMemberQuerySet(models.QuerySet):
    def now(self):
        """Who is in the class now."""
        return self.filter(until=None)

    def put_away(self):
        """Who left a class only because it was put away."""
        return self.filter(put_away=True)


class GroupMember(models.Model):
    """A student is in a class from one day to another."""

    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, models.PROTECT, related_name="group_memberships")
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True)
    added_at = models.DateTimeField(default=now)
    # Putting the class away ended it, and taking the class out again brings it back.
    put_away = models.BooleanField(default=False, editable=False)

    objects = GroupMemberQuerySet.as_manager()

    class Meta:
        ordering = ["person__sort_name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["group", "person"], condition=Q(until=None), name="group_member_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="group_member_ends_after"),
            models.CheckConstraint(
                condition=Q(put_away=False) | Q(until__isnull=False), name="group_member_put_away_has_ended"
            ),
        ]

    def __str__(self):
        return f"{self.group} {self.person}"
