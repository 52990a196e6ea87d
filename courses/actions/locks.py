"""The one lock order of this app: the people who ask for a place, the run, its pools by key, its enrolments and
their seats by key; last its sessions by key, where marks are handed over. The pools of a run and those of its
sessions are one row of locks.

FOR NO KEY UPDATE, because a plain FOR UPDATE deadlocks with inserts that point to the locked row.
"""

from collections.abc import Iterable

from django.db.models import Q

from courses.models import Enrolment, Pool, Run
from members.models import Person


def lock_people(people: Iterable[Person]) -> None:
    """Lock who asks for a place, before the run, as a decision about a child does (members' `decide`).

    Without it a consent that comes while a place is being held would be missed: neither transaction sees the other.
    """
    keys = [it.pk for it in people]
    list(Person.objects.filter(pk__in=keys).select_for_update(no_key=True).order_by("pk").values_list("pk"))


def lock_run(run: Run) -> Run:
    """The run as it is now, locked until the end of the transaction."""
    return Run.objects.select_for_update(no_key=True, of=("self",)).select_related("course").get(pk=run.pk)


def lock_pools(run: Run) -> list[Pool]:
    """The pools of a locked run, locked by key."""
    return list(run.pools.select_for_update(no_key=True).order_by("pk"))


def lock_every_pool(run: Run) -> dict[int, Pool]:
    """The pools of a locked run and of its sessions, locked by key: what one seat frees may go on to any other."""
    pools = Pool.objects.select_for_update(no_key=True, of=("self",)).filter(Q(run=run) | Q(session__run=run))
    return {it.pk: it for it in pools.order_by("pk")}


def lock_enrolment(enrolment: Enrolment) -> tuple[Enrolment, Pool]:
    """An enrolment as it is now, with its pool, locked after its run."""
    current, pools = lock_with_pools(enrolment)
    return current, pools[current.pool_id]


def lock_with_pools(enrolment: Enrolment) -> tuple[Enrolment, dict[int, Pool]]:
    """An enrolment as it is now, locked after its run and every pool there; the pools by key."""
    run = lock_run(enrolment.run)
    pools = lock_every_pool(run)
    locked = Enrolment.objects.select_for_update(no_key=True, of=("self",)).select_related("person")
    current = locked.get(pk=enrolment.pk)
    pool = pools[current.pool_id]
    current.run, current.pool, pool.run = run, pool, run
    return current, pools
