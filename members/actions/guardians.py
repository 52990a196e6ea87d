from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.hooks import standing_noes
from cluster_portal.moves import Refused, make_move
from cluster_portal.outbox import cancel_mails, queue_mail
from cluster_portal.search import folded
from members.actions.consent import forget_mails_naming, say_who_decides_changed
from members.actions.people import enter_person
from members.consent import NOES, children_among, deciders_of
from members.models import Affiliation, ConsentDecision, GroupMember, Guardianship, Person, Tie
from members.ties import tie_together


@transaction.atomic
def name_guardian(child: Person, by: Person | None, how: str, email: str = "", **names: Any) -> Guardianship:
    """Somebody is a guardian of a child from now on; whoever is known by this name and address keeps their Person.

    The address becomes the one to write to, never a login: parents share mailboxes. Raises Refused when this person
    is a guardian of the child already, and when somebody would be a guardian by their own word.
    """
    Person.objects.select_for_update(no_key=True).get(pk=child.pk)
    email, language = email.strip().lower(), names.pop("language", child.language)
    guardian = _known_guardian(child, email, names)
    if guardian is None:
        guardian = enter_person(by, contact_email=email, language=language, **names)
    if guardian.pk == child.pk:
        raise Refused(_("Nobody is a guardian of themself. Enter the name of the guardian."))
    if child.guarded_by.now().filter(guardian=guardian).exists():
        raise Refused(_("This person is a guardian of the child already."))
    if by is not None and _is_oneself(by, guardian, email, child):
        raise Refused(
            _("Nobody names themself as a guardian. Ask a colleague or another guardian of the child to do it.")
        )
    guardianship = Guardianship.objects.create(guardian=guardian, child=child, how=how, asserted_by=by)
    record("members.guardianship.name", guardianship, by=by)
    family = [it.guardian for it in child.guarded_by.now().select_related("guardian")]
    tie_together([child, *family], Tie.Kind.RELATIVE, about=guardianship)
    return guardianship


@transaction.atomic
def end_guardianship(guardianship: Guardianship, by: Person) -> None:
    """Somebody is not a guardian any more: their link opens nothing, and their decisions count no more.

    Raises Refused when that would lift a guardian's no: a coordinator may, and the guardian themself.
    """
    child = Person.objects.select_for_update(no_key=True).get(pk=guardianship.child_id)
    is_own = by.pk == guardianship.guardian_id
    if not is_own and _says_no(guardianship) and not by.has_perm("members.overrule_guardian", child):
        raise Refused(
            _("This guardian has said no to something for the child. Ask a coordinator to end the guardianship.")
        )
    if not Guardianship.objects.now().filter(pk=guardianship.pk).update(ended_at=now()):
        raise Refused(_("This guardianship has ended already."))
    forget_mails_naming(guardianship)
    _ask_no_more(guardianship, by)
    if not is_own:
        queue_mail("members/guardianship_ended", about=guardianship, to=guardianship.guardian)
    record("members.guardianship.end", guardianship, by=by)
    say_who_decides_changed(child)


def why_not_erased_by(guardian: Person, child: Person) -> str:
    """Why a guardian, or the child itself, does not erase this child alone, in a sentence; nothing when they may."""
    if guardian.pk == child.pk:
        is_too_young = not deciders_of(child).themself and child.pk in children_among([child.pk])
        said = _("At this age your guardians decide. Ask to erase: then they are asked, and the coordinator decides.")
        return said if is_too_young else ""
    if deciders_of(child).themself:
        return _(
            "At this age the child decides too. Ask to erase: then the child is asked, and the coordinator decides."
        )
    if child.guarded_by.now().exclude(guardian=guardian).exists():
        return _("This child has another guardian too. Ask to erase: then they are asked, and the coordinator decides.")
    return ""


def _ask_no_more(ended: Guardianship, by: Person) -> None:
    """What a former guardian asked for nobody asks any more: other guardians may ask."""
    for it in ended.child.erasure_requests.open().filter(asked_by=ended.guardian_id):
        make_move(it, "withdraw", by=by, reason=gettext_noop("the guardianship ended"))
        cancel_mails(about=it, reason=gettext_noop("the guardianship ended"))


def _says_no(guardianship: Guardianship) -> bool:
    """Whether the guardian's last word on any purpose is a no, or on something that another app asked about."""
    rows = ConsentDecision.objects.about([guardianship.child_id]).filter(said_by=guardianship.guardian_id)
    to_a_purpose = any(decision in NOES for decision in {it.purpose: it.decision for it in rows}.values())
    return to_a_purpose or any(says_no(guardianship.guardian, guardianship.child) for says_no in standing_noes)


def _is_oneself(by: Person, guardian: Person, email: str, child: Person) -> bool:
    """Whether `by` would name themself: as who they are, or at their own address. Guardians may share a mailbox."""
    if guardian.pk == by.pk:
        return True
    own = email != "" and email in {(by.email or "").lower(), by.contact_email.lower()}
    return own and not child.guarded_by.now().filter(guardian=by).exists()


def _known_guardian(child: Person, email: str, names: dict[str, Any]) -> Person | None:
    """Who bears this name at this address; without an address, only the child's own guardians are compared.

    A contact address, which families share, finds only somebody who is a guardian of a child already.
    """
    parts = (names.get("family_name", ""), names.get("given_name", ""), names.get("patronymic", ""))
    same_name = Person.objects.active().filter(sort_name=folded(*parts))
    if not email:
        return same_name.filter(guards__child=child, guards__ended_at=None).first()
    guards = Guardianship.objects.now().values("guardian")
    at_address = same_name.filter(Q(email=email) | Q(contact_email__iexact=email, pk=child.pk))
    at_address |= same_name.filter(contact_email__iexact=email, pk__in=guards)
    found = list(at_address.order_by("pk"))
    learners = _learners(found) if found else set()
    return next((it for it in found if it.pk == child.pk or it.pk not in learners), None)


def _learners(people: list[Person]) -> set[int]:
    """Who of these (by key) is a child, or learns somewhere: never taken for a guardian by a name and an address."""
    keys = [it.pk for it in people]
    learning = Person.objects.filter(pk__in=keys).filter(
        Q(pk__in=Guardianship.objects.now().values("child"))
        | Q(pk__in=GroupMember.objects.now().values("person"))
        | Q(pk__in=Affiliation.objects.live().filter(role=Affiliation.Role.STUDENT).values("person"))
    )
    return set(children_among(keys)) | set(learning.values_list("pk", flat=True))
