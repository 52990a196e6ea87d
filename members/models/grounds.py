"""On what ground an institution takes part: the document that makes it a member, and the clause that pages cite."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, prefetch_related_objects

from cluster_portal.prepared import AnyOf, prepared, together
from members.models.agreements import Agreement, Clause, Coverage, Party


@dataclass(frozen=True)
class Ground:
    """Why an institution belongs: the party (itself, or the one that covers it) and the clause that gives a right."""

    party: Party
    coverage: Coverage | None
    clause: Clause | None
    later: Clause | None = None

    @property
    def cited(self) -> Clause | None:
        """The clause that names the right: the one that gives it, or will from its first day on."""
        return self.clause or self.later

    @property
    def agreement(self) -> Agreement:
        """The text that pages cite: that of the clause, else the one that an addendum amends, or the party's own."""
        return self.cited.agreement if self.cited else self.party.agreement.amends or self.party.agreement


def ground_of(institution, right: str, day) -> Ground | None:
    """The document by which `institution` is a member on a day, with the clause that grants `right` if there is one.

    Of several documents, one with such a clause comes first. Membership gives the right even where no clause names it
    (docs/decisions/009); a clause, where there is one, is what pages cite. Where only clauses name it whose first day
    is still to come, the ground has the first of them as `later`, and does not give the right yet.
    """
    # An institution has few parties: judging them here costs less than a query that would.
    parties, named = together(
        _parties_of.asked(institution=institution.pk), _clauses_at.asked(institution=institution.pk, right=right)
    )
    for party in parties:
        party.institution = institution
    _fetch_amended([party.agreement for party in parties])
    grounds = [(party, None) for party in parties if party.is_member_on(day)]
    if not grounds:
        rows = Coverage.objects.in_force_on(day).filter(institution=institution)
        rows = rows.select_related("party__agreement__amends", "party__institution").order_by("pk")
        grounds = [(coverage.party, coverage) for coverage in rows]
        texts = _texts_of([party.agreement for party, _coverage in grounds])
        named = _clauses_of(right=right, agreements=[it.pk for it in texts])
    clauses = _by_agreement(named, [party.agreement for party, _coverage in grounds])
    found = [_judged(party, coverage, clauses[party.agreement_id], day) for party, coverage in grounds]
    opening = min((it for it in found if it.later), key=lambda it: it.later.since, default=None)
    return next((it for it in found if it.clause), opening or next(iter(found), None))


def membership_ended_on(institution, day) -> date | None:
    """The day since which an institution that was a member is none; None when it never was, or still is."""
    parties = Party.objects.was_bound_before(day).filter(institution=institution).select_related("agreement__amends")
    rolls = Coverage.objects.was_in_force_before(day).filter(institution=institution)
    ends = [party.unbound_from() for party in parties]
    for roll in rolls.select_related("party__agreement__amends"):
        struck_off = roll.until + timedelta(days=1) if roll.until else None
        ends.append(min((it for it in (struck_off, roll.party.unbound_from()) if it), default=None))
    return max((end for end in ends if end and end <= day), default=None)


def _fetch_amended(agreements: list[Agreement]) -> None:
    """Fetch what the addenda among these amend, all at once; most often there is none, and nothing is asked."""
    if addenda := [it for it in agreements if it.amends_id]:
        prefetch_related_objects(addenda, "amends")


def _judged(party: Party, coverage: Coverage | None, clauses: list[Clause], day) -> Ground:
    """What one document says of a right on a day: by which clause it gives it, or from when on it will."""
    clause = next((it for it in clauses if it.since is None or it.since <= day), None)
    later = None if clause else min(clauses, key=lambda it: it.since, default=None)
    return Ground(party, coverage, clause, later)


def _texts_of(agreements: list[Agreement]) -> list[Agreement]:
    """These agreements, and what they amend."""
    return [it for own in agreements for it in (own, own.amends) if it]


def _by_agreement(named: list[Clause], agreements: list[Agreement]) -> dict[int, list[Clause]]:
    """For each of these agreements those of these clauses that are its own, before those of what it amends."""
    texts = {it.pk: it for it in _texts_of(agreements)}
    by_text: dict[int | None, list[Clause]] = {}
    for clause in (it for it in named if it.agreement_id in texts):
        clause.agreement = texts[clause.agreement_id]
        by_text.setdefault(clause.agreement_id, []).append(clause)
    return {own.pk: by_text.get(own.pk, []) + by_text.get(own.amends_id, []) for own in agreements}


@prepared
def _parties_of(institution):
    return Party.objects.filter(institution=institution).select_related("agreement").order_by("pk")


@prepared
def _clauses_at(institution, right):
    """The clauses of whatever an institution has signed, and of what that amends."""
    signed = Party.objects.filter(institution=institution).order_by()
    own, amended = Q(agreement__in=signed.values("agreement")), Q(agreement__in=signed.values("agreement__amends"))
    return Clause.objects.filter(own | amended, right=right).order_by("pk")


@prepared
def _clauses_of(right, agreements):
    return Clause.objects.filter(AnyOf("agreement", agreements), right=right).order_by("pk")
