"""Issuing certificates to those who completed a run: one by one, or to all as long work."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.long_work import begin_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from courses.certificates import ISSUE, lines_of, paper_of, why_not_issued_yet
from courses.completion import completions_of
from courses.models import Enrolment, Run
from members.actions import issue_certificates, take_turn
from members.certificates import CHANGED_MEANWHILE, Earned
from members.models import Certificate, Institution, Person


@transaction.atomic
def issue_to(enrolment: Enrolment, by: Person) -> Certificate:
    """Issue a certificate to one person who completed their run."""
    issued, why_not = _issue(run_to_certify(enrolment.run_id), [enrolment.pk], by)
    if not issued:
        raise Refused(why_not.get(enrolment.pk, str(CHANGED_MEANWHILE)))
    return issued[0]


def _issue(run: Run, keys: Collection[int], by: Person) -> tuple[list[Certificate], dict[int, str]]:
    """What could be issued of these enrolments (by key), and why the others were passed over."""
    enrolments = _held(run, keys)
    done = completions_of(enrolments)
    complete = [it for it in enrolments if done[it.pk].is_complete]
    papers = {sort: paper_of(run, sort) for sort in {it.pool.sort for it in complete}}
    earned = [Earned(it.person, papers[it.pool.sort], _institution_of(it)) for it in complete]
    issued, problems = issue_certificates(earned, run, by)
    without = [it for it in enrolments if it.person_id not in {one.person_id for one in issued}]
    return issued, {it.pk: problems.get(it.person_id) or done[it.pk].missing_of(it) for it in without}


def _held(run: Run, keys: Collection[int]) -> list[Enrolment]:
    """These enrolments and their people as they are, until we are done. Who was merged just now is not among them."""
    people = take_turn(Enrolment.objects.filter(pk__in=keys).values_list("person", flat=True))
    rows = Enrolment.objects.filter(pk__in=keys, person__in=people).select_related("pool", "affiliation__institution")
    enrolments = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    for it in enrolments:
        it.run, it.person = run, people[it.person_id]
    return enrolments


def _institution_of(it: Enrolment) -> Institution | None:
    return it.affiliation.institution if it.affiliation else None


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
    _issue(run, keys, by)


def run_to_certify(key: int) -> Run:
    """A run as its papers need it. Refused when it gives none, or none yet."""
    run = Run.objects.with_dates().select_related("course", "host").get(pk=key)
    if said := why_not_issued_yet(run):
        raise Refused(said)
    return run
