from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from competitions.models.competitions import Competition, Nomination
from members.models.institutions import Direction
from members.models.people import Affiliation, Person


class EntryQuerySet(models.QuerySet):
    def written_by(self, person):
        """Entries of which somebody is an author, or is asked to be one."""
        return self.filter(Exists(Authorship.objects.standing().filter(entry=OuterRef("pk"), person=person)))

    def visible_to(self, person):
        """One's own, and those of competitions one keeps and takes no part in, neither as juror nor as author."""
        kept = Competition.objects.decidable_by(person)
        own = Authorship.objects.standing().filter(entry=OuterRef("pk"), person=person)
        beyond_draft = ~Q(state__in=[Entry.State.DRAFT, Entry.State.WITHDRAWN])
        return self.filter(Exists(own) | Q(competition__in=kept.values("pk")) & beyond_draft)

    def for_own_page(self, person):
        """What somebody writes or has written, for lists: the last touched first; those they are asked about apart."""
        asked = Authorship.objects.filter(entry=OuterRef("pk"), person=person, state=Authorship.State.INVITED)
        rows = self.written_by(person).annotate(is_asked=Exists(asked))
        return rows.select_related("competition").order_by("-is_asked", "-saved_at", "-pk")

    def in_the_running(self):
        """Entries that the jury reads: handed in or admitted."""
        return self.filter(state__in=[Entry.State.SUBMITTED, Entry.State.ADMITTED])

    def submitted(self):
        """Entries that wait for somebody to admit or disqualify them."""
        return self.filter(state=Entry.State.SUBMITTED)

    def admitted(self):
        """Entries that the jury judges."""
        return self.filter(state=Entry.State.ADMITTED)

    def counted(self):
        """Entries that count against the limits of a person and an institution."""
        return self.filter(state__in=Entry.ALIVE)

    def of_author(self, competition, person):
        """Entries of a competition of which somebody is an author."""
        own = Authorship.objects.confirmed().filter(entry=OuterRef("pk"), person=person)
        return self.filter(Exists(own), competition=competition)

    def of_institution(self, competition, institution):
        """Entries of a competition that have an author by this institution."""
        theirs = Authorship.objects.confirmed().filter(entry=OuterRef("pk"), affiliation__institution=institution)
        return self.filter(Exists(theirs), competition=competition)

    def waiting_first(self):
        """In the order of the desk: what waits for an answer, then the others, the earliest first."""
        waits = models.Case(models.When(state=Entry.State.SUBMITTED, then=0), default=1)
        return self.order_by(waits, "submitted_at", "pk")

    def to_put_into_library(self):
        """Entries with a place that all their authors agreed to publish and that do not stand in the library."""
        silent = Authorship.objects.confirmed().exclude(may_be_published=True).filter(entry=OuterRef("pk"))
        agreed = Authorship.objects.confirmed().filter(entry=OuterRef("pk"))
        rows = self.filter(~Exists(silent), Exists(agreed), competition__state=Competition.State.CONCLUDED)
        rows = rows.exclude(Q(place="") | Q(licence="") | Q(plan__state="published"))
        return rows.select_related("competition", "plan").order_by("-competition__state_since", "pk")

    def with_parts(self):
        """With all that the page of one shows."""
        authors = Prefetch(
            "authorships", Authorship.objects.standing().select_related("person", "affiliation__institution")
        )
        rows = self.select_related("competition", "nomination", "adapted_from__entry")
        return rows.prefetch_related(authors, "steps", "tools", "files__upload", "directions")


def judged_blindly_by(person):
    """The competitions whose authors this person must not learn yet: those whose juror they are, or are asked to be."""
    from competitions.models.jury import Juror  # jurors point to competitions, their reviews to entries

    bound = Juror.objects.bound().filter(person=person, competition__is_blind=True)
    return bound.filter(competition__in=Competition.objects.without_results()).values("competition")


def competed_in_by(person):
    """The undecided competitions in which this person is an author: they must not learn who judges.

    Not those in which somebody has only asked them to be one: else anybody could take a coordinator their desk.
    """
    own = Authorship.objects.confirmed().filter(person=person, entry__in=Entry.objects.counted())
    return own.filter(entry__competition__in=Competition.objects.undecided()).values("entry__competition")


