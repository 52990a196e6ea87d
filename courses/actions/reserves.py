from datetime import date

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused
from courses.actions.locks import lock_pools, lock_run
from courses.actions.places import serve_queues
from courses.allotment import Allotment
from courses.models import Enrolment, Pool, Reserve, Run
from members.models import Cluster, Institution, Person
from members.models.grounds import ground_of


@transaction.atomic
def add_reserve(pool: Pool, institution: Institution, places: int, release_on: date, by: Person) -> Reserve:
    """Keep places of a pool for an institution until a day; one that was released before is forgotten."""
    pool = _lock_pool(pool)
    _refuse_reserve(pool, institution, places, release_on)
    there = pool.reserves.filter(institution=institution)
    if there.in_force_on(Cluster.current().today()).exists():
        raise Refused(
            _("Places are kept for %(institution)s already. Change their number instead.")
            % {"institution": institution}
        )
    for released in there:
        record("courses.reserve.remove", released, by=by, places=released.places)
        released.delete()
    reserve = Reserve.objects.create(pool=pool, institution=institution, places=places, release_on=release_on)
    record("courses.reserve.add", reserve, by=by, places=places, release_on=release_on)
    return reserve


@transaction.atomic
def change_reserve(reserve: Reserve, places: int, release_on: date, by: Person) -> Reserve:
    """Keep more places or fewer, or until another day; what is kept no more is offered to the queue."""
    pool = _lock_pool(reserve.pool)
    reserve = _current(pool, reserve)
    _refuse_reserve(pool, reserve.institution, places, release_on)
    wanted = {"places": places, "release_on": release_on}
    changed = [name for name, value in wanted.items() if getattr(reserve, name) != value]
    for name in changed:
        setattr(reserve, name, wanted[name])
    if changed:
        reserve.save(update_fields=changed)
        record_changes("courses.reserve.change", reserve, by=by, changed=changed)
        serve_queues(pool.whole_run, first=pool)
    return reserve


@transaction.atomic
def remove_reserve(reserve: Reserve, by: Person) -> None:
    """Keep no places for an institution any more; the free ones are offered to the queue."""
    pool = _lock_pool(reserve.pool)
    reserve = _current(pool, reserve)
    record("courses.reserve.remove", reserve, by=by, places=reserve.places)
    reserve.delete()
    serve_queues(pool.whole_run, first=pool)


def release_reserves() -> int:
    """Offer what lies free while somebody waits, for the reserves that a new day has released; return how many places.

    It looks at every live run with a free place and a queue, so that it may run twice, or a day late.
    """
    waiting = Enrolment.objects.in_queue().order_by().filter(pool=OuterRef("pk"))
    pools = Pool.objects.filter(Exists(waiting), taken__lt=F("places"), run__state=Run.State.PUBLISHED)
    runs = Run.objects.filter(pk__in=pools.values("run")).order_by("pk")
    return sum(_serve(run) for run in runs)


@transaction.atomic
def _serve(run: Run) -> int:
    return serve_queues(lock_run(run))


def _lock_pool(pool: Pool) -> Pool:
    """The pool of a run as it is now, all of the run's pools locked."""
    run = lock_run(pool.whole_run)
    if run.state not in {Run.State.DRAFT, Run.State.PUBLISHED}:
        raise Refused(_("This run is cancelled or closed, so its places stay as they are."))
    return next(it for it in lock_pools(run) if it.pk == pool.pk)


def _current(pool: Pool, reserve: Reserve) -> Reserve:
    current = pool.reserves.select_related("institution").filter(pk=reserve.pk).first()
    if current is None:
        raise Refused(_("These places are kept no more. Reload the page to see how it stands."))
    return current


def _refuse_reserve(pool: Pool, institution: Institution, places: int, release_on: date) -> None:
    """A reserve keeps free places only, of which none is promised to somebody else, and its day is still to come."""
    today = Cluster.current().today()
    if release_on <= today:
        raise Refused(_("On this day the places are free for all. Choose a day that is still to come."))
    _refuse_more_than_the_limits(pool.whole_run, institution, places, today)
    allotment = Allotment(pool, today)
    key = institution.pk
    most = allotment.free - allotment.kept_for_others(key) + allotment.used(key)
    if places <= most:
        return
    if most <= 0:
        raise Refused(_("All places are taken, or kept for others. Add places first, then keep some."))
    said = ngettext(
        "%(most)s place at most can be kept for %(institution)s: the others are taken, or kept already. Keep no more, "
        "or add places first.",
        "%(most)s places at most can be kept for %(institution)s: the others are taken, or kept already. Keep no "
        "more, or add places first.",
        most,
    )
    raise Refused(said % {"most": most, "institution": institution})


def _refuse_more_than_the_limits(run: Run, institution: Institution, places: int, today: date) -> None:
    """Refuse to keep what the institution could never have: by the run, or by the clause that gives it the right."""
    limit = run.institution_limit
    if limit is not None and places > limit:
        raise Refused(
            _("One institution gets %(limit)s places of this run at most. Keep no more, or raise the limit first.")
            % {"limit": limit}
        )
    ground = ground_of(institution, run.course.kind, today)
    clause = ground.cited if ground else None
    if clause is not None and clause.places is not None and places > clause.places:
        said = ngettext(
            "§ %(clause)s gives each institution %(limit)s place at most. Keep no more.",
            "§ %(clause)s gives each institution %(limit)s places at most. Keep no more.",
            clause.places,
        )
        raise Refused(said % {"clause": clause.number, "limit": clause.places})
