import logging
from datetime import datetime

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record
from cluster_portal.hooks import WantedMail
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import cancel_mails, queue_mail, queue_mails
from courses import calendars
from courses.actions.locks import lock_enrolment, lock_pools, lock_run
from courses.models import Enrolment, Pool, Run
from courses.taking_part import right_to_take_part, why_not_now, why_not_this_age
from members.models import Cluster, Person

log = logging.getLogger(__name__)


@transaction.atomic
def enrol(run: Run, person: Person, by: Person, pool: str = "") -> Enrolment:
    """Give a person a place in a run, or the next place in its queue, by the right their institution has.

    `pool` is the public id of the places that were chosen; a run with one pool needs none.
    Raises Refused with the broken link when there is no right, no open enrolment, or an enrolment already.
    """
    run = lock_run(run)
    chosen = _choose(lock_pools(run), pool)
    today = Cluster.current().today()
    right = right_to_take_part(person, run, today)
    if broken := why_not_now(run, now()) or why_not_this_age(person, today) or right.missing:
        raise Refused(broken)
    if run.enrolments.live().filter(person=person).exists():
        raise Refused(_("You are enrolled in this run already. Its page shows your place."))
    clause = right.ground.clause if right.ground else None
    enrolment = Enrolment.objects.create(
        run=run, pool=chosen, person=person, affiliation=right.affiliation, clause=clause
    )
    record("courses.enrolment.ask", enrolment, by=by, state=enrolment.state)
    _place_or_queue(enrolment, chosen, by)
    return enrolment


@transaction.atomic
def accept_offer(enrolment: Enrolment, by: Person) -> None:
    """Take the place that was offered, before its deadline."""
    enrolment, _pool = lock_enrolment(enrolment)
    if enrolment.offered_until is not None and enrolment.offered_until <= now():
        raise Refused(_("The time to answer is over, and the place is free for others."))
    if broken := why_not_this_age(enrolment.person, Cluster.current().today()):
        raise Refused(broken)
    make_move(enrolment, "accept", by=by, offered_until=None)
    cancel_mails(about=enrolment, templates=["courses/offered"], reason=gettext_noop("the offer was answered"))
    _tell_confirmed(enrolment)


@transaction.atomic
def decline_offer(enrolment: Enrolment, by: Person) -> None:
    """Give an offered place back; the next in the queue is offered it in the same transaction."""
    _give_back(enrolment, "decline", by, "courses/left")


@transaction.atomic
def lapse_offer(enrolment: Enrolment, by: None = None) -> None:
    """Take back an offer that nobody answered in time, tell its reader, and offer the place to the next."""
    _give_back(enrolment, "lapse", by, "courses/offer_lapsed")


@transaction.atomic
def cancel_enrolment(enrolment: Enrolment, by: Person | None, reason: str = "") -> None:
    """Leave a run, or its queue; a freed place is offered to the next in the same transaction."""
    if enrolment.run.is_over_at(now()):
        raise Refused(_("This run is over: who took part stays on its list."))
    taken_out = by is not None and by.pk != enrolment.person_id
    _give_back(enrolment, "cancel", by, "courses/taken_out" if taken_out else "courses/left", reason)


@transaction.atomic
def end_double(enrolment: Enrolment) -> None:
    """Of two enrolments of one person in a run this one ends; nobody is told, because they stay in the run."""
    _give_back(enrolment, "cancel", None, "", gettext_noop("two entries were one person"))


def lapse_overdue_offers(at: datetime) -> int:
    """Let every offer lapse whose deadline has passed, each in a transaction of its own; return how many."""
    lapsed = 0
    for enrolment in Enrolment.objects.overdue_offers(at).select_related("run").order_by("run_id", "pk"):
        try:
            lapse_offer(enrolment)
            lapsed += 1
        except Refused:  # answered between our look and our lock
            continue
        except Exception:  # one bad row must not keep the others from lapsing
            log.exception("The offer %s could not lapse.", enrolment.public_id)
    return lapsed


def offer_free_places(pool: Pool) -> list[Enrolment]:
    """Offer every free place of a locked pool to the queue, first come first served. The caller holds the locks."""
    deadline = pool.run.offers_until(now())
    if deadline is None or not pool.has_place():
        return []
    queue = Enrolment.objects.in_queue().filter(pool=pool).select_for_update(no_key=True, of=("self",))
    chosen = list(queue.select_related("person")[: pool.free])
    for enrolment in chosen:
        enrolment.run, enrolment.pool = pool.run, pool
    make_moves(chosen, "offer", by=None, reason=gettext_noop("a place became free"), offered_until=deadline)
    occasion = deadline.isoformat()
    queue_mails(WantedMail("courses/offered", it, it.person, occasion, not_after=deadline) for it in chosen)
    _take(pool, len(chosen))
    return chosen


def _choose(pools: list[Pool], asked: str) -> Pool:
    if not asked and len(pools) > 1:
        raise Refused(_("Choose how you take part: in the room or online."))
    fitting = [pool for pool in pools if asked in {"", pool.public_id}]
    if not fitting:
        raise Refused(_("These places do not exist any more. Reload the page and choose again."))
    return fitting[0]


def _place_or_queue(enrolment: Enrolment, pool: Pool, by: Person) -> None:
    if pool.has_place() and not _somebody_waits(pool):
        make_move(enrolment, "confirm", by=by)
        _take(pool, 1)
        _tell_confirmed(enrolment)
    else:
        make_move(enrolment, "wait", by=by, queued_at=now())
        queue_mail("courses/waiting", about=enrolment, to=enrolment.person, calendar=calendars.invite(enrolment))


def _somebody_waits(pool: Pool) -> bool:
    """Whether the queue comes first: whoever is in it is offered what lies free before a newcomer is served."""
    queue = Enrolment.objects.in_queue().filter(pool=pool)
    return queue.exists() and (not offer_free_places(pool) or queue.exists())


def _tell_confirmed(enrolment: Enrolment) -> None:
    queue_mail("courses/confirmed", about=enrolment, to=enrolment.person, calendar=calendars.invite(enrolment))


def _give_back(enrolment: Enrolment, move: str, by: Person | None, mail: str, reason: str = "") -> None:
    enrolment, pool = lock_enrolment(enrolment)
    took_place = enrolment.takes_place
    make_move(enrolment, move, by=by, reason=reason, offered_until=None)
    cancel_mails(about=enrolment, reason=gettext_noop("the enrolment is over"))
    calendar = calendars.withdraw(enrolment)
    if mail:
        queue_mail(mail, about=enrolment, to=enrolment.person, calendar=calendar)
    if took_place:
        _take(pool, -1)
        offer_free_places(pool)


def _take(pool: Pool, places: int) -> None:
    """Count places as taken, or as free again. The lock of the pool is held."""
    if places:
        pool.taken += places
        Pool.objects.filter(pk=pool.pk).update(taken=pool.taken)
