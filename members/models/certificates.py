from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.models.institutions import Institution
from members.models.people import Person


class CertificateQuerySet(models.QuerySet):
    def valid(self):
        """Certificates that hold."""
        return self.filter(state=Certificate.State.ISSUED)

    def held_by(self, person):
        """What somebody may fetch: their own, and those issued to them for a child."""
        return self.filter(Q(person=person) & Q(issued_to=None) | Q(issued_to=person))


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

    MOVES = {
        "revoke": move([State.ISSUED], State.REVOKED, _("Revoke"), _("The certificate is revoked.")),
        "supersede": move([State.ISSUED], State.SUPERSEDED, _("Replace"), _("A corrected certificate is issued.")),
    }
    AUDITED = ("number", "hours", "language")

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
    title = models.CharField(_("for"), max_length=250)
    issuer = models.CharField(_("issued by"), max_length=250)
    hours = models.PositiveSmallIntegerField(_("academic hours"), null=True, blank=True)
    begins_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    issued_on = models.DateField(_("issued on"))
    language = models.CharField(_("language"), max_length=5)
    about_model = models.CharField(max_length=60, editable=False)
    about_id = models.CharField(max_length=12, editable=False)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by", editable=False
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
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

    def get_absolute_url(self):
        return reverse("members:verify", args=[self.public_id])
