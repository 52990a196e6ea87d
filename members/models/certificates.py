from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.models.institutions import Institution
from members.models.people import Person


class CertificateQuerySet(models.QuerySet):
    def valid(self):
        """Certificates that hold."""
        return self.filter(state=Certificate.State.ISSUED)

    def about(self, it):
        """Those for one thing: a run that was completed, a competition that was won."""
        return self.filter(about_model=it._meta.label_lower, about_id=it.public_id)

    def of_completion(self):
        """Valid ones for something that was completed: what hours are counted by."""
        return self.valid().filter(kind=Certificate.Kind.COMPLETION)

    def with_name(self):
        """Those that still say whose they are: neither erased nor past their time."""
        return self.exclude(name_printed="")


class Certificate(models.Model):
    """What somebody completed or won, as it was printed. Never edited: a corrected one supersedes it.

    Everything on the paper stands in its own columns, so that a later change of a course or a name changes no paper.
    `public_id` is the code under which anybody who holds the paper can verify it.
    """

    class Kind(models.TextChoices):
        COMPLETION = "completion", _("Certificate of completion")
        AWARD = "award", _("Diploma")
        THANKS = "thanks", _("Letter of thanks")

    class State(models.TextChoices):
        ISSUED = "issued", _("Valid")
        REVOKED = "revoked", _("Revoked")
        SUPERSEDED = "superseded", _("Replaced by a newer one")

    class Form(models.TextChoices):
        ROOM = "room", pgettext_lazy("certificate", "In the room")
        ONLINE = "online", pgettext_lazy("certificate", "Online")

    MOVES = {
        "revoke": move([State.ISSUED], State.REVOKED, _("Revoke"), _("The certificate is revoked.")),
        "supersede": move([State.ISSUED], State.SUPERSEDED, _("Replace"), _("A corrected certificate is issued.")),
    }
    AUDITED = ("number", "hours", "language", "form")

    public_id = PublicIdField()
    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    person = models.ForeignKey(Person, models.PROTECT, related_name="certificates")
    issued_to = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="certificates_for_children"
    )
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="certificates_of_its_people"
    )
    name_printed = models.CharField(_("name as printed"), max_length=310)
    title = models.CharField(_("what it certifies"), max_length=250)
    issuer = models.CharField(_("issued by"), max_length=250)
    hours = models.PositiveSmallIntegerField(_("academic hours"), null=True, blank=True)
    form = models.CharField(_("form of taking part"), max_length=10, choices=Form.choices, blank=True)
    begins_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    issued_on = models.DateField(_("issued on"))
    language = models.CharField(_("language"), max_length=5)
    about_model = models.CharField(max_length=60, editable=False)
    about_id = models.CharField(max_length=12, editable=False)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by", editable=False
    )
    revoked_because = models.CharField(_("why it was revoked"), max_length=300, blank=True, editable=False)
    badge = models.TextField(editable=False, default="", blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ISSUED, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "about_model", "about_id"],
                condition=Q(state="issued"),
                name="one_valid_certificate_for_each_thing",
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("begins_on")), name="certificate_ends_after"),
        ]
        indexes = [models.Index(fields=["about_model", "about_id"], name="certificate_by_thing")]

    def __str__(self):
        return self.number

    @property
    def can_be_printed(self) -> bool:
        """Whether there is a paper: it holds, and still says whose it is."""
        return self.state == self.State.ISSUED and bool(self.name_printed)

    def get_absolute_url(self):
        return reverse("members:verify", args=[self.public_id])


class BadgeKey(models.Model):
    """The key that signs badges (badges.py): made once and kept. The newest signs; the others verify what they signed.

    `sealed` is its private half under the portal's SECRET_KEY: a copy of the database alone signs nothing.
    """

    did = models.CharField(max_length=100, unique=True, editable=False)
    jwk = models.JSONField(editable=False)
    sealed = models.TextField(editable=False)
    made_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        verbose_name = _("key for badges")
        verbose_name_plural = _("keys for badges")
        ordering = ["-pk"]

    def __str__(self):
        return self.did
