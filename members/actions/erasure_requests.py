"""Asking for an erasure that one cannot do at once: others who decide say their word, a coordinator decides."""

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from members.actions.erasure import erase_person, lock_person_and_roles, why_not_at_once
from members.consent import may_decide, who_decides
from members.models import ErasureRequest, ErasureWord, Person


@transaction.atomic
def request_erasure(person: Person, by: Person, reason: str = "") -> ErasureRequest:
    """Ask the coordinators to erase a person; whoever decides about them too is asked for their word.

    Raises Refused when nothing stands against erasing at once, when it was asked for already, and when nobody could
    decide about it.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if by.pk != person.pk and not may_decide(by, person):
        raise Refused(_("You do not decide about this person any more. Ask the coordinator of the cluster."))
    if not why_not_at_once(person, by):
        raise Refused(_("Nothing stands against erasing at once. Go back, and press “Erase for good”."))
    if person.erasure_requests.open().exists():
        raise Refused(_("This was asked for already. The coordinator of the cluster decides about it."))
    readers = coordinators_for(person, but=by)
    if not readers:
        raise Refused(_("There is no other coordinator who could decide about it. Have another one appointed first."))
    request = ErasureRequest.objects.create(person=person, asked_by=by, reason=reason, state=ErasureRequest.State.ASKED)
    record("members.erasurerequest.enter", request, by=by, state=request.state)
    for decider in others_who_decide(request):
        ErasureWord.objects.create(request=request, by=decider)
        queue_mail("members/erasure_word", about=request, to=decider)
    for reader in readers:
        queue_mail("members/erasure_asked", about=request, to=reader)
    return request


def coordinators_for(person: Person, but: Person) -> list[Person]:
    """Who can decide about the erasure of a person: those who may erase them, without the one who asks."""
    coordinators = Person.objects.active().coordinators().exclude(pk=but.pk).order_by("pk")
    return [it for it in coordinators if Person.objects.erasable_by(it).filter(pk=person.pk).exists()]


def others_who_decide(request: ErasureRequest) -> list[Person]:
    """Who decides about this person today beside the one who asked: guardians, and from an age the child.

    Nobody, when somebody asks for themself who decides about themself.
    """
    deciders = who_decides(request.person)
    others = deciders - {request.asked_by_id}
    if request.asked_by_id == request.person_id and request.person_id in deciders:
        return []
    return list(Person.objects.active().filter(pk__in=others).order_by("sort_name", "pk"))


def words_about(request: ErasureRequest) -> list[ErasureWord]:
    """The word of each who decides today beside the one who asked; an empty one of whoever was never asked."""
    said = {it.by_id: it for it in request.words.all()}
    deciders = others_who_decide(request)
    for it in deciders:
        said.setdefault(it.pk, ErasureWord(request=request, by=it)).by = it
    return [said[it.pk] for it in deciders]


@transaction.atomic
def say_word(request: ErasureRequest, by: Person, agrees: bool) -> ErasureWord:
    """Somebody who decides too agrees, or says no; until the coordinator has decided, they may change their mind."""
    if not ErasureRequest.objects.open().select_for_update(no_key=True).filter(pk=request.pk):
        raise Refused(_("This was answered already. Your word is not needed any more."))
    if by not in others_who_decide(request):
        raise Refused(_("You do not decide about this person any more. Your word is not needed."))
    said = {"agrees": agrees, "said_at": now()}
    word, _is_new = ErasureWord.objects.update_or_create(request=request, by=by, defaults=said)
    record("members.erasurerequest.say_word", request, by=by, agrees=agrees)
    return word


@transaction.atomic
def grant_erasure(request: ErasureRequest, by: Person, spoken: bool = False) -> None:
    """Erase whom it is about. `spoken`: the coordinator has talked to everybody who has not agreed."""
    lock_person_and_roles(request.person)
    locked = ErasureRequest.objects.open().select_for_update(no_key=True, of=["self"]).select_related("person")
    found = locked.filter(pk=request.pk).first()
    if found is None:
        raise Refused(_("This was already answered. Reload the page to see its current state."))
    if not spoken and not all(it.agrees for it in words_about(found)):
        raise Refused(_("Not everybody who decides has agreed. Speak with them, then tick the box."))
    erase_person(found.person, by=by, reason=gettext_noop("asked for in the portal"))


@transaction.atomic
def decline_erasure(request: ErasureRequest, answer: str, by: Person) -> None:
    """Do not erase, and say why to whoever asked."""
    make_move(request, "decline", by=by, answer=answer)
    cancel_mails(about=request, reason=gettext_noop("it was answered"))
    queue_mail("members/erasure_declined", about=request, to=request.asked_by)


@transaction.atomic
def withdraw_erasure(request: ErasureRequest, by: Person) -> None:
    """Whoever asked does not ask any more; mail about it that has not left stays here."""
    make_move(request, "withdraw", by=by)
    cancel_mails(about=request, reason=gettext_noop("nobody asks any more"))
