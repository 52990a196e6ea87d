from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from competitions.models.competitions import Competition, Criterion, Nomination
from competitions.models.entries import Entry
from members.models.people import Person


class JurorQuerySet(models.QuerySet):
    def active(self):
        """Jurors who have said yes."""
        return self.filter(state=Juror.State.ACTIVE)

    def invited(self):
        """Who has not answered yet."""
        return self.filter(state=Juror.State.INVITED)

    def with_loads(self):
        """With how many entries each is to read and has read, and when they gave or saved something last."""
        standing = Q(reviews__state__in=["assigned", "completed"])
        return self.select_related("person").annotate(
            assigned_count=models.Count("reviews", standing),
            given_count=models.Count("reviews", Q(reviews__state="completed")),
            last_at=models.Max("reviews__saved_at", filter=standing),
        )

    def for_own_page(self, person):
        """The juries that somebody is in or asked into and that still have something to do; the question first."""
        mine = self.bound().with_loads().filter(person=person, competition__state="published")
        return mine.select_related("competition").order_by("-state", "competition__judged_until", "pk")

    def bound(self):
        """Jurors, and those who are asked to be: nobody of them may learn who wrote what."""
        return self.filter(state__in=[Juror.State.INVITED, Juror.State.ACTIVE])


class Juror(models.Model):
    """That somebody judges in a competition: how many entries, in which nominations."""

    class State(models.TextChoices):
        INVITED = "invited", pgettext_lazy("juror", "Asked")
        ACTIVE = "active", _("In the jury")
        DECLINED = "declined", _("Declined")
        ENDED = "ended", _("Left the jury")

    MOVES = {
        "accept": move([State.INVITED], State.ACTIVE, _("Accept"), _("Thank you. You are in the jury.")),
        "decline": move([State.INVITED], State.DECLINED, _("Decline"), _("Thank you for your answer.")),
        "end": move([State.INVITED, State.ACTIVE], State.ENDED, _("Take out of the jury"), _("Taken out of the jury.")),
    }
    AUDITED = ("capacity",)

    public_id = PublicIdField()
    competition = models.ForeignKey(Competition, models.CASCADE, related_name="jurors")
    person = models.ForeignKey(Person, models.PROTECT, related_name="juries")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.INVITED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    invited_at = models.DateTimeField(default=now, editable=False)
    capacity = models.PositiveSmallIntegerField(
        _("entries I can read"), default=10, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    nominations = models.ManyToManyField(
        Nomination,
        blank=True,
        related_name="jurors",
        verbose_name=_("nominations I know about"),
        help_text=_("Nothing chosen means: any."),
    )

    objects = JurorQuerySet.as_manager()

    class Meta:
        verbose_name = _("juror")
        verbose_name_plural = _("jurors")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["competition", "person"], condition=Q(state__in=["invited", "active"]), name="juror_once"
            )
        ]

    def __str__(self):
        return f"{self.competition_id}: {self.person_id}"

    def get_absolute_url(self):
        return reverse("competitions:juror", args=[self.public_id])


class DeclaredConflict(models.Model):
    """That a juror has said they should not judge an entry, an author or the people of an institution.

    A juror of a blind competition knows no authors: they name a person or an institution, or the entry they read. Of a
    person the digest of the address is kept, whether anybody is known by it or not: the page must say the same of both.
    """

    juror = models.ForeignKey(Juror, models.CASCADE, related_name="conflicts")
    entry = models.ForeignKey(Entry, models.CASCADE, null=True, blank=True, related_name="declared_conflicts")
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="+")
    institution = models.ForeignKey("members.Institution", models.CASCADE, null=True, blank=True, related_name="+")
    address = models.CharField(max_length=64, blank=True, editable=False)
    declared_at = models.DateTimeField(default=now, editable=False)
    # When it was first asked about what the juror has to read. From then on taking it back would tell what it hit.
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("conflict of interest")
        verbose_name_plural = _("conflicts of interest")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(entry__isnull=False, person=None, address="", institution=None)
                | Q(entry=None, institution=None) & (Q(person__isnull=False) | ~Q(address=""))
                | Q(entry=None, person=None, address="", institution__isnull=False),
                name="conflict_is_about_one_thing",
            ),
            models.UniqueConstraint(
                fields=["juror", "entry", "person", "address", "institution"],
                nulls_distinct=False,
                name="conflict_declared_once",
            ),
        ]

    def __str__(self):
        return f"{self.juror_id}"


class ReviewQuerySet(models.QuerySet):
    def standing(self):
        """Reviews that are asked for or given."""
        return self.filter(state__in=[Review.State.ASSIGNED, Review.State.COMPLETED])

    def assigned(self):
        """Reviews that are still asked for."""
        return self.filter(state=Review.State.ASSIGNED)

    def completed(self):
        """Reviews that count."""
        return self.filter(state=Review.State.COMPLETED)

    def of_juror(self, person):
        """What one juror has to read and has read, in their own random order."""
        standing = self.standing().filter(juror__person=person, juror__state=Juror.State.ACTIVE)
        seen = standing.filter(juror__competition__state__in=["published", "concluded"])
        return seen.select_related("juror__competition").order_by("reading_order", "pk")


class Review(models.Model):
    """One juror's judgement of one entry. Its public id is all by which a juror knows an entry."""

    class State(models.TextChoices):
        ASSIGNED = "assigned", _("To be read")
        COMPLETED = "completed", _("Given")
        WITHDRAWN = "withdrawn", _("Taken back")

    MOVES = {
        "complete": move([State.ASSIGNED], State.COMPLETED, _("Give this review"), _("Your review is given.")),
        "reopen": move(
            [State.COMPLETED], State.ASSIGNED, _("Change it"), _("You can change your review. Give it again.")
        ),
        "withdraw": move(
            [State.ASSIGNED, State.COMPLETED],
            State.WITHDRAWN,
            pgettext_lazy("review", "Take back"),
            _("The entry is given to somebody else."),
        ),
    }
    AUDITED = ("is_second_opinion", "by_hand")

    public_id = PublicIdField()
    juror = models.ForeignKey(Juror, models.PROTECT, related_name="reviews")
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="reviews")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASSIGNED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    assigned_at = models.DateTimeField(default=now, editable=False)
    reading_order = models.FloatField(editable=False)  # random for each juror: the order says nothing of who wrote
    by_hand = models.BooleanField(default=False, editable=False)
    is_second_opinion = models.BooleanField(_("second opinion"), default=False, editable=False)
    why = models.CharField(max_length=300, blank=True, editable=False)  # in words: why this juror; never an author
    for_author = models.TextField(_("for the author"), max_length=5_000, blank=True)
    for_jury = models.TextField(_("for the jury only"), max_length=5_000, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    saved_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Whoever has looked at what the others gave changes their own no more.
    others_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_because = models.CharField(_("why it was taken back"), max_length=500, blank=True, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["juror", "entry"],
                condition=Q(state__in=["assigned", "completed"]),
                name="juror_reads_an_entry_once",
            )
        ]

    def __str__(self):
        return self.public_id

    def get_absolute_url(self):
        return reverse("competitions:review", args=[self.public_id])


class Score(models.Model):
    """What a juror gave an entry on one criterion."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="scores")
    value = models.PositiveSmallIntegerField(_("score"))

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        ordering = ["criterion__position", "criterion"]
        constraints = [models.UniqueConstraint(fields=["review", "criterion"], name="one_score_for_a_criterion")]

    def __str__(self):
        return f"{self.value}"
