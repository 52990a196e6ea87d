"""Emptying a person in place. What each app holds, and what of it may go, its personal_data.py says."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal import hooks
from cluster_portal.audit import record, record_many
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import queue_mail
from members.actions.affiliations import close_affiliation
from members.actions.answering import keep_answered, lock_who_answers, why_unanswered
from members.actions.guardians import why_not_erased_by
from members.models import Affiliation, Application, Cluster, Coordinator, ErasureRequest, Person

State = Affiliation.State
LEAVING = {State.INVITED: "decline", State.ASKED: "take_back"}
REASON = gettext_noop("the person was erased")


@transaction.atomic
def erase_person(person: Person, by: Person | None, reason: str = "") -> list[str]:
    """Empty a person in place for good; return a reasoned sentence for each thing that stays.

    Raises Refused when others would be left without an answer: the last coordinator, the last who speaks for a member;
    and when somebody else decides about a child too.
    """
    person = lock_person_and_roles(person)
    if person.erased_at is not None:
        raise Refused(_("This entry was erased already."))
    if by is not None and (problem := _why_not_by(by, person)):
        raise Refused(problem)
    keep_answered(*_roles_of(person))
    stays = [sentence for held in hooks.personal_data.values() for sentence in held.erase(person)]
    Person.objects.filter(pk__in=[it.pk for it in person.selves]).update(erased_at=now())
    record("members.person.erase", person, by=by, reason=reason)
    _settle_requests(person, by)
    return stays


def _why_not_by(by: Person, person: Person) -> str:
    """Whoever decides alone about themself, whom a coordinator may, and a child about whom nobody else decides."""
    if Person.objects.erasable_by(by).filter(pk=person.pk).exists():
        return ""
    if by.pk == person.pk or person.guarded_by.now().filter(guardian=by).exists():
        return why_not_erased_by(by, person)
    return _("You cannot erase this person. Ask the coordinator of the cluster.")


def lock_person_and_roles(person: Person) -> Person:
    """The person, after whatever says who else answers."""
    lock_who_answers(*_roles_of(person))
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _roles_of(person: Person) -> tuple[list[Affiliation], list[Coordinator]]:
    return list(person.affiliations.speaking()), list(person.coordinating.now())


def why_not_erasable(person: Person) -> list[str]:
    """What the person has to hand over first, in sentences; nothing when they can be erased."""
    return why_unanswered(*_roles_of(person))


def why_not_at_once(person: Person, by: Person) -> list[str]:
    """Why somebody does not erase a person (or themself) at once, in sentences; nothing when they may."""
    alone = why_not_erased_by(by, person)
    return [*([alone] if alone else []), *why_not_erasable(person)]


def _settle_requests(person: Person, by: Person | None) -> None:
    """Whoever asked for the erasure hears of it; what the erased person asked for nobody asks any more."""
    open_ones = ErasureRequest.objects.open().select_related("asked_by").order_by("pk")
    for it in open_ones.filter(person=person):
        make_move(it, "grant", by=by)
        if it.asked_by_id != person.pk:
            queue_mail("members/erasure_granted", about=it, to=it.asked_by)
    for it in open_ones.filter(asked_by=person):
        make_move(it, "withdraw", by=None, reason=REASON)


def ask_for_erasure(person: Person, by: Person) -> None:
    """Mail the person a link by which they can erase themself: it proves who they are, as a password would."""
    if not queue_mail("members/erase", about=person, to=person, occasion=now().isoformat(), address=person.email or ""):
        raise Refused(_("There is no e-mail address to send the link to. Ask the coordinator of the cluster."))
    record("members.person.ask_erasure", person, by=by)


def end_ties(person: Person) -> None:
    """End today whatever binds a person to institutions, children, guardians and applications."""
    for it in person.affiliations.live().order_by("pk"):
        if it.state == State.ACTIVE:
            close_affiliation(it, by=None, reason=REASON)
        else:
            make_move(it, LEAVING[State(it.state)], by=None, reason=REASON)
    for application in person.applications.filter(state__in=Application.OPEN).order_by("pk"):
        make_move(application, "withdraw", by=None, reason=REASON)
    person.coordinating.now().update(until=Cluster.current().today())
    for guardianships in (person.guards.now(), person.guarded_by.now()):
        ended = list(guardianships)
        guardianships.update(ended_at=now())
        record_many("members.guardianship.end", ended, by=None, reason=REASON)


def record_copy(person: Person, by: Any) -> None:
    """Note that somebody took a copy of everything that is held about a person."""
    record("members.person.copy", person, by=by)
