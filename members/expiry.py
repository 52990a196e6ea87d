"""What stops when an agreement ends: who is no member any more from that day, and which rights go."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from members.models import Agreement, Clause, Coverage, Institution, Party


@dataclass(frozen=True)
class Stop:
    """What is gone from `day` on, the first without the agreement."""

    agreement: Agreement
    day: date
    institutions: list[Institution]
    clauses: list[Clause]

    @property
    def last_day(self) -> date:
        return self.day - timedelta(days=1)


def what_stops(agreement: Agreement, day: date) -> Stop:
    """Whoever belongs the day before, and on that day by no other document; and the clauses that lapse."""
    if agreement.amends_id:
        parties, texts = Party.objects.filter(agreement=agreement), Q(agreement=agreement)
    else:
        parties, texts = Party.objects.of_family(agreement), Q(agreement=agreement) | Q(agreement__amends=agreement)
    covered = Coverage.objects.filter(party__in=parties)
    concerned = Institution.objects.filter(
        Q(pk__in=parties.values("institution")) | Q(pk__in=covered.values("institution"))
    )
    network = agreement.makes_members
    before = (
        concerned.members_on(day - timedelta(days=1)) if network else concerned.partners_on(day - timedelta(days=1))
    )
    other_parties = Party.objects.binding_on(day, network).exclude(pk__in=parties.values("pk"))
    other_rolls = Coverage.objects.in_force_on(day).exclude(party__in=parties) if network else Coverage.objects.none()
    losing = before.exclude(Q(pk__in=other_parties.values("institution")) | Q(pk__in=other_rolls.values("institution")))
    clauses = Clause.objects.with_rights().filter(texts, agreement__concluded_on__isnull=False)
    return Stop(agreement, day, list(losing.order_by("name")), list(clauses.select_related("agreement")))


def what_lapses(agreement: Agreement) -> Stop | None:
    """What stops when the agreement reaches its last day; None where it has none."""
    return what_stops(agreement, agreement.last_day + timedelta(days=1)) if agreement.last_day else None
