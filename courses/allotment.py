"""Whose the free places of a pool are: reserves keep some for an institution, limits let none take too many."""

from collections import Counter
from datetime import date
from functools import cached_property

from django.db.models import Count

from cluster_portal.prepared import prepared
from courses.models import Enrolment, Pool, Reserve

Counted = Counter[int | None]


class Allotment:
    """What is free in a pool on a day, counted down as places are given away; who gives them holds its lock.

    Free for all = places − taken − unreleased unused reserves (DESIGN.md). An institution also has what is still
    unused of its own reserve, but never more than the limit, which counts all pools of the run.
    """

    def __init__(self, pool: Pool, day: date, reserves: list[Reserve] | None = None) -> None:
        reserves = reserves_on(pool=pool.pk, day=day) if reserves is None else reserves
        self.pool, self.free = pool, pool.free
        self.reserves = {it.institution_id: it.places for it in reserves}
        self._given: Counted = Counter()

    def free_for(self, institution: int | None, limit: int | None = None) -> int:
        """How many places people of an institution (its key) can take now."""
        left = self.free - self.kept_for_others(institution)
        most = self.limit(limit)
        if most is not None and institution is not None:
            left = min(left, most - self._in_run[institution] - self._given[institution])
        return max(0, left)

    def kept_for_others(self, institution: int | None) -> int:
        """How many of the free places are kept for other institutions."""
        return sum(self.unused(it) for it in self.reserves if it != institution)

    def unused(self, institution: int) -> int:
        """How many free places are kept for an institution: what its reserve has not been used for."""
        return max(0, self.reserves.get(institution, 0) - self.used(institution))

    def used(self, institution: int) -> int:
        """How many places of the pool people of an institution have."""
        return self._in_pool[institution] + self._given[institution]

    def limit(self, of_clause: int | None = None) -> int | None:
        """How many places of the run one institution gets at most: the run says it, or the clause."""
        return min((it for it in (of_clause, self.pool.run.institution_limit) if it is not None), default=None)

    def limit_is_reached(self, institution: int | None, of_clause: int | None = None) -> bool:
        """Whether an institution has all the places that it gets at most."""
        most = self.limit(of_clause)
        return most is not None and institution is not None and self._in_run[institution] >= most

    def take(self, institution: int | None, places: int = 1) -> None:
        """Count places as given to people of an institution."""
        self.free -= places
        self._given[institution] += places

    @cached_property
    def _taken(self) -> list[tuple[int, int | None, int]]:
        taking = Enrolment.objects.taking().filter(run=self.pool.run_id).order_by()
        return list(taking.values_list("pool", "affiliation__institution").annotate(people=Count("pk")))

    @cached_property
    def _in_run(self) -> Counted:
        counted: Counted = Counter()
        for _pool, institution, people in self._taken:
            counted[institution] += people
        return counted

    @cached_property
    def _in_pool(self) -> Counted:
        return Counter({institution: people for pool, institution, people in self._taken if pool == self.pool.pk})


@prepared
def reserves_on(pool, day):
    return Reserve.objects.in_force_on(day).filter(pool=pool)
