"""Who is written to about somebody: they themselves, and the guardians of a child."""

from collections.abc import Collection, Iterable

from members.consent import children_in, deciders_at
from members.models import AgePolicy, Cluster, Guardianship, Person


def readers_of(people: Collection[Person]) -> dict[int, list[Person]]:
    """For each of these people (by key), who reads mail about what they take part in.

    The person when they have an address; of a child also every guardian with one, while guardians decide for them.
    Four queries at most, whatever their number.
    """
    readers = {it.pk: [it] if it.address else [] for it in people}
    by_key = {it.pk: it for it in people}
    today, policy = Cluster.current().today(), AgePolicy.current()
    guarded = [pk for pk in children_in(people) if deciders_at(by_key[pk].age_on(today), policy).guardians]
    if not guarded:
        return readers
    rows = Guardianship.objects.now().with_mail().filter(child__in=guarded, guardian__suspended_at=None)
    for it in rows.select_related("guardian").order_by("pk"):
        readers[it.child_id].append(it.guardian)
    return readers


def readers_of_all(people: Iterable[Person]) -> list[Person]:
    """Everybody who reads mail about any of these people, once each: for one mail about something that they share."""
    readers = readers_of(list({it.pk: it for it in people}.values()))
    return list({it.pk: it for found in readers.values() for it in found}.values())


def child_named(person: Person, reader: Person) -> str:
    """The first name of whom a mail is about, when its reader is a guardian; nothing for the person themself."""
    return "" if person.pk == reader.pk else person.given_name or person.full_name
