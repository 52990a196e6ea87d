"""Addresses that fail: whose, and who can correct them. An address is a key: what opens by it, its reader opens."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from members.consent import children_kept_by
from members.models import Affiliation, Coordinator, Group, GroupMember, Guardianship, Person

ADDRESS_LENGTH = Person._meta.get_field("email").max_length


def is_address(text: str) -> bool:
    """Whether this is an e-mail address that one can keep: addresses may be longer than the columns for them."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= ADDRESS_LENGTH


def correctable_by(person: Person) -> QuerySet:
    """Whose address somebody may correct: people of the institutions they keep, the students of their classes, and
    the guardians of these.

    An invitation makes nobody theirs who signs in already, or for whom others answer too. Whoever coordinates the whole
    cluster has everybody else: an applicant or a coordinator belongs to no institution and no class.
    """
    if person.coordinates_whole_cluster:
        return Person.objects.active().exclude(pk=person.pk)
    mine = Affiliation.objects.decidable_by(person)
    invited = mine.invited().exclude(person__in=Person.objects.claimed()).exclude(person__in=out_of_reach(person))
    students = _students_of(person)
    guards = Q(guards__child__in=students, guards__ended_at=None)
    kept = Q(pk__in=mine.known().values("person")) | Q(pk__in=invited.values("person"))
    found = Person.objects.filter(kept | Q(pk__in=students) | guards).values("pk")
    return Person.objects.active().filter(pk__in=found).exclude(pk=person.pk)


def out_of_reach(by: Person) -> QuerySet:
    """Who has, or is invited to, something that `by` may not give: a place elsewhere, an office that `by` may not
    appoint, a child whom `by` does not keep, a part of the cluster. Nobody is for coordinators of the whole cluster."""
    if by.coordinates_whole_cluster:
        return Person.objects.none()
    headed = [it.institution_id for it in by.active_affiliations if it.role == Affiliation.Role.HEAD]
    regions = [role.region_id for role in by.coordinator_roles]
    appoints = Q(institution__in=headed) | Q(institution__region__in=regions)
    keeps = Q(institution__in=by.spoken_for) & ~Q(role__in=Affiliation.SPEAKING_ROLES)
    here = [it.institution_id for it in by.active_affiliations]
    teaches = Q(role=Affiliation.Role.STUDENT, institution__in=here, person__in=_students_of(by))
    given = Affiliation.objects.filter(appoints | keeps | teaches).values("pk")
    elsewhere = Affiliation.objects.live().exclude(pk__in=given).values("person")
    guards = Guardianship.objects.now().exclude(child__in=children_kept_by(by)).values("guardian")
    powerful = Q(pk__in=Coordinator.objects.now().values("person")) | Q(is_superuser=True)
    return Person.objects.filter(Q(pk__in=elsewhere) | Q(pk__in=guards) | powerful)


def why_not_correctable(person: Person, by: Person) -> str:
    """Why `by` may not write to another address, in a sentence; nothing when they may."""
    if person.has_claimed:
        keeps = Affiliation.objects.decidable_by(by).known().filter(person=person).exists()
        may = person.address_failed_at and (keeps or by.coordinates_whole_cluster)
        return "" if may else _("This person keeps their own profile. Ask them to correct it.")
    if out_of_reach(by).filter(pk=person.pk).exists():
        return answered_by_others()
    if person.email and not person.address_failed_at:
        return _("Mail arrives at this address. Withdraw the invitation, and invite the right one.")
    return ""


def answered_by_others() -> str:
    return _("Others answer for this person too. Ask the coordinator of the cluster.")


def _students_of(person: Person) -> QuerySet:
    """Keys of those who stand in the classes that somebody keeps or answers for."""
    classes = Group.objects.current().visible_to(person)
    return GroupMember.objects.now().filter(group__in=classes).values("person")


def who_can_correct(people: Iterable[Person]) -> dict[int, list[Person]]:
    """For each person the heads and contacts of their institutions and the teachers of their classes.

    A guardian's are those of the children. Where there is nobody, the coordinators can.
    """
    people = list(people)
    wards = _wards(people)
    own = {it.pk: [it.pk, *wards.get(it.pk, [])] for it in people}
    everybody = {pk for pks in own.values() for pk in pks}
    found = _speakers(everybody)
    for person, keeper in _keepers(everybody):
        found.setdefault(person, {})[keeper.pk] = keeper
    merged = {pk: {k: v for one in pks for k, v in found.get(one, {}).items() if k != pk} for pk, pks in own.items()}
    return {pk: sorted(rows.values(), key=lambda it: it.sort_name) for pk, rows in merged.items()}


def _wards(people: list[Person]) -> dict[int, list[int]]:
    pairs = Person.objects.filter(guards__ended_at=None, pk__in=[it.pk for it in people]).values_list(
        "pk", "guards__child"
    )
    wards: dict[int, list[int]] = {}
    for guardian, child in pairs:
        if child is not None:
            wards.setdefault(guardian, []).append(child)
    return wards


def _speakers(people: set[int]) -> dict[int, dict[int, Person]]:
    places = list(Affiliation.objects.live().filter(person__in=people).values_list("person", "institution"))
    speaking = Affiliation.objects.speaking().filter(institution__in={there for _person, there in places})
    by_place: dict[int, dict[int, Person]] = {}
    for it in speaking.select_related("person"):
        by_place.setdefault(it.institution_id, {})[it.person_id] = it.person
    found: dict[int, dict[int, Person]] = {}
    for person, there in places:
        found.setdefault(person, {}).update(by_place.get(there, {}))
    return found


def _keepers(people: set[int]) -> list[tuple[int, Person]]:
    rows = GroupMember.objects.now().filter(person__in=people, group__archived_at=None)
    rows = rows.select_related("group").prefetch_related("group__keepers")
    return [(it.person_id, keeper) for it in rows for keeper in it.group.keepers.all()]
