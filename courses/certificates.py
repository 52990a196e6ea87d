"""Certificates of a run: whom it would give one, who has one, and what its paper says (decision 087)."""

from collections import Counter
from dataclasses import dataclass

from django.conf import settings
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.hooks import register_certificate_keeper
from cluster_portal.models import LongWork
from courses.completion import Completion, completions_of
from courses.models import Enrolment, Pool, Run
from courses.rules import coordinates_the_run
from members.certificates import Paper, addressees_of, can_be_mailed, hindrances, name_to_print
from members.models import Certificate, Cluster, Person

ISSUE = "courses.issue_certificates"
LONGEST = 250


@dataclass(frozen=True)
class Line:
    """One person of a run: how far they are, the certificate they have, and whom a new one would be mailed.

    `why_not`: why whoever completed the run cannot be issued one now, in a sentence.
    """

    enrolment: Enrolment
    completion: Completion
    certificate: Certificate | None
    addressee: Person | None
    why_not: str = ""

    @property
    def printed(self) -> str:
        """The name for the paper, where it is not the one by which this person is known here."""
        name = name_to_print(self.enrolment.person)
        return name if name != self.enrolment.person.full_name else ""

    @property
    def completes_no_more(self) -> bool:
        """Whether a mark was corrected after their certificate was issued: it is not taken back by itself."""
        return self.has_one and not self.completion.is_complete

    @property
    def has_one(self) -> bool:
        """Whether their certificate holds."""
        return self.certificate is not None and self.certificate.state == Certificate.State.ISSUED

    @property
    def can_be_printed(self) -> bool:
        """Whether they have a paper to print."""
        return self.certificate is not None and self.certificate.can_be_printed

    @property
    def can_have_one(self) -> bool:
        """Whether a certificate can be issued to them now."""
        return self.completion.is_complete and not self.has_one and not self.why_not

    @property
    def is_due(self) -> bool:
        """Whether they are among those who get theirs all at once: never somebody whose certificate was revoked."""
        return self.can_have_one and self.certificate is None


def lines_of(run: Run) -> list[Line]:
    """Everybody confirmed in a run, by name."""
    rows = run.enrolments.confirmed().select_related("person", "pool", "affiliation__institution")
    enrolments = list(rows.order_by("person__sort_name", "pk"))
    for it in enrolments:
        it.run = run
    done = completions_of(enrolments)
    to, had = addressees_of([it.person for it in enrolments]), _certificates_of(run)
    said = {it.person: (run.course.title, issuer_of(run)) for it in enrolments}
    why_not = hindrances(said, run, to)
    return [
        Line(it, done[it.pk], had.get(it.person_id), to[it.person_id], why_not.get(it.person_id, ""))
        for it in enrolments
    ]


def _certificates_of(run: Run) -> dict[int, Certificate]:
    """The certificate of each person for a run: the one that holds, or the last one."""
    rows = Certificate.objects.about(run).order_by("pk")
    last = {it.person_id: it for it in rows}
    return last | {it.person_id: it for it in rows if it.state == Certificate.State.ISSUED}


def whom_it_mails(lines: list[Line]) -> tuple[list[tuple[str, int]], str]:
    """Who would be mailed, in words, and how many, when certificates are issued to these; and how many would not."""
    words = {
        "self": _("Those who completed it"),
        "guardian": _("Guardians of children who completed it"),
    }
    counted = Counter(_kind(it) for it in lines)
    unmailed = ngettext(
        "%(count)s certificate is issued and not mailed, for want of an address: print it and hand it over.",
        "%(count)s certificates are issued and not mailed, for want of an address: print them and hand them over.",
        counted["nobody"],
    )
    mailed = [(said, counted[kind]) for kind, said in words.items() if counted[kind]]
    return mailed, unmailed % {"count": counted["nobody"]} if counted["nobody"] else ""


def _kind(line: Line) -> str:
    if not can_be_mailed(line.addressee):
        return "nobody"
    return "self" if line.addressee.pk == line.enrolment.person_id else "guardian"


def why_not_issued_yet(run: Run) -> str:
    """The sentence that says why a run issues no certificates now; `run` is one `with_dates`."""
    if not run.gives_certificate:
        return _("This run gives no certificate. Tick “gives a certificate” in its form first.")
    if run.state not in {Run.State.PUBLISHED, Run.State.CLOSED}:
        return _("Only a run that took place gives certificates.")
    if run.last_end is None or run.last_end > now():
        return _("Certificates are issued after the last session has ended.")
    return ""


def issuer_of(run: Run) -> str:
    """In whose name the certificates of a run are issued."""
    name = str(Cluster.current().name)
    return f"{name}, {run.host}"[:LONGEST] if run.host else name


def paper_of(run: Run, sort: str) -> Paper:
    """What stands on the paper of a run `with_dates`, for who took part in the room or online."""
    return Paper(
        kind=Certificate.Kind.COMPLETION,
        title=run.course.title,
        issuer=issuer_of(run),
        begins_on=localtime(run.first_start, run.zone).date(),
        ends_on=localtime(run.last_end, run.zone).date(),
        language=_language_of(run),
        hours=run.course.hours,
        form=Certificate.Form.ONLINE if sort == Pool.Sort.ONLINE else Certificate.Form.ROOM,
    )


def _language_of(run: Run) -> str:
    """That of the course, in which its title is written; where we do not print that, the cluster's."""
    spoken = dict(settings.LANGUAGES)
    return run.course.language if run.course.language in spoken else Cluster.current().language


def passed_over(work: LongWork | None, lines: list[Line]) -> tuple[int, list[str]]:
    """Of those for whom finished work was asked: how many have a certificate, and why each of the others has none."""
    if work is None or work.is_under_way:
        return 0, []
    asked = {it.enrolment.pk: it for it in lines if it.enrolment.pk in set(work.options["enrolments"])}
    without = [it for it in asked.values() if it.certificate is None]
    gone = Enrolment.objects.filter(pk__in=set(work.options["enrolments"]) - set(asked)).select_related("person")
    left = [f"{it.person.full_name}: {it.get_state_display()}" for it in gone.order_by("person__sort_name", "pk")]
    return len(asked) - len(without), [it.why_not or _why_none(it) for it in without] + left


def _why_none(line: Line) -> str:
    """What is missing for the certificate of somebody whom nothing else hinders."""
    if line.completion.is_complete:
        return _("%(name)s completed the run, and no certificate is issued yet.") % {
            "name": line.enrolment.person.full_name
        }
    return line.completion.missing_of(line.enrolment)


def work_of(run: Run) -> LongWork | None:
    """The issuing that was asked for last, which may be under way."""
    rows = LongWork.objects.filter(kind=ISSUE, about_model=run._meta.label_lower, about_id=run.public_id)
    return rows.order_by("-pk").first()


def certificate_in(run: Run, person: int) -> Certificate | None:
    """The certificate that somebody (by key) has for a run, as long as it holds."""
    return Certificate.objects.valid().about(run).filter(person=person).first()


def _keeps(person: Person, certificate: Certificate) -> bool:
    return coordinates_the_run(
        person, Run.objects.filter(public_id=certificate.about_id).select_related("host").first()
    )


register_certificate_keeper("courses.run", _keeps)
