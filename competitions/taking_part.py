"""Who takes part in a competition: authors and jurors, as those who are written to."""

from competitions.models import Authorship, Competition, Entry, Juror
from members.models import Person


def authors_of(competition: Competition) -> list[Person]:
    """Whoever is an author, or asked to be one, of an entry that counts: a draft, handed in, admitted."""
    entries = Entry.objects.counted().filter(competition=competition)
    written = Authorship.objects.standing().filter(entry__in=entries)
    return list(Person.objects.filter(pk__in=written.values("person")).order_by("pk"))


def jurors_of(competition: Competition) -> list[Person]:
    """Jurors, and those who are asked to be."""
    bound = Juror.objects.bound().filter(competition=competition)
    return list(Person.objects.filter(pk__in=bound.values("person")).order_by("pk"))
