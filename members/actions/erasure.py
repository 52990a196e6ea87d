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
from members.models import Affiliation, Application, Cluster, Coordinator, Institution, Person

State = Affiliation.State
LEAVING = {State.ACTIVE: "end", State.INVITED: "decline", State.ASKED: "take_back"}
REASON = gettext_noop("the person was erased")


@transaction.atomic
def erase_person(person: Person, by: Person | None, reason: str = "") -> list[str]:
    """Empty a person in place for good; return a reasoned sentence for each thing that stays.

    Raises Refused when others would be left without an answer: the last coordinator, the last who speaks for a member.
    """
    person = _locked(person)
    if person.erased_at is not None:
        raise Refused(_("This entry was erased already."))
    if by is not None and not _may_erase(by, person):
        raise Refused(_("You cannot erase this person. Ask the coordinator of the cluster."))
    if problems := why_not_erasable(person):
        raise Refused(problems[0])
    stays = [sentence for held in hooks.personal_data.values() for sentence in held.erase(person)]
    Person.objects.filter(pk__in=[it.pk for it in person.selves]).update(erased_at=now())
    record("members.person.erase", person, by=by, reason=reason)
    return stays


def _may_erase(by: Person, person: Person) -> bool:
    """Oneself, a child whom one guards, and whom a coordinator may."""
    if by.pk == person.pk or person.guarded_by.now().filter(guardian=by).exists():
        return True
    return Person.objects.erasable_by(by).filter(pk=person.pk).exists()


def _locked(person: Person) -> Person:
    """The person, with whatever says who else answers: of two last ones who go at once, one stays."""
    spoken_for = Affiliation.objects.speaking().filter(person=person).values("institution")
    list(Institution.objects.filter(pk__in=spoken_for).select_for_update(no_key=True).order_by("pk"))
    if person.coordinates_whole_cluster:
        list(Coordinator.objects.now().filter(region=None).select_for_update(no_key=True).order_by("pk"))
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def why_not_erasable(person: Person) -> list[str]:
    """What the person has to hand over first, in sentences; nothing when they can be erased."""
    problems = [_last_speaker(it) for it in _alone_for(person)]
    others = Coordinator.objects.now().filter(region=None).exclude(person__in=person.selves)
    if person.coordinates_whole_cluster and not others.filter(person__in=Person.objects.active()).exists():
        problems.append(_("Nobody else coordinates the cluster. Hand over first: name another coordinator."))
    return problems


def _alone_for(person: Person) -> list[Institution]:
    """Member institutions for which nobody else answers."""
    spoken_for = [it.pk for it in person.spoken_for]
    members = Institution.objects.members_on(Cluster.current().today()).filter(pk__in=spoken_for)
    return [it for it in members if not Person.objects.speaking_for(it).exclude(pk=person.pk).exists()]


def _last_speaker(institution: Institution) -> str:
    said = _("Nobody else answers for %(institution)s. Hand over first: invite another head or contact.")
    return said % {"institution": institution}


def ask_for_erasure(person: Person, by: Person) -> None:
    """Mail the person a link by which they can erase themself: it proves who they are, as a password would."""
    if not queue_mail("members/erase", about=person, to=person, occasion=now().isoformat(), address=person.email or ""):
        raise Refused(_("There is no e-mail address to send the link to. Ask the coordinator of the cluster."))
    record("members.person.ask_erasure", person, by=by)


def end_ties(person: Person) -> None:
    """End today whatever binds a person to institutions, children, guardians and applications."""
    today = Cluster.current().today()
    for it in person.affiliations.live().order_by("pk"):
        move = LEAVING[State(it.state)]
        make_move(it, move, by=None, reason=REASON, **({"ends_on": today} if move == "end" else {}))
    for application in person.applications.filter(state__in=Application.OPEN).order_by("pk"):
        make_move(application, "withdraw", by=None, reason=REASON)
    person.coordinating.now().update(until=today)
    for guardianships in (person.guards.now(), person.guarded_by.now()):
        ended = list(guardianships)
        guardianships.update(ended_at=now())
        record_many("members.guardianship.end", ended, by=None, reason=REASON)


def record_copy(person: Person, by: Any) -> None:
    """Note that somebody took a copy of everything that is held about a person."""
    record("members.person.copy", person, by=by)
