from datetime import datetime, time, timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Least
from django.utils.text import capfirst
from django.utils.timezone import now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster_portal.prepared import prepared
from cluster_portal.public_id import PublicIdField
from members.models.cluster import Cluster
from members.models.people import Person


class GuardianshipQuerySet(models.QuerySet):
    def now(self):
        """Guardianships that stand."""
        return self.filter(ended_at=None)

    def with_mail(self):
        """Those whose guardian can be written to."""
        return self.filter(~Q(guardian__contact_email="") | Q(guardian__email__isnull=False))


class Guardianship(models.Model):
    """Somebody is a guardian of a child, as somebody said. A child has any number of guardians."""

    class How(models.TextChoices):
        CLASS_LIST = "class_list", _("Said by the teacher")
        PAPER = "paper", _("Seen on paper")
        CHILD = "child", _("Named by the child")
        GUARDIAN = "guardian", _("Named by another guardian")

    public_id = PublicIdField()
    guardian = models.ForeignKey(Person, models.PROTECT, related_name="guards")
    child = models.ForeignKey(Person, models.PROTECT, related_name="guarded_by")
    how = models.CharField(_("how we know"), max_length=12, choices=How.choices)
    asserted_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    asserted_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = GuardianshipQuerySet.as_manager()

    class Meta:
        verbose_name = _("guardianship")
        verbose_name_plural = _("guardianships")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["guardian", "child"], condition=Q(ended_at=None), name="guardianship_once"),
            models.CheckConstraint(condition=~Q(guardian=F("child")), name="guardianship_of_another"),
        ]

    def __str__(self):
        return f"{self.guardian} {self.child}"


class AgePolicy(models.Model):
    """From which age somebody decides beside their guardian, and alone, in a country. Editable, one row each."""

    country = models.CharField(_("country"), max_length=2, unique=True)
    together_from = models.PositiveSmallIntegerField(_("decides together with a guardian from"), default=14)
    alone_from = models.PositiveSmallIntegerField(_("decides alone from"), default=18)

    class Meta:
        verbose_name = _("age policy")
        verbose_name_plural = _("age policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(alone_from__gte=F("together_from")), name="age_policy_together_before_alone"
            )
        ]

    def __str__(self):
        return self.country

    @classmethod
    def current(cls) -> "AgePolicy":
        """The policy of the cluster's country; the defaults where nobody has set one. Read once with its cluster."""
        cluster = Cluster.current()
        if "_age_policy" not in vars(cluster):
            cls.have_at_hand(cluster, policy_of(country=cluster.country))
        return cluster._age_policy

    @classmethod
    def have_at_hand(cls, cluster: Cluster, found: list["AgePolicy"]) -> None:
        """Let the cluster of this request know the policy that was read, if there is one."""
        cluster._age_policy = found[0] if found else cls(country=cluster.country)


@prepared
def policy_of(country):
    return AgePolicy.objects.filter(country=country)


class Purpose(models.TextChoices):
    """What somebody is asked to consent to. One document per purpose, never bundled."""

    TAKING_PART = "taking_part", _("Taking part")
    NAME = "name", _("Publishing the name")
    PHOTO = "photo", _("Publishing photos")
    WORK = "work", _("Publishing works")
    MESSAGES = "messages", _("Messages")


class ConsentTextQuerySet(models.QuerySet):
    def in_force(self):
        """The texts that people decide on now."""
        return self.filter(published_at__isnull=False, replaced_at=None)

    def in_force_on(self, day):
        """The texts that were in force on a day of the cluster, or a part of it."""
        begin = datetime.combine(day, time.min, tzinfo=Cluster.current().zone)
        return self.filter(published_at__lt=begin + timedelta(days=1)).exclude(replaced_at__lt=begin)

    def on_paper_of(self, child, day):
        """The texts that a paper seen on a day may show: published by then, and not replaced before any slip of it.

        Slips are printed from the moment a child is asked for, and what was in force on the day itself always counts.
        """
        begin = datetime.combine(day, time.min, tzinfo=Cluster.current().zone)
        asked = ConsentRequest.objects.filter(child=child, purpose=models.OuterRef("purpose")).values("asked_at")
        rows = self.annotate(printed_from=Least(models.Subquery(asked), models.Value(begin)))
        return rows.filter(published_at__lt=begin + timedelta(days=1)).exclude(replaced_at__lt=F("printed_from"))

    def drafts(self):
        """Texts that are being written."""
        return self.filter(published_at=None)

    def for_reader(self, language, on=None):
        """The texts in force, each purpose once: in the reader's language, in English where that is missing.

        Of a past day, the newest that was in force on it.
        """
        rank = models.Case(models.When(language=language, then=0), models.When(language="en", then=1), default=2)
        rows = (self.in_force_on(on) if on else self.in_force()).order_by(rank, "language", "-version")
        texts = {}
        for it in rows:
            texts.setdefault(it.purpose, it)
        return texts


