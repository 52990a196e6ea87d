"""Letters of thanks to mentors of ended pairings: who gets one, what stands on it, who keeps it (decision 129)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from cluster_portal.hooks import DeskRow, LongWorkKind, register_certificate_keeper, register_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from members.certificates import Paper, addressees_of
from members.models import Certificate, Cluster, Person
from mentorship.channels import ENDED
from mentorship.desk_rows import register_row
from mentorship.feedback import feedback_read_by
from mentorship.hours import Time, papers_for, time_of
from mentorship.models import LogEntry, Pairing, PairingFeedback
from mentorship.rules import thanks_for_the_pairing

ISSUE = "mentorship.issue_thanks"
LONGEST = 250  # letters of what a certificate is for
ASKED_FOR = timedelta(days=60)  # so long after the end the desk asks for thanks


@dataclass(frozen=True)
class Line:
    """An ended pairing: what it took, what both say of it, and the paper of its mentor."""

    pairing: Pairing
    time: Time
    certificate: Certificate | None
    addressee: Person | None
    feedback: list[PairingFeedback] = field(default_factory=list)

    @property
    def is_due(self) -> bool:
        """Whether the mentor can be thanked with others: never somebody whose paper was revoked."""
        return self.certificate is None and self.addressee is not None and self.addressee.erased_at is None

    @property
    def is_proposed(self) -> bool:
        """Whether the page proposes it: they did what it was for, and met."""
        return self.is_due and self.pairing.state == Pairing.State.COMPLETED and self.time.meetings > 0


def ended_for(person: Person) -> QuerySet[Pairing]:
    """The ended pairings on the desk of a coordinator, the latest first; never those whose mentor they are."""
    rows = Pairing.objects.filter(state__in=ENDED).kept_by(person).exclude(mentor__person=person)
    return rows.with_people().annotate(outcome_count=Count("outcomes")).order_by("-ended_on", "-pk")


def lines_of(pairings: list[Pairing], reader: Person) -> list[Line]:
    """What the desk shows of each of these pairings."""
    times, papers = time_of(pairings), papers_for(pairings)
    to = addressees_of([it.mentor.person for it in pairings])
    said: dict[int, list[PairingFeedback]] = {}
    for one in feedback_read_by(reader, pairings).order_by("pk"):
        said.setdefault(one.pairing_id, []).append(one)
    return [
        Line(it, times[it.pk], papers.get(it.public_id), to[it.mentor.person_id], _sides(it, said.get(it.pk, [])))
        for it in pairings
    ]


def _sides(pairing: Pairing, feedback: list[Any]) -> list[Any]:
    """Each with whose word it is (`side`)."""
    for it in feedback:
        it.side = _("mentor") if it.by_id == pairing.mentor.person_id else _("teacher")
    return feedback


def paper_of(pairing: Pairing) -> Paper:
    """What stands on the letter, in the language of the cluster's documents."""
    cluster, time = Cluster.current(), time_of([pairing])[pairing.pk]
    with override(cluster.language):
        return Paper(
            kind=Certificate.Kind.THANKS,
            title=_what_for(pairing, time),
            issuer=Truncator(str(cluster.name)).chars(LONGEST),
            begins_on=pairing.began_on,
            ends_on=pairing.ended_on,
            language=cluster.language,
        )


def _what_for(pairing: Pairing, time: Time) -> str:
    school = Truncator(str(pairing.request.affiliation.institution)).chars(70)
    said = _("mentoring “%(title)s”, %(school)s") % {"title": pairing.request.title, "school": school}
    hours = round(time.minutes / 60)
    if hours:
        said += ngettext(": %(n)d hour", ": %(n)d hours", hours) % {"n": hours}
    return Truncator(said).chars(LONGEST)


def work_of(person: Person) -> LongWork | None:
    """The issuing for which a coordinator asked last, which may be under way."""
    return LongWork.objects.filter(kind=ISSUE, options__by=person.public_id).order_by("-pk").first()


class Issuing:
    """The mentors of all pairings that were chosen, in that order."""

    def __init__(self, work: LongWork):
        by = Person.objects.active().filter(public_id=work.options["by"]).first()
        if by is None or not by.is_coordinator:
            raise Refused(_("Whoever asked for these letters does not coordinate here any more."))
        self.by, self.keys = by, work.options["pairings"]

    def do(self, since: int, until: int) -> None:
        from mentorship.actions.thanks import thank_many  # the action begins this work

        with Cluster.read_once():
            thank_many(self.keys[since:until], self.by)

    def finish(self) -> None:
        """Nothing follows: each mentor was told in their own step."""


def _keeps(person: Person, certificate: Certificate) -> bool:
    it = Pairing.objects.with_people().filter(public_id=certificate.about_id).first()
    return it is not None and thanks_for_the_pairing(person, it)


def to_thank(person: Person) -> Iterator[DeskRow]:
    """Pairings that were completed lately, whose mentor nobody has thanked, and can still be."""
    thanked = Certificate.objects.filter(about_model=Pairing._meta.label_lower, about_id=OuterRef("public_id"))
    rows = Pairing.objects.filter(state=Pairing.State.COMPLETED, state_since__gt=now() - ASKED_FOR).kept_by(person)
    rows = rows.filter(~Exists(thanked), Exists(LogEntry.objects.filter(pairing=OuterRef("pk"))))
    rows = rows.filter(mentor__person__erased_at=None).exclude(mentor__person=person)
    found = rows.order_by().aggregate(count=Count("pk"), since=Min("state_since"))
    if n := found["count"]:
        text = ngettext(
            "completed pairing whose mentor can be thanked", "completed pairings whose mentors can be thanked", n
        )
        yield DeskRow(text, n, found["since"], reverse("mentorship:desk_thanks"), _("Thank"))


register_row(to_thank)
register_long_work(LongWorkKind(ISSUE, Issuing, step=20))
register_certificate_keeper(Pairing._meta.label_lower, _keeps)
