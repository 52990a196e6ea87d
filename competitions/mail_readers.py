"""Why somebody is written to about an entry: they are an author of it, or guard one who is a child."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from competitions.models import Authorship, Competition, Entry
from members.models import Person
from members.readers import child_named


def of_reader(reader: Person) -> Q:
    """Authorships of a reader, or of a child whom they guard."""
    return Q(person=reader) | Q(person__guarded_by__guardian=reader, person__guarded_by__ended_at=None)


def written_for(competition: Competition, reader: Person) -> QuerySet[Authorship]:
    """What a reader is an author of, or asked to be, or a guardian of an author."""
    counted = Entry.objects.counted().filter(competition=competition)
    rows = Authorship.objects.standing().filter(of_reader(reader), entry__in=counted)
    return rows.select_related("entry", "person")


def of_reader_once(authorships: Iterable[Authorship], reader: Person) -> list[Authorship]:
    """Of each entry one authorship, by which this reader is written to: their own, else that of a child."""
    own_last = sorted(authorships, key=lambda it: (it.person_id == reader.pk, it.pk))
    return sorted({it.entry_id: it for it in own_last}.values(), key=lambda it: it.entry_id)


def authorship_for(entry: Entry, reader: Person) -> Authorship | None:
    """Why a reader is written to about an entry: they are an author, or guard one; their own comes first."""
    rows = Authorship.objects.confirmed().filter(of_reader(reader), entry=entry).select_related("person")
    return next(iter(of_reader_once(rows, reader)), None)


def child_behind(authorship: Authorship | None, reader: Person) -> str:
    """The first name of the child by whose entry a guardian is written to; nothing for an author themself."""
    return child_named(authorship.person, reader) if authorship else ""
