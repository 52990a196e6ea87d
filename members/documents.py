"""By which documents an institution belongs, and which clauses of them give it rights: what its page shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from members.models import Agreement, Clause, Coverage, Institution, Party


@dataclass(frozen=True)
class Document:
    """An agreement that the institution signed, or the roll on which a party of it names the institution."""

    party: Party
    coverage: Coverage | None
    clauses: list[Clause]

    @property
    def agreement(self) -> Agreement:
        return self.party.agreement


def documents_of(institution: Institution, visible: Iterable[Agreement], day: date) -> list[Document]:
    """What it signed, then by whom it is covered; each clause that gives it a right on the day stands once."""
    parties = institution.parties.filter(agreement__in=visible).select_related("agreement__amends")
    rolls = institution.coverages.filter(party__agreement__in=visible).select_related("party__institution")
    rows = [(party, None) for party in parties.prefetch_related(*_clauses_through("")).order_by("pk")]
    rolls = rolls.select_related("party__agreement__amends").prefetch_related(*_clauses_through("party__"))
    rows += [(roll.party, roll) for roll in rolls.order_by("since", "pk")]
    shown: set[int] = set()
    return [Document(party, roll, _fresh(party, roll, day, shown)) for party, roll in rows]


def _clauses_through(prefix: str) -> list[str]:
    return [f"{prefix}agreement__clauses", f"{prefix}agreement__amends__clauses"]


def _fresh(party: Party, roll: Coverage | None, day: date, shown: set[int]) -> list[Clause]:
    """The clauses with a right, of its own text and of the amended one, that no document before has shown."""
    if not party.is_bound_on(day) or (roll is not None and not roll.names_on(day)):
        return []
    texts = [it for it in (party.agreement.amends, party.agreement) if it]
    fresh = [it for text in texts for it in text.clauses.all() if it.right and it.pk not in shown]
    shown.update(it.pk for it in fresh)
    return fresh
