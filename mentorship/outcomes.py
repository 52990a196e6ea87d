"""What students reached: who is named where. In a pairing those who are in it; outside, whoever may be published."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.consent import unpublishable
from members.few_people import is_few
from members.models import Institution, Person
from mentorship.models import Outcome, Pairing, PairingStudent
from mentorship.readers import Channel

APPROVED = PairingStudent.State.APPROVED


@dataclass(frozen=True)
class ShownOutcome:
    """An outcome as one reader sees it: `students` in words, `page` only where everybody on it is named anyhow."""

    outcome: Outcome
    students: str
    page: str = ""


def with_students(outcomes: QuerySet[Outcome]) -> QuerySet[Outcome]:
    """With who took part, by name."""
    people = PairingStudent.objects.select_related("person").order_by("person__sort_name", "pk")
    return outcomes.prefetch_related(Prefetch("students", people))


def outcomes_in(channel: Channel, reader: Person) -> list[ShownOutcome]:
    """The outcomes of a pairing for somebody who reads it, the latest first."""
    rows = with_students(channel.pairing.outcomes.select_related("evidence__upload"))
    return [
        ShownOutcome(it, in_words(*_parted(it, lambda one: channel.name_of(one.person, reader))), it.evidence_link)
        for it in rows
    ]


def public_outcomes(institution: Institution | None = None) -> QuerySet[Outcome]:
    """What students of all institutions reached with their mentors, or those of one; the latest first."""
    rows = Outcome.objects.filter(pairing__state__in=Pairing.BEGUN)
    if institution is not None:
        rows = rows.filter(pairing__request__affiliation__institution=institution)
    return with_students(rows.select_related("pairing__request__affiliation__institution")).order_by("-day", "-pk")


def shown_to_everybody(outcomes: Iterable[Outcome]) -> list[ShownOutcome]:
    """The same for everybody: with the names of those alone whose name may be published.

    The page that shows an outcome names people too, so it is linked only where all of them are named here.
    """
    rows = list(outcomes)
    hidden = unpublishable({one.person_id for it in rows for one in it.students.all()})
    return [_public(it, hidden) for it in rows]


def _public(it: Outcome, hidden: set[int]) -> ShownOutcome:
    names, others = _parted(it, lambda one: _published(one.person, hidden))
    said = without_number(names) if is_few(others) else in_words(names, others)
    return ShownOutcome(it, said, it.evidence_link if names and not others else "")


def _published(person: Person, hidden: set[int]) -> str:
    return person.full_name if person.is_active and person.pk not in hidden else ""


def _parted(it: Outcome, name_of: Any) -> tuple[list[str], int]:
    """The names that are said, and how many are not: those without one, and who is not approved any more."""
    names = [name_of(one) if one.state == APPROVED else "" for one in it.students.all()]
    said = [name for name in names if name]
    return said, len(names) - len(said)


def in_words(names: Sequence[str], others: int) -> str:
    """ "Anna K., Boris L. and 2 more students", "3 students"; nothing when nobody is entered."""
    if not others:
        return ", ".join(names)
    if not names:
        return ngettext("%(n)d student", "%(n)d students", others) % {"n": others}
    said = ngettext("%(names)s and %(n)d more student", "%(names)s and %(n)d more students", others)
    return said % {"names": ", ".join(names), "n": others}


def without_number(names: Sequence[str]) -> str:
    """The same where so few are not named that their number would say who they are."""
    if not names:
        return _("students who are not named")
    return _("%(names)s and others who are not named") % {"names": ", ".join(names)}


def in_a_line(it: Outcome) -> str:
    """ "Second place, Open Olympiad in Informatics (city or region)"."""
    said = {"place": it.get_place_display(), "contest": it.contest, "level": it.get_level_display()}
    return _("%(place)s, %(contest)s (%(level)s)") % said