class Entry(models.Model):
    """A lesson plan and its authors, entered into a competition."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Handed in")
        ADMITTED = "admitted", _("Admitted")
        DISQUALIFIED = "disqualified", _("Disqualified")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Licence(models.TextChoices):
        """By their SPDX identifiers (spdx.org/licenses)."""

        CC0 = "CC0-1.0", _("CC0 1.0: no rights reserved")
        BY = "CC-BY-4.0", _("CC BY 4.0: name the authors")
        BY_SA = "CC-BY-SA-4.0", _("CC BY-SA 4.0: name the authors, share alike")
        BY_NC = "CC-BY-NC-4.0", _("CC BY-NC 4.0: name the authors, not for profit")
        BY_NC_SA = "CC-BY-NC-SA-4.0", _("CC BY-NC-SA 4.0: name the authors, not for profit, share alike")
        BY_ND = "CC-BY-ND-4.0", _("CC BY-ND 4.0: name the authors, pass on unchanged")
        BY_NC_ND = "CC-BY-NC-ND-4.0", _("CC BY-NC-ND 4.0: name the authors, not for profit, pass on unchanged")

    class Place(models.TextChoices):
        FIRST = "first", _("First place")
        SECOND = "second", _("Second place")
        THIRD = "third", _("Third place")
        LAUREATE = "laureate", _("Laureate")
        PARTICIPANT = "participant", _("Participant")

    ALIVE = (State.DRAFT, State.SUBMITTED, State.ADMITTED)  # what counts against limits, and can still win
    MOVES = {
        "submit": move(
            [State.DRAFT], State.SUBMITTED, _("Hand in"), _("Your entry is handed in. A receipt is on its way.")
        ),
        "reopen": move(
            [State.SUBMITTED],
            State.DRAFT,
            _("Change it again"),
            _("It is a draft again. Hand it in before the deadline."),
        ),
        "withdraw": move(
            [State.DRAFT, State.SUBMITTED, State.ADMITTED], State.WITHDRAWN, _("Withdraw"), _("The entry is withdrawn.")
        ),
        "admit": move([State.SUBMITTED], State.ADMITTED, _("Admit"), _("The jury judges it.")),
        "disqualify": move(
            [State.SUBMITTED, State.ADMITTED],
            State.DISQUALIFIED,
            _("Disqualify"),
            _("It is disqualified; the authors are told."),
        ),
    }
    AUDITED = ("licence", "language", "stage_from", "stage_until", "minutes", "planned_place", "place", "revision")

    public_id = PublicIdField()
    competition = models.ForeignKey(Competition, models.PROTECT, related_name="entries", verbose_name=_("competition"))
    nomination = models.ForeignKey(
        Nomination, models.PROTECT, null=True, blank=True, related_name="entries", verbose_name=_("nomination")
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    made_at = models.DateTimeField(default=now, editable=False)
    saved_at = models.DateTimeField(default=now, editable=False)
    # It grows with each saving, so that of two windows none undoes what the other has saved.
    revision = models.PositiveIntegerField(default=1, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)  # when the request arrived
    sha256 = models.CharField(max_length=64, blank=True, editable=False)  # of what was handed in: receipt.py
    refusal = models.CharField(_("why it was disqualified"), max_length=500, blank=True, editable=False)
    title = models.CharField(_("title"), max_length=160, blank=True)
    abstract = models.TextField(_("abstract"), max_length=2_000, blank=True)
    subject = models.CharField(pgettext_lazy("of a lesson", "subject"), max_length=80, blank=True)
    stage_from = models.PositiveSmallIntegerField(
        _("from year of schooling"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(14)],
        help_text=_("0 means before school."),
    )
    stage_until = models.PositiveSmallIntegerField(
        _("to year of schooling"), null=True, blank=True, validators=[MaxValueValidator(14)]
    )
    minutes = models.PositiveSmallIntegerField(
        _("duration in minutes"), null=True, blank=True, validators=[MinValueValidator(5), MaxValueValidator(6_000)]
    )
    directions = models.ManyToManyField(Direction, blank=True, related_name="entries", verbose_name=_("themes"))
    objectives = models.TextField(_("what the students learn"), max_length=5_000, blank=True)
    risks = models.TextField(
        _("what could go wrong, and how it is met"),
        max_length=5_000,
        blank=True,
        help_text=_("Ethics, privacy, bias."),
    )
    materials = models.TextField(_("materials"), max_length=5_000, blank=True)
    language = models.CharField(_("language of the plan"), max_length=5, default="en")
    licence = models.CharField(_("licence"), max_length=20, choices=Licence.choices, blank=True)
    adapted_from = models.ForeignKey(
        "competitions.Plan",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="adaptations",
        verbose_name=_("adapted from"),
    )
    planned_place = models.CharField(max_length=12, choices=Place.choices, blank=True, editable=False)
    place = models.CharField(
        pgettext_lazy("award", "place"), max_length=12, choices=Place.choices, blank=True, editable=False
    )

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(submitted_at__isnull=False),
                name="entry_in_the_running_was_handed_in",
            ),
            models.CheckConstraint(
                condition=Q(state="disqualified") & ~Q(refusal="") | ~Q(state="disqualified") & Q(refusal=""),
                name="entry_refusal_exactly_when_disqualified",
            ),
            models.CheckConstraint(condition=Q(place="") | Q(state="admitted"), name="entry_with_a_place_is_admitted"),
            models.CheckConstraint(
                condition=Q(stage_from=None) | Q(stage_until=None) | Q(stage_until__gte=models.F("stage_from")),
                name="entry_stages_in_order",
            ),
        ]
        indexes = [models.Index(fields=["competition", "state"], name="entry_by_state")]

    def __str__(self):
        return self.title or str(_("Lesson plan without a title"))

    def get_absolute_url(self):
        return reverse("competitions:entry", args=[self.public_id])


class Step(models.Model):
    """One step in the course of the lesson."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("position"))
    title = models.CharField(_("step"), max_length=160)
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    text = models.TextField(_("what teacher and students do"), max_length=5_000, blank=True)

    class Meta:
        verbose_name = _("step of the lesson")
        verbose_name_plural = _("steps of the lesson")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["entry", "position"], name="one_step_at_a_position")]

    def __str__(self):
        return self.title


