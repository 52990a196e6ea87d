"""Diplomas and letters of thanks are issued to all at once, as long work."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.long_work import begin_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from competitions.diplomas import ISSUE, lines_of, paper_of
from competitions.models import Competition
from members.actions import issue_certificate
from members.models import Person


@transaction.atomic
def begin_diplomas(competition: Competition, by: Person) -> LongWork:
    """Ask the workers for a paper for everybody who is to have one; these are fixed now."""
    if not competition.is_decided:
        raise Refused(_("Diplomas follow the results. Publish these first."))
    keys = [line.key for line in lines_of(competition) if line.is_due]
    if not keys:
        raise Refused(_("There is nobody to issue a diploma to: everybody has theirs."))
    work = begin_long_work(ISSUE, competition, len(keys), lines=keys, by=by.public_id)
    record("competitions.competition.issue_diplomas", competition, by=by)
    return work


@transaction.atomic
def issue_to_many(competition: Competition, keys: Collection[tuple[str, str, str]], by: Person) -> None:
    """Some of those. Whoever has one meanwhile, or is to have none any more, is passed over and stays on the page."""
    wanted = set(keys)
    for line in lines_of(competition):
        if line.key not in wanted or not line.is_due:
            continue
        try:
            with transaction.atomic():
                issue_certificate(line.person, paper_of(line.about), line.about, by, line.institution)
        except Refused:
            continue
