"""Who may load which lists, and about which institutions."""

from django.db.models import QuerySet

from members.models import Affiliation, Import, Institution, Person


def kinds_for(person: Person) -> list[str]:
    """The kinds of lists that somebody may load."""
    kinds = Import.Kind
    if person.is_coordinator:
        return [kinds.INSTITUTIONS, kinds.PEOPLE, kinds.CLASSES]
    if person.spoken_for:
        return [kinds.PEOPLE, kinds.CLASSES]
    return [kinds.CLASSES] if teaches_at(person) else []


def institutions_for(kind: str, person: Person) -> QuerySet[Institution]:
    """The institutions that a list of this kind may name: those one keeps; for classes also those one teaches at."""
    kept = Institution.objects.invitable_by(person)
    if kind != Import.Kind.CLASSES:
        return kept
    mine = Institution.objects.filter(pk__in=teaches_at(person))
    return Institution.objects.filter(pk__in=kept.values("pk")) | mine


def teaches_at(person: Person) -> list[int]:
    """Keys of the institutions where somebody is a teacher."""
    return [it.institution_id for it in person.active_affiliations if it.role == Affiliation.Role.TEACHER]
