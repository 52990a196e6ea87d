import uuid

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from courses.models.courses import PUBLIC_RUN_STATES
from courses.models.enrolments import Enrolment
from courses.models.pools import Pool
from courses.models.runs import Run, Session
from courses.models.seats import Seat


class MaterialQuerySet(models.QuerySet):
    def shown_at(self, at):
        """Materials whose time has come: those for before at once, the others when their session, or the last one of
        the run, has ended. What people were told of stays, also when a session is added later; what belongs to a
        session that was cancelled waits for somebody to say where it belongs."""
        ahead = Session.objects.planned().filter(run=OuterRef("run"), ends_at__gt=at)
        of_run = Q(session=None) & ~Exists(ahead) & Exists(Session.objects.planned().filter(run=OuterRef("run")))
        of_session = Q(session__state=Session.State.PLANNED, session__ends_at__lte=at)
        return self.filter(Q(shown=Material.Shown.BEFORE) | Q(announced_at__isnull=False) | of_session | of_run)

    def readable_by(self, person, at):
        """What this reader may open at an instant: what is for everybody, and what is for those who take part."""
        for_all = Q(is_public=True, run__state__in=PUBLIC_RUN_STATES)
        if not person.is_authenticated:
            return self.shown_at(at).filter(for_all)
        inside = Exists(Enrolment.objects.confirmed().filter(run=OuterRef("run"), person=person))
        chosen = Exists(Pool.objects.filter(session=OuterRef("session")))
        seat = Exists(Seat.objects.confirmed().filter(session=OuterRef("session"), enrolment__person=person))
        shown = self.shown_at(at).filter(for_all | inside & (~chosen | seat)).values("pk")
        return self.filter(Q(pk__in=shown) | Q(run__in=Run.objects.led_by(person).values("pk")))

    def for_lists(self):
        """In the order in which they are needed: those of the whole run, then those of each session."""
        rows = self.select_related("session", "upload")
        return rows.order_by(models.F("session__starts_at").asc(nulls_first=True), "session", "pk")


class Material(models.Model):
    """A file, a link or a recording that belongs to a run or to one of its sessions."""

    class Kind(models.TextChoices):
        FILE = "file", _("File")
        LINK = "link", _("Link")
        RECORDING = "recording", _("Recording")

    class Shown(models.TextChoices):
        BEFORE = "before", _("Before it begins")
        AFTER = "after", _("After it has ended")

    public_id = PublicIdField()
    run = models.ForeignKey("courses.Run", models.CASCADE, related_name="materials")
    session = models.ForeignKey(
        "courses.Session", models.CASCADE, null=True, blank=True, related_name="materials", verbose_name=_("session")
    )
    title = models.CharField(_("title"), max_length=160)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    upload = models.ForeignKey(
        "cluster_portal.Upload", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    url = models.URLField(_("link"), blank=True)
    shown = models.CharField(_("shown"), max_length=6, choices=Shown.choices, default=Shown.BEFORE)
    is_public = models.BooleanField(_("for everybody"), default=False)
    added_by = models.ForeignKey("members.Person", models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(default=now, editable=False)
    announced_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = MaterialQuerySet.as_manager()
    AUDITED = ("kind", "shown", "is_public")

    class Meta:
        verbose_name = _("material")
        verbose_name_plural = _("materials")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="file", upload__isnull=False, url="") | ~Q(kind="file") & Q(upload=None) & ~Q(url=""),
                name="material_is_a_file_or_a_link",
            )
        ]

    def __str__(self):
        return self.title


class FeedbackQuestion(models.Model):
    """What a run asks those who took part."""

    class Kind(models.TextChoices):
        SCALE = "scale", _("One to five")
        TEXT = "text", _("A text")

    public_id = PublicIdField()
    run = models.ForeignKey("courses.Run", models.CASCADE, related_name="feedback_questions")
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    text = models.CharField(_("question"), max_length=200)
    kind = models.CharField(_("answer"), max_length=6, choices=Kind.choices, default=Kind.SCALE)

    AUDITED = ("kind",)

    class Meta:
        verbose_name = _("feedback question")
        verbose_name_plural = _("feedback questions")
        ordering = ["position", "pk"]

    def __str__(self):
        return self.text


class FeedbackAnswer(models.Model):
    """One answer, by nobody: no person, no time, and a random key, so that no order says who it was.

    Whoever gives feedback leaves a row for each question, an empty one where they said nothing, so that rows count
    people. It is shown with those of at least four others, never alone (decision 089).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(FeedbackQuestion, models.CASCADE, related_name="answers")
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    text = models.TextField(max_length=2000, blank=True)
    is_shown = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("feedback answer")
        verbose_name_plural = _("feedback answers")
        ordering = ["pk"]

    def __str__(self):
        return str(self.question_id)
