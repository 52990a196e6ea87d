"""Tables of the ground: audit, outbox, calendar entries, uploads, long work."""

import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from cluster_portal.hidden import seen_by
from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move


class AuditEntryQuerySet(models.QuerySet):
    def visible_to(self, person):
        """The audit is the whole cluster's: its coordinators see it, but for what is hidden from them meanwhile."""
        return seen_by(self, person) if person.coordinates_whole_cluster else self.none()


class AuditEntry(models.Model):
    """One line of the audit. Append-only by a database trigger; see audit.py."""

    at = models.DateTimeField(_("when"), db_index=True)
    actor = models.CharField(_("who"), max_length=12, blank=True)
    verb = models.CharField(_("what"), max_length=80)
    model = models.CharField(max_length=60)
    object_id = models.CharField(max_length=12)
    fields = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    values = models.JSONField(default=dict, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["model", "object_id"], name="audit_by_object")]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb}"


class Upload(models.Model):
    """A file that somebody gave us, checked and cleaned (uploads.py); the object it belongs to says who may read it."""

    public_id = PublicIdField()
    about_model = models.CharField(max_length=60)
    about_id = models.CharField(max_length=12)
    file = models.FileField(upload_to="uploads/%Y/%m/")
    name = models.CharField(_("name"), max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    uploaded_at = models.DateTimeField(default=now)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="uploads"
    )

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [models.Index(fields=["about_model", "about_id"], name="upload_by_object")]

    def __str__(self):
        return self.name


class OutboxMailQuerySet(models.QuerySet):
    def due(self, at):
        """Mail that should leave now, oldest first."""
        return self.filter(state=OutboxMail.State.QUEUED, not_before__lte=at).order_by("not_before", "pk")

    def stuck(self, since):
        """Mail that a worker took before `since` and never answered for."""
        return self.filter(state=OutboxMail.State.SENDING, state_since__lt=since)

    def unfinished(self):
        """Mail that may still leave."""
        return self.filter(state__in=[OutboxMail.State.DRAFT, OutboxMail.State.QUEUED])

    def failed(self):
        """Mail that we gave up on."""
        return self.filter(state=OutboxMail.State.FAILED)

    def held(self):
        """Mail that leaves when somebody releases it."""
        return self.filter(state=OutboxMail.State.DRAFT)

    def about(self, *objects):
        """Mail about these objects of one model."""
        if not objects:
            return self.none()
        ids = [obj.public_id for obj in objects]
        return self.filter(about_model=objects[0]._meta.label_lower, about_id__in=ids)

    def visible_to(self, person):
        """The outbox is the whole cluster's: its coordinators see all of it, nobody else any."""
        return seen_by(self, person) if person.is_authenticated and person.coordinates_whole_cluster else self.none()

    def for_list(self):
        """With everything that a line in a list shows."""
        return self.select_related("to")

    def with_old_text(self, before):
        """Mail that was done with before an instant and still has its text."""
        done = self.exclude(state__in=[OutboxMail.State.DRAFT, OutboxMail.State.QUEUED, OutboxMail.State.SENDING])
        return done.filter(state_since__lt=before).exclude(body_text="")


