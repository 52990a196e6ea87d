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
    """Whoever belongs by this agreement the day before and by nothing the day after, and the clauses that lapse."""
    if agreement.amends_id:
        parties, texts = Party.objects.filter(agreement=agreement), Q(agreement=agreement)
    else:
        parties, texts = Party.objects.of_family(agreement), Q(agreement=agreement) | Q(agreement__amends=agreement)
    covered = Coverage.objects.filter(party__in=parties)
    concerned = Institution.objects.filter(
        Q(pk__in=parties.values("institution")) | Q(pk__in=covered.values("institution"))
    )
    # One question for each day: whoever belongs before and not after is who loses.
    before, after = day - timedelta(days=1), day
    if agreement.makes_members:
        losing = concerned.members_on(before).exclude(pk__in=Institution.objects.members_on(after).values("pk"))
    else:
        losing = concerned.partners_on(before).exclude(pk__in=Institution.objects.partners_on(after).values("pk"))
    clauses = Clause.objects.with_rights().filter(texts, agreement__concluded_on__isnull=False)
    return Stop(agreement, day, list(losing.order_by("name")), list(clauses.select_related("agreement")))


def what_lapses(agreement: Agreement) -> Stop | None:
    """What stops when the agreement reaches its last day; None where it has none."""
    return what_stops(agreement, agreement.last_day + timedelta(days=1)) if agreement.last_day else None
