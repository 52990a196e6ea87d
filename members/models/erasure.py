from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from cluster_portal.public_id import PublicIdField
from cluster_portal.states import move
from members.models.people import Person


class ErasureRequestQuerySet(models.QuerySet):
    def open(self):
        """Requests that wait for a coordinator."""
        return self.filter(state=ErasureRequest.State.ASKED)

    def closed(self):
        """Requests that were granted, declined or taken back."""
        return self.exclude(state=ErasureRequest.State.ASKED)

    def shown_to(self, person, children):
        """What somebody asked for, and what waits about them or their children (given); the newest first."""
        about = Q(person__in=[*children, person], state=ErasureRequest.State.ASKED)
        return self.filter(Q(asked_by=person) | about).select_related("person").order_by("-asked_at", "-pk")

    def decidable_by(self, by):
        """Those about people whom a coordinator may erase, without what they asked for themself."""
        return self.filter(person__in=Person.objects.erasable_by(by)).exclude(asked_by=by)

    def for_lists(self):
        """With what a line in a list shows: those that wait first, the oldest on top."""
        waiting = models.Case(models.When(state=ErasureRequest.State.ASKED, then=0), default=1)
        return self.select_related("person", "asked_by").order_by(waiting, "asked_at", "pk")


class ErasureRequest(models.Model):
    """Somebody asks to erase a person whom they cannot erase at once: others decide too, or must take over first."""

    class State(models.TextChoices):
        ASKED = "asked", _("Waiting for the coordinator")
        GRANTED = "granted", _("Erased")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Taken back")

    MOVES = {
        "grant": move([State.ASKED], State.GRANTED, _("Erase for good"), _("Erased. Whoever asked gets a mail.")),
        "decline": move([State.ASKED], State.DECLINED, _("Decline"), _("Declined. A mail says why.")),
        "withdraw": move([State.ASKED], State.WITHDRAWN, _("Take back"), _("You do not ask for it any more.")),
    }
    AUDITED = ("agrees",)

    public_id = PublicIdField()
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="erasure_requests", verbose_name=_("who is to be erased")
    )
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="erasures_asked", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked on"), default=now, editable=False)
    reason = models.TextField(_("reason"), max_length=1000, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, editable=False)
    state_since = models.DateTimeField(default=now, editable=False)
    answer = models.TextField(_("why not"), max_length=3000, blank=True)

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request to erase")
        verbose_name_plural = _("requests to erase")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["person"], condition=Q(state="asked"), name="erasure_asked_once"),
            models.CheckConstraint(
                condition=Q(state="declined") | Q(answer=""), name="erasure_answer_only_when_declined"
            ),
        ]

    def __str__(self):
        return f"{self.person} {self.asked_at:%Y-%m-%d}"

    def get_absolute_url(self):
        return reverse("members:erasure_request", args=[self.public_id])

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a coordinator."""
        return self.state == self.State.ASKED


class ErasureWordQuerySet(models.QuerySet):
    def awaited(self):
        """Words that were asked for, in requests that still wait, and were not said."""
        return self.filter(agrees=None, request__state=ErasureRequest.State.ASKED)


class ErasureWord(models.Model):
    """What somebody who decides beside the one who asked says about it; empty until they have said it."""

    public_id = PublicIdField()
    request = models.ForeignKey(ErasureRequest, models.CASCADE, related_name="words")
    by = models.ForeignKey(Person, models.PROTECT, related_name="erasure_words")
    agrees = models.BooleanField(_("agrees"), null=True, blank=True)
    said_at = models.DateTimeField(null=True, blank=True)

    objects = ErasureWordQuerySet.as_manager()

    class Meta:
        verbose_name = _("word about an erasure")
        verbose_name_plural = _("words about erasures")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "by"], name="erasure_word_once"),
            models.CheckConstraint(
                condition=Q(agrees=None, said_at=None) | Q(agrees__isnull=False, said_at__isnull=False),
                name="erasure_word_has_its_time",
            ),
        ]

    def __str__(self):
        return f"{self.request} {self.by}"
