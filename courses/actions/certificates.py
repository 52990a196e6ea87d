"""Issuing certificates to those who completed a run: one by one, or to all as long work."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.long_work import begin_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from courses.certificates import ISSUE, lines_of, paper_of, why_not_issued_yet
from courses.completion import Completion, completion_of, completions_of
from courses.models import Enrolment, Run
from members.actions import issue_certificate
from members.models import Certificate, Person


@transaction.atomic
def issue_to(enrolment: Enrolment, by: Person) -> Certificate:
    """Issue a certificate to one person who completed their run."""
    enrolment.run = run_to_certify(enrolment.run_id)
    return _issue(enrolment, completion_of(enrolment), by)


def _issue(enrolment: Enrolment, done: Completion, by: Person) -> Certificate:
    if not done.is_complete:
        missing = "; ".join(part.said for part in done.parts if not part.done) or enrolment.get_state_display()
        said = {"name": enrolment.person.full_name, "missing": missing}
        raise Refused(_("%(name)s has not completed the run: %(missing)s.") % said)
    institution = enrolment.affiliation.institution if enrolment.affiliation else None
    paper = paper_of(enrolment.run, enrolment.pool.sort)
    return issue_certificate(enrolment.person, paper, enrolment.run, by, institution)


@transaction.atomic
def begin_issuing(run: Run, by: Person) -> LongWork:
    """Ask the workers for a certificate for everybody who completed a run and has none; these are fixed now."""
    run = run_to_certify(run.pk)
    keys = [it.enrolment.pk for it in lines_of(run) if it.is_due]
    if not keys:
        raise Refused(_("There is nobody to issue a certificate to: those who completed the run have theirs."))
    work = begin_long_work(ISSUE, run, len(keys), enrolments=keys, by=by.public_id)
    record("courses.run.issue_certificates", run, by=by)
    return work


@transaction.atomic
def issue_to_many(run: Run, keys: Collection[int], by: Person) -> None:
    """Some of those, in a run that is one `to_certify`.

    Whoever has one meanwhile, or completed it no more, is passed over and stays on the page.
    """
    rows = Enrolment.objects.filter(pk__in=keys).select_related("person", "pool", "affiliation__institution")
    enrolments = list(rows.order_by("pk"))
    for it in enrolments:
        it.run = run
    done = completions_of(enrolments)
    for it in enrolments:
        try:
            with transaction.atomic():
                _issue(it, done[it.pk], by)
        except Refused:
            continue


def run_to_certify(key: int) -> Run:
    """A run as its papers need it. Refused when it gives none, or none yet."""
    run = Run.objects.with_dates().select_related("course", "host").get(pk=key)
    if said := why_not_issued_yet(run):
        raise Refused(said)
    return run
