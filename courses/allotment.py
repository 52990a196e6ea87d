"""Whose the free places of a pool are: reserves keep some for an institution, limits let none take too many."""

from collections import Counter
from datetime import date
from functools import cached_property

from courses.models import Enrolment, Pool


class Allotment:
    """What is free in a locked pool on a day, counted down as places are given away.

    Free for all = places − taken − unreleased unused reserves (DESIGN.md). An institution also has what is still
    unused of its own reserve, but never more than the limit, which counts all pools of the run.
    """

    def __init__(self, pool: Pool, day: date) -> None:
        self.pool, self.free = pool, pool.free
        self.reserves = {it.institution_id: it.places for it in pool.reserves.in_force_on(day)}

    def free_for(self, institution: int | None, limit: int | None = None) -> int:
        """How many places people of an institution (its key) can take now."""
        others = sum(self._unused(it) for it in self.reserves if it != institution)
        left = self.free - others
        limits = [it for it in (limit, self.pool.run.institution_limit) if it is not None]
        if limits and institution is not None:
            left = min(left, min(limits) - self._in_run[institution])
        return max(0, left)

    def take(self, institution: int | None, places: int = 1) -> None:
        """Count places as given to people of an institution."""
        self.free -= places
        self._in_run[institution] += places
        self._in_pool[institution] += places

    def _unused(self, institution: int) -> int:
        return max(0, self.reserves[institution] - self._in_pool[institution])

    @cached_property
    def _taken(self) -> list[tuple[int, int | None]]:
        taking = Enrolment.objects.filter(run=self.pool.run, state__in=Enrolment.TAKING)
        return list(taking.values_list("pool", "affiliation__institution"))

    @cached_property
    def _in_run(self) -> Counter[int | None]:
        return Counter(institution for _pool, institution in self._taken)

    @cached_property
    def _in_pool(self) -> Counter[int | None]:
        return Counter(institution for pool, institution in self._taken if pool == self.pool.pk)