class UsedTool(models.Model):
    """An AI tool that the lesson uses, and how."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="tools")
    name = models.CharField(_("AI tool"), max_length=80)
    use = models.TextField(_("how it is used"), max_length=2_000, blank=True)

    class Meta:
        verbose_name = _("AI tool")
        verbose_name_plural = _("AI tools")
        ordering = ["pk"]

    def __str__(self):
        return self.name


class EntryFile(models.Model):
    """A file of an entry. Its name and metadata may name the authors: jurors get a cleaned copy (blind.py)."""

    public_id = PublicIdField()
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="files")
    upload = models.ForeignKey("cluster_portal.Upload", models.PROTECT, related_name="+", verbose_name=_("file"))
    title = models.CharField(_("title"), max_length=120)
    added_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("file of an entry")
        verbose_name_plural = _("files of entries")
        ordering = ["pk"]

    def __str__(self):
        return self.title


class AuthorshipQuerySet(models.QuerySet):
    def standing(self):
        """Authors, and those who are asked to be."""
        return self.filter(state__in=[Authorship.State.INVITED, Authorship.State.CONFIRMED])

    def confirmed(self):
        """Authors."""
        return self.filter(state=Authorship.State.CONFIRMED)


class Authorship(models.Model):
    """That somebody is an author of an entry, by which affiliation, and whether they let the library publish it."""

    class State(models.TextChoices):
        INVITED = "invited", pgettext_lazy("author", "Asked")
        CONFIRMED = "confirmed", _("Author")
        DECLINED = "declined", _("Declined")
        ENDED = "ended", _("Taken out")

    MOVES = {
        "confirm": move([State.INVITED], State.CONFIRMED, _("I am an author"), _("You are an author of this entry.")),
        "decline": move([State.INVITED], State.DECLINED, _("I am not"), _("Your answer is noted.")),
        "end": move(
            [State.INVITED, State.CONFIRMED],
            State.ENDED,
            pgettext_lazy("author", "Take out"),
            _("Taken out of the authors."),
        ),
    }
    AUDITED = ("is_lead", "may_be_published")

    public_id = PublicIdField()
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="authorships")
    person = models.ForeignKey(Person, models.PROTECT, related_name="authorships")
    affiliation = models.ForeignKey(Affiliation, models.PROTECT, null=True, blank=True, related_name="authorships")
    clause = models.ForeignKey(  # of the document that gave the right to take part
        "members.Clause", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    invited_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.INVITED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    is_lead = models.BooleanField(_("leads the entry"), default=False, editable=False)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    may_be_published = models.BooleanField(_("may be published in the library"), null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)  # when they said so, or took it back

    objects = AuthorshipQuerySet.as_manager()

    class Meta:
        verbose_name = _("authorship")
        verbose_name_plural = _("authorships")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "person"],
                condition=Q(state__in=["invited", "confirmed"]),
                name="author_of_an_entry_once",
            ),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(is_lead=True, state="confirmed"), name="one_lead_author"
            ),
            models.CheckConstraint(
                condition=Q(may_be_published=None, decided_at=None)
                | Q(may_be_published__isnull=False, decided_at__isnull=False),
                name="authorship_decided_at_exactly_when_decided",
            ),
        ]

    def __str__(self):
        return f"{self.entry_id}: {self.person_id}"

    @property
    def shown_name(self) -> str:
        """What the other authors call this one: whom an address belongs to shows once they have said yes."""
        return self.person.full_name if self.state == self.State.CONFIRMED else self.person.email or ""
