"""Who has not answered, for whatever is asked: one list per institution, to print or to telephone through.

Each part that asks people something adds a function here by `register_unanswered`: it yields a line for everybody at
the institution who has been asked and has not answered.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _

from members.consent import deciders_at, people_to_answer
from members.models import (
    Affiliation,
    AgePolicy,
    Agreement,
    Cluster,
    ConsentRequest,
    ErasureRequest,
    ErasureWord,
    Guardianship,
    Institution,
    Party,
    Person,
)


@dataclass(frozen=True)
class Unanswered:
    """One person who owes an answer: what was asked, since when, and where they can be reached;
    where it is about a child, whom (by key) the line shows."""

    name: str
    what: Any
    since: datetime | None
    address: str = ""
    child: int | None = None


_sources: list[Callable[[Institution, Person], Iterable[Unanswered]]] = []


def register_unanswered(source: Callable[[Institution, Person], Iterable[Unanswered]]) -> None:
    """`source(institution, reader)` yields who has not answered there, as far as the reader may know."""
    _sources.append(source)


def unanswered_in(institution: Institution, reader: Person) -> list[Unanswered]:
    """Everybody at an institution who owes an answer, the oldest first."""
    rows = chain.from_iterable(source(institution, reader) for source in _sources)
    return sorted(rows, key=lambda it: (it.since is None, it.since.timestamp() if it.since else 0, it.name))


def invitations(institution: Institution, reader: Person) -> Iterator[Unanswered]:
    """People who were invited; who stands behind a known address is not told."""
    for it in institution.affiliations.invited().select_related("person"):
        what = _("Invitation. Role: %(role)s") % {"role": it.get_role_display()}
        shown = it.shown_name
        yield Unanswered(shown, what, it.state_since, "" if shown == it.shown_address else it.shown_address)


def requests(institution: Institution, reader: Person) -> Iterator[Unanswered]:
    """People who ask to join: it is the institution that owes the answer."""
    who = _who_answers(institution)
    for it in institution.affiliations.asked().select_related("person"):
        asks = _("%(name)s asks to join. Role: %(role)s")
        what = asks % {"name": it.person.full_name, "role": it.get_role_display()}
        yield Unanswered(who, what, it.state_since)


def signatures(institution: Institution, reader: Person) -> Iterator[Unanswered]:
    """Agreements that are open and wait for the institution's signature."""
    who, rows = _who_answers(institution), Party.objects.to_ask().filter(institution=institution)
    for party in rows.filter(agreement__state=Agreement.State.OPEN).select_related("agreement"):
        what = _("Signature: %(title)s") % {"title": party.agreement.title}
        yield Unanswered(who, what, party.agreement.state_since)


def consents(institution: Institution, reader: Person) -> Iterator[Unanswered]:
    """Guardians, and students of an age to decide, who have not answered about consent; each child is named."""
    students = {it.pk: it for it in Person.objects.students_of(institution).filter(consent_requests__isnull=False)}
    asked = dict(_first_asked(students))
    for it in people_to_answer(list(students)):
        what = _("Consent for %(name)s") % {"name": students[it.child].full_name}
        yield Unanswered(it.reader.full_name, what, asked.get(it.child), it.reader.address, it.child)


def words_about_erasures(institution: Institution, reader: Person) -> Iterator[Unanswered]:
    """Whoever decides too whether a student is erased; told to the coordinators who decide in the end."""
    known = ErasureRequest.objects.decidable_by(reader).filter(person__in=Person.objects.students_of(institution))
    rows = list(ErasureWord.objects.awaited().filter(request__in=known).select_related("request__person", "by"))
    guards = Guardianship.objects.now().filter(child__in=[it.request.person_id for it in rows])
    pairs = set(guards.values_list("guardian", "child"))
    today, policy = Cluster.current().today(), AgePolicy.current()
    for it in rows:
        child = it.request.person
        deciders = deciders_at(child.age_on(today), policy)
        decides = (deciders.guardians and (it.by_id, child.pk) in pairs) or (deciders.themself and it.by_id == child.pk)
        if decides and it.by.is_active:
            what = _("Whether %(name)s is erased") % {"name": child.full_name}
            yield Unanswered(it.by.full_name, what, it.request.asked_at, it.by.address, child.pk)


def _first_asked(children: Iterable[int]) -> Iterable[tuple[int, datetime]]:
    """When somebody was first asked about each child (by key)."""
    rows = ConsentRequest.objects.filter(child__in=list(children)).order_by()
    return rows.values_list("child").annotate(first=Min("asked_at"))


def _who_answers(institution: Institution) -> str:
    speakers = Affiliation.objects.speaking().filter(institution=institution).select_related("person").order_by("pk")
    names = dict.fromkeys(it.person.full_name for it in speakers)
    return ", ".join(names) or _("Coordinator")


register_unanswered(invitations)
register_unanswered(requests)
register_unanswered(signatures)
register_unanswered(consents)
register_unanswered(words_about_erasures)
