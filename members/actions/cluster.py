from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mails
from cluster_portal.search import folded
from members.actions.answering import keep_answered
from members.models import Cluster, Coordinator, Direction, Person, Region
from members.models.institutions import transliterated_slug


@transaction.atomic
def keep_cluster(by: Person, **changes: Any) -> Cluster:
    """Name the cluster, or change what it says about itself; its one row is made the first time."""
    it, is_new = Cluster.objects.select_for_update().get_or_create(pk=1, defaults=changes)
    if is_new:
        record("members.cluster.name", it, by=by)
        return it
    changed = [name for name, value in changes.items() if getattr(it, name) != value]
    for name in changed:
        setattr(it, name, changes[name])
    if changed:
        it.save(update_fields=changed)
        record_changes("members.cluster.change", it, by=by, changed=changed)
    return it


@transaction.atomic
def keep_region(region: Region, by: Person) -> Region:
    """Add a region, or give it another name; its address stays."""
    return _keep_named(region, by, _("There is a region of this name already. Choose another name."))


@transaction.atomic
def keep_direction(direction: Direction, by: Person) -> Direction:
    """Add a theme, or give it another name; whoever works on it goes on doing so."""
    return _keep_named(direction, by, _("There is a theme of this name already. Choose another name."))


def _keep_named(it: Any, by: Person, taken: str) -> Any:
    rows, is_new = type(it).objects.select_for_update(), it.pk is None
    if folded(it.name) in {folded(other.name) for other in rows.exclude(pk=it.pk)}:
        raise Refused(taken)
    it.slug = it.slug or _free_slug(type(it), it.name)
    it.save()
    record(f"{it._meta.label_lower}.{'add' if is_new else 'rename'}", it, by=by)
    return it


def _free_slug(model: Any, name: str) -> str:
    slug, known = transliterated_slug(name), set(model.objects.values_list("slug", flat=True))
    tries = (slug if number == 1 else f"{slug[:55]}-{number}" for number in range(1, len(known) + 2))
    return next(it for it in tries if it not in known)


@transaction.atomic
def appoint_coordinator(email: str, region: Region | None, by: Person) -> Coordinator:
    """Let somebody whom the portal knows coordinate a region, or the whole cluster, from today."""
    person = Person.objects.active().select_for_update(no_key=True).with_address(email)
    if person is None:
        raise Refused(_("Nobody signs in with this e-mail address. Invite them into their institution first."))
    if person.coordinating.now().filter(region=region).exists():
        raise Refused(_("This person coordinates that already."))
    role = Coordinator.objects.create(person=person, region=region, since=Cluster.current().today())
    record("members.coordinator.appoint", person, by=by, reason=_part(region))
    _tell("members/coordinator_appointed", role, by)
    return role


@transaction.atomic
def end_coordinator(role: Coordinator, by: Person) -> None:
    """End a coordinator's role today; somebody must go on coordinating the whole cluster."""
    keep_answered(roles=[role])
    if not Coordinator.objects.now().filter(pk=role.pk).update(until=Cluster.current().today()):
        raise Refused(_("This role has ended already."))
    record("members.coordinator.end", role.person, by=by, reason=_part(role.region))
    _tell("members/coordinator_ended", role, by)


def _tell(template: str, role: Coordinator, by: Person) -> None:
    """The person hears of their role, unless they did it themself; once of each, however often it comes and goes."""
    if role.person_id != by.pk:
        queue_mails([WantedMail(template, role.person, role.person, str(role.pk), ground=role)])


def _part(region: Region | None) -> str:
    return f"region {region.pk}" if region else "whole cluster"
