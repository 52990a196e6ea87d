"""The one lock order of this app: the people who ask for a place, the run, its pools by key, its enrolments by key.

FOR NO KEY UPDATE, because a plain FOR UPDATE deadlocks with inserts that point to the locked row.
"""

from collections.abc import Iterable

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


def lock_enrolment(enrolment: Enrolment) -> tuple[Enrolment, Pool]:
    """An enrolment as it is now, with its pool, locked after its run."""
    run = lock_run(enrolment.run)
    pool = Pool.objects.select_for_update(no_key=True).get(pk=enrolment.pool_id)
    locked = Enrolment.objects.select_for_update(no_key=True, of=("self",)).select_related("person")
    current = locked.get(pk=enrolment.pk)
    current.run, current.pool, pool.run = run, pool, run
    return current, pool