class ConsentText(models.Model):
    """The document of one purpose in one language and version. Never edited once it is published."""

    public_id = PublicIdField()
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    version = models.PositiveSmallIntegerField(_("version"))
    language = models.CharField(_("language"), max_length=5)
    title = models.CharField(_("title"), max_length=160)
    text = models.TextField(_("text"), max_length=8000)
    legal_basis = models.CharField(_("legal basis"), max_length=300)
    retention = models.CharField(_("how long it is kept"), max_length=300)
    contact = models.CharField(_("contact for withdrawal"), max_length=200)
    valid_months = models.PositiveSmallIntegerField(_("a decision holds for so many months"), null=True, blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent document")
        verbose_name_plural = _("consent documents")
        ordering = ["purpose", "-version", "language"]
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version", "language"], name="consent_text_once"),
        ]

    def __str__(self):
        return f"{self.purpose} {self.version} {self.language}"

    @property
    def mark(self) -> str:
        """By which words on a slip one tells which text it shows."""
        word = capfirst(gettext("version"))
        return f"{word} {self.version} · SHA-256 {self.sha256[:12]}"


class ConsentRequest(models.Model):
    """Somebody asked for a child's consent to a purpose. Whether it was answered, the decisions say."""

    child = models.ForeignKey(Person, models.PROTECT, related_name="consent_requests")
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    asked_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(default=now)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("consent request")
        verbose_name_plural = _("consent requests")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["child", "purpose"], name="consent_request_once")]

    def __str__(self):
        return f"{self.child} {self.purpose}"


class ConsentDecisionQuerySet(models.QuerySet):
    def about(self, children):
        """What was said about these children (by key), the oldest first, with `of_child` and `said_by`.

        Rows are never changed, so those of two people who were merged still stand under the one that is no more.
        """
        rows = self.filter(Q(child__in=children) | Q(child__merged_into__in=children))
        return rows.annotate(
            of_child=Coalesce("child__merged_into", "child"), said_by=Coalesce("decided_by__merged_into", "decided_by")
        ).order_by("at", "pk")


class ConsentDecision(models.Model):
    """One decision about one purpose. Append-only by a database trigger: a withdrawal is a new row."""

    AUDITED = ("decision",)

    class Decision(models.TextChoices):
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Channel(models.TextChoices):
        LINK = "link", _("By the mailed or printed link")
        SIGNED_IN = "signed_in", _("Signed in")
        PAPER = "paper", _("On paper")

    public_id = PublicIdField()
    child = models.ForeignKey(Person, models.PROTECT, related_name="consent_decisions")
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="decisions")
    sha256 = models.CharField(_("SHA-256 of the text"), max_length=64)
    decided_by = models.ForeignKey(Person, models.PROTECT, related_name="consent_decisions_made")
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    at = models.DateTimeField(default=now)
    expires_on = models.DateField(null=True, blank=True)
    recorded_by = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+")
    scan = models.ForeignKey("cluster_portal.Upload", models.PROTECT, null=True, blank=True, related_name="+")

    objects = ConsentDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent decision")
        verbose_name_plural = _("consent decisions")
        ordering = ["pk"]
        indexes = [models.Index(fields=["child", "purpose"], name="consent_by_child")]

    def __str__(self):
        return f"{self.child} {self.purpose} {self.decision}"


class RecordView(models.Model):
    """Somebody looked at a child's record. Without a foreign key to the looker, as in the audit."""

    child = models.ForeignKey(Person, models.PROTECT, related_name="record_views")
    viewer = models.CharField(max_length=12)
    page = models.CharField(max_length=40)
    at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("view of a record")
        verbose_name_plural = _("views of records")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["child", "-at"], name="record_view_by_child")]

    def __str__(self):
        return f"{self.child} {self.page}"
