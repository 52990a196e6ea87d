import logging

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused
from courses.actions.locks import lock_pools, lock_run
from courses.actions.places import offer_free_places
from courses.allotment import Allotment
from courses.models import Pool, Run
from members.models import Cluster, Person

log = logging.getLogger(__name__)


@transaction.atomic
def change_places(pool: Pool, places: int, by: Person) -> Pool:
    """Change how many places a pool has; new places are offered to the queue at once."""
    run = lock_run(pool.whole_run)
    pool = next(it for it in lock_pools(run) if it.pk == pool.pk)
    pool.run = run
    if places < pool.taken:
        raise Refused(
            _("%(taken)s places are taken, so there cannot be fewer. Ask people to leave first, or keep %(taken)s.")
            % {"taken": pool.taken}
        )
    allotment = Allotment(pool, Cluster.current().today())
    if places < (kept := pool.taken + allotment.kept_for_others(None)):
        raise Refused(
            _("With those that are kept for institutions %(kept)s places are taken. Keep fewer for them first.")
            % {"kept": kept}
        )
    if places != pool.places:
        pool.places = places
        pool.save(update_fields=["places"])
        record_changes("courses.pool.change", pool, by=by, changed=["places"])
        offer_free_places(pool)
    return pool


@transaction.atomic
def add_places(run: Run, sort: str, places: int, by: Person) -> Pool:
    """Give a run places of another sort: online beside those in the room, or the other way round."""
    run = lock_run(run)
    if run.state not in {Run.State.DRAFT, Run.State.PUBLISHED}:
        raise Refused(_("This run is cancelled or closed, so its places stay as they are."))
    if run.pools.filter(sort=sort).exists():
        raise Refused(_("The run has places of this sort already. Change their number instead."))
    pool = Pool.objects.create(run=run, sort=sort, places=places)
    record("courses.pool.add", pool, by=by, sort=sort, places=places)
    return pool


def recount_pools() -> list[Pool]:
    """The pools whose counter differs from what enrolments, or a session's seats, say.

    Each is reported in the log, none is changed.
    """
    drifted = [pool for pool in Pool.objects.with_people() if pool.counted != pool.taken]
    for pool in drifted:
        log.error("Pool %s counts %s taken, its enrolments and seats say %s.", pool.public_id, pool.taken, pool.counted)
    return drifted
