"""Somebody who answers for an institution, or coordinates, leaves; a colleague takes over what was open."""

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from members.actions.affiliations import close_affiliation, enter_affiliation, refuse_to_appoint, who_answers_for
from members.actions.answering import keep_answered, lock_who_answers
from members.models import Affiliation, Application, Cluster, Coordinator, Group, Institution, Person


@transaction.atomic
def hand_over(affiliation: Affiliation, to: Person, by: Person) -> None:
    """End the affiliation of a head or contact; `to` has their role, open requests and classes from now on."""
    lock_who_answers([affiliation])
    institution = affiliation.institution
    if affiliation.role not in Affiliation.SPEAKING_ROLES:
        raise Refused(_("Only heads and contacts hand over. Anybody else leaves as they are."))
    if by.pk != affiliation.person_id:
        refuse_to_appoint(institution, affiliation.role, by)
    if to not in Person.objects.successors_in(institution, affiliation.person):
        raise Refused(_("Choose a colleague who belongs to the institution now and signs in with a password."))
    role = _role_of(to, institution, affiliation.role)
    if role is None:
        today = Cluster.current().today()
        state = Affiliation.State.ACTIVE
        role = enter_affiliation(to, institution, affiliation.role, state, by, starts_on=today)
    for group in Group.objects.current().filter(institution=institution, keepers=affiliation.person):
        group.keepers.add(to)
    close_affiliation(affiliation, by)
    queue_mail("members/handed_over", about=role, to=to)
    for request in institution.affiliations.asked().exclude(person=to):
        queue_mail("members/asked", about=request, to=to)
    if by.pk != affiliation.person_id:
        queue_mail("members/ended", about=affiliation, to=affiliation.person)


def _role_of(person: Person, institution: Institution, role: str) -> Affiliation | None:
    return person.affiliations.active().filter(institution=institution, role=role).first()


@transaction.atomic
def leave_coordination(person: Person, by: Person, to: Person | None = None) -> None:
    """End what somebody coordinates, today; `to` coordinates it from now on. The cluster keeps one coordinator."""
    held = person.coordinating.now().order_by("pk")
    lock_who_answers(roles=list(held))
    roles = list(held.select_for_update(no_key=True))
    if not roles:
        raise Refused(_("This person does not coordinate any more."))
    if to is not None:
        _take_over(roles, person, to)
    keep_answered(roles=roles)
    Coordinator.objects.filter(pk__in=[it.pk for it in roles]).update(until=Cluster.current().today())
    record("members.person.leave_coordination", person, by=by)
    if to is not None:
        _tell_successor(to, by)


def _take_over(roles: list[Coordinator], person: Person, to: Person) -> None:
    if to.pk == person.pk or not to.is_active or not to.has_claimed:
        raise Refused(_("Nobody else signs in with this address. Invite them to an institution first."))
    held = set(to.coordinating.now().values_list("region_id", flat=True))
    today = Cluster.current().today()
    new = [Coordinator(person=to, region_id=it.region_id, since=today) for it in roles if it.region_id not in held]
    Coordinator.objects.bulk_create(new)


def _tell_successor(to: Person, by: Person) -> None:
    """What waited for the one who left waits for the one who came."""
    to = Person.objects.get(pk=to.pk)
    record("members.person.take_over_coordination", to, by=by)
    occasion = Cluster.current().today().isoformat()
    queue_mail("members/coordination_handed_over", about=to, to=to, occasion=occasion)
    for request in Affiliation.objects.decidable_by(to).asked().select_related("institution", "person"):
        if to in who_answers_for(request.institution, but=request.person):
            queue_mail("members/asked", about=request, to=to)
    for application in Application.objects.visible_to(to).waiting():
        queue_mail("members/application_received", about=application, to=to)
