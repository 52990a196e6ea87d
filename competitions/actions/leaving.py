"""People who leave all their entries at once: children after a no to taking part, and whoever is erased."""

from django.db import transaction
from django.utils.translation import gettext_noop

from cluster_portal.moves import make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from competitions.actions.entries import end_entry, lock_competition, lock_entry
from competitions.models import Authorship, Competition, Entry
from members.consent import State, state_of
from members.models import Person, Purpose

NOES = {State.REFUSED, State.WITHDRAWN}
NO = gettext_noop("consent to taking part was refused or taken back")


@transaction.atomic
def settle_child(child: Person) -> None:
    """Take a child out of every entry that is not decided, once consent is refused or taken back.

    What it wrote with others stays with them; what it wrote alone is withdrawn. Where guardians disagree nothing
    happens before a coordinator has settled it.
    """
    if state_of(child, Purpose.TAKING_PART) not in NOES:
        return
    leave_entries(child, NO)


@transaction.atomic
def leave_entries(person: Person, reason: str) -> None:
    """Take somebody out of every entry that is not decided. What they wrote with others stays with these."""
    written = Authorship.objects.standing().filter(person=person, entry__state__in=Entry.ALIVE)
    undecided = written.exclude(entry__competition__state=Competition.State.CONCLUDED)
    for it in undecided.select_related("entry__competition").order_by("entry__competition_id", "pk"):
        lock_competition(it.entry.competition)
        _leave(lock_entry(it.entry), it, reason)


def _leave(entry: Entry, authorship: Authorship, reason: str) -> None:
    others = [it for it in entry.authorships.all() if it.state == Authorship.State.CONFIRMED and it != authorship]
    if authorship.is_lead and not others:
        end_entry(entry, authorship.person, None, reason)
        return
    was_lead = authorship.is_lead
    make_move(authorship, "end", by=None, reason=reason, is_lead=False)
    cancel_mails(about=authorship, reason=reason)
    if was_lead:
        _let_lead(others[0])


def _let_lead(heir: Authorship) -> None:
    heir.is_lead = True
    heir.save(update_fields=["is_lead"])
    queue_mail("competitions/author_leads", about=heir, to=heir.person, occasion=heir.state_since.isoformat())
