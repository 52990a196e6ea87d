"""Mentors of ended pairings get a letter of thanks: one, or all that were chosen, as long work."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.long_work import begin_long_work
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused
from members.actions import issue_certificate
from members.models import Certificate, Person
from mentorship.channels import ENDED
from mentorship.models import Pairing
from mentorship.rules import thanks_for_the_pairing
from mentorship.thanks import ISSUE, ended_for, lines_of, paper_of


@transaction.atomic
def thank_mentor(pairing: Pairing, by: Person) -> Certificate:
    """Issue a letter of thanks to the mentor of an ended pairing, also in place of one that was revoked."""
    it = Pairing.objects.with_people().get(pk=pairing.pk)
    if not thanks_for_the_pairing(by, it):
        raise Refused(_("Coordinators thank mentors, and nobody thanks themself. Ask another coordinator."))
    if it.state not in ENDED:
        raise Refused(_("This pairing is under way. Thank the mentor when it is ended."))
    return issue_certificate(it.mentor.person, paper_of(it), it, by)


@transaction.atomic
def begin_thanks(pairings: Collection[Pairing], by: Person) -> LongWork:
    """Ask the workers for a letter to the mentor of each of these; they are fixed now."""
    chosen = ended_for(by).filter(pk__in=[it.pk for it in pairings])
    due = [line.pairing for line in lines_of(list(chosen), by) if line.is_due]
    if not due:
        raise Refused(_("Choose ended pairings whose mentors have no letter yet."))
    return begin_long_work(ISSUE, due[0], len(due), pairings=[it.public_id for it in due], by=by.public_id)


@transaction.atomic
def thank_many(keys: Collection[str], by: Person) -> None:
    """Some of those (by public id). Whoever has one meanwhile, or can have none any more, is passed over."""
    chosen = list(ended_for(by).filter(public_id__in=list(keys)))
    for line in lines_of(chosen, by):
        if not line.is_due:
            continue
        try:
            with transaction.atomic():
                thank_mentor(line.pairing, by)
        except Refused:
            continue