class OutboxMail(models.Model):
    """One mail to one person, written in the transaction of the action that causes it (outbox.py, delivery.py)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Held")
        QUEUED = "queued", _("Waiting to leave")
        SENDING = "sending", _("Leaving now")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    MOVES = {
        "release": move([State.DRAFT], State.QUEUED, _("Release"), _("The mail leaves within a minute.")),
        "hold": move([State.QUEUED], State.DRAFT, _("Hold"), _("The mail is held. It leaves when you release it.")),
        "claim": move([State.QUEUED], State.SENDING, _("Send")),
        "send": move([State.SENDING], State.SENT, _("Note as sent")),
        "put_back": move([State.SENDING], State.QUEUED, _("Put back")),
        "give_up": move([State.SENDING], State.FAILED, _("Give up")),
        "cancel": move([State.DRAFT, State.QUEUED, State.SENDING], State.CANCELLED, _("Cancel")),
        "retry": move([State.FAILED], State.QUEUED, _("Try again"), _("The mail is tried again within a minute.")),
    }
    AUDITED = ("error_code",)

    public_id = PublicIdField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    key = models.CharField(max_length=200, help_text=_("Template, object, reader and occasion: no mail goes twice."))
    template = models.CharField(_("template"), max_length=60)
    about_model = models.CharField(max_length=60)
    about_id = models.CharField(max_length=12)
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="mails", verbose_name=pgettext_lazy("recipient", "to")
    )
    address = models.EmailField(blank=True, help_text=_("Only for account mail: when not to the person's own address."))
    language = models.CharField(_("language"), max_length=5)
    subject = models.CharField(_("subject"), max_length=300)
    body_text = models.TextField(_("text"), blank=True)
    calendar = models.JSONField(default=list, blank=True, help_text=_("iCalendar objects: [method, text] each."))
    message_id = models.CharField(max_length=120, unique=True)
    queued_at = models.DateTimeField(_("queued"), default=now)
    not_before = models.DateTimeField(_("not before"), default=now)
    not_after = models.DateTimeField(_("not after"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.CharField(_("reason"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = OutboxMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(state="cancelled"), name="mail_key_once"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent") & Q(sent_at=None),
                name="mail_sent_at_exactly_when_sent",
            ),
            models.CheckConstraint(
                condition=Q(not_after=None) | Q(not_after__gte=F("not_before")), name="mail_window_is_open"
            ),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(state="queued"), name="mail_due"),
            models.Index(fields=["about_model", "about_id"], name="mail_by_object"),
            models.Index(fields=["state", "-id"], name="mail_by_state"),
        ]

    def __str__(self):
        return f"{self.template} {self.public_id}"

    @property
    def title(self) -> str:
        """What a list calls this mail: its subject, as long as that is kept."""
        return self.subject or gettext("A mail whose text was erased")


def new_feed_token() -> str:
    """32 random bytes: whoever knows them reads a calendar without signing in."""
    return secrets.token_urlsafe(32)


class CalendarEntryQuerySet(models.QuerySet):
    def about(self, obj):
        """The entries of one thing, for everybody who has it."""
        return self.filter(about_model=obj._meta.label_lower, about_id=obj.public_id)

    def between(self, since, until):
        """Entries that overlap the time from `since` to `until` and still take place."""
        return self.exclude(status=CalendarEntry.Status.CANCELLED).filter(starts_at__lt=until, ends_at__gt=since)


class CalendarEntry(models.Model):
    """One thing in one person's calendar: the one answer to "does this clash with what I have?" (calendar.py).

    Sessions of a run that follow its pattern share one `uid` (one recurring event); any other session has its own.
    `sequence` grows with every change of what the uid says, as RFC 5545 section 3.8.7.4 asks.
    """

    class Status(models.TextChoices):
        TENTATIVE = "tentative", _("Tentative")
        CONFIRMED = "confirmed", _("Confirmed")
        CANCELLED = "cancelled", _("Cancelled")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="calendar_entries")
    about_model = models.CharField(max_length=60)
    about_id = models.CharField(max_length=12)
    uid = models.CharField(max_length=80, db_index=True)
    sequence = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    digest = models.CharField(max_length=16, default="", help_text=_("Of what was said: tells a change from a repeat."))

    objects = CalendarEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar entry")
        verbose_name_plural = _("calendar entries")
        constraints = [
            models.UniqueConstraint(fields=["person", "about_model", "about_id"], name="calendar_entry_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="calendar_entry_ends_after_start"),
        ]
        indexes = [
            models.Index(fields=["person", "starts_at"], name="calendar_by_person"),
            models.Index(fields=["about_model", "about_id"], name="calendar_by_object"),
        ]

    def __str__(self):
        return f"{self.uid} {self.status}"


class LongWorkQuerySet(models.QuerySet):
    def unfinished(self):
        """What workers still have to do."""
        return self.filter(ended_at=None)


class LongWork(models.Model):
    """Work that takes longer than a page may, and how far it has come (long_work.py). Nothing about people."""

    kind = models.CharField(max_length=60, help_text=_("Which of the kinds of hooks.py."))
    about_model = models.CharField(max_length=60)
    about_id = models.CharField(max_length=12)
    language = models.CharField(_("language"), max_length=5)
    options = models.JSONField(default=dict)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()
    begun_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text=_("Runs since the last step that was finished."))
    problem = models.CharField(max_length=300, blank=True, help_text=_("Why it ended before everything was done."))

    objects = LongWorkQuerySet.as_manager()

    class Meta:
        verbose_name = _("long work")
        verbose_name_plural = _("long work")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "about_model", "about_id"], condition=Q(ended_at=None), name="long_work_once"
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="long_work_done_within_total"),
            models.CheckConstraint(
                condition=Q(problem="", ended_at=None)
                | Q(problem="", done=F("total"))
                | ~Q(problem="") & Q(ended_at__isnull=False),
                name="long_work_ends_done_or_with_a_problem",
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.done}/{self.total}"

    @property
    def is_under_way(self) -> bool:
        return self.ended_at is None


class CalendarFeed(models.Model):
    """The secret address under which somebody's calendar program reads their dates; a new token revokes the old."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="calendar_feed")
    token = models.CharField(max_length=43, unique=True, default=new_feed_token, editable=False)
    made_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self):
        return f"feed {self.pk}"
