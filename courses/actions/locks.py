"""The one lock order of this app: the people who ask for a place, the run, its pools by key, its enrolments and
their seats by key; last its sessions by key, where marks are handed over. The pools of a run and those of its
sessions are one row of locks.

FOR NO KEY UPDATE, because a plain FOR UPDATE deadlocks with inserts that point to the locked row.
"""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from cluster_portal.prepared import AnyOf, Given, prepared, together
from courses.models import Enrolment, Pool, Run, keep_newest, newest_in
from courses.opened import keep_parts, parts_for_enrolling
from members.models import Person
from members.models.people import active_of


def lock_people(people: Iterable[Person]) -> None:
    """Lock who asks for a place, before the run, as a decision about a child does (members' `decide`).

    Without it a consent that comes while a place is being held would be missed: neither transaction sees the other.
    """
    by_key = {it.pk: it for it in people}
    _take_over(by_key, _locked_people(people=list(by_key)))


def _take_over(by_key: dict[int, Person], locked: list[tuple]) -> None:
    for key, birth_date in locked:
        by_key[key].birth_date = birth_date  # whoever was waited for may have entered it


def lock_for_enrolling(person: Person, run: Run) -> tuple[Run, list[Pool]]:
    """Lock a person, a run and its pools, and read what enrolling asks of them: in one go, because others wait.

    Each is read under the locks before it, the affiliations too: one may have ended while we waited.
    """
    people, runs, pools, newest, affiliations, *parts = together(
        _locked_people.asked(people=[person.pk]),
        _locked_run.asked(run=run.pk),
        _locked_pools.asked(run=run.pk),
        newest_in.asked(person=person.pk, run=run.pk),
        active_of.asked(person=person.pk),
        *parts_for_enrolling(run.pk),
    )
    _take_over({person.pk: person}, people)
    person.have_at_hand(affiliations)
    for current in runs:
        keep_parts(current, *parts)
        keep_newest(person, current, newest)
        for it in pools:
            it.run = current
        return current, pools
    raise Run.DoesNotExist


def lock_run(run: Run) -> Run:
    """The run as it is now, locked until the end of the transaction."""
    for current in _locked_run(run=run.pk):
        return current
    raise Run.DoesNotExist


def lock_pools(run: Run) -> list[Pool]:
    """The pools of a locked run, locked by key."""
    pools = _locked_pools(run=run.pk)
    for it in pools:
        it.run = run
    return pools


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


@prepared
def _locked_people(people: Given) -> QuerySet:
    rows = Person.objects.filter(AnyOf("pk", people)).select_for_update(no_key=True)
    return rows.order_by("pk").values_list("pk", "birth_date")


@prepared
def _locked_run(run: Given) -> QuerySet:
    return Run.objects.select_for_update(no_key=True, of=("self",)).select_related("course").filter(pk=run)


@prepared
def _locked_pools(run: Given) -> QuerySet:
    return Pool.objects.select_for_update(no_key=True).filter(run=run).order_by("pk")
