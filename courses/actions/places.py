"""Places given, held, offered and given back. The caller holds the locks of run and pools (locks.py)."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from cluster_portal.moves import make_move, make_moves
from cluster_portal.outbox import cancel_mails
from cluster_portal.prepared import Given, prepared, together
from courses import calendars
from courses.actions.counting import take
from courses.actions.locks import lock_pools, lock_with_pools
from courses.actions.settling import settle_booking
from courses.actions.sitting import end_seats
from courses.actions.telling import tell
from courses.allotment import Allotment, reserves_on
from courses.holding import Missing, hold_until, refused_among, what_is_missing
from courses.models import Enrolment, Pool, Run
from members.actions import request_consent
from members.models import Cluster, Person, Purpose


def place_or_queue(enrolment: Enrolment, by: Person) -> None:
    """Give a place to somebody who asked, unless others waited for it: then the next place in the queue."""
    if _is_served_at_once(enrolment):
        give_place(enrolment, by)
    else:
        make_move(enrolment, "wait", by=by, queued_at=now())
        tell([enrolment], "courses/waiting", calendar={enrolment.pk: calendars.invite(enrolment)})


def give_place(enrolment: Enrolment, by: Person | None) -> None:
    """Give a free place to somebody who asked: for certain, or held until what is missing has come."""
    take(enrolment.pool, 1)
    if missing := what_is_missing(enrolment):
        hold(enrolment, by, missing)
    else:
        make_move(enrolment, "confirm", by=by)
        tell_confirmed(enrolment)


def hold(enrolment: Enrolment, by: Person | None, missing: Sequence[Missing]) -> None:
    """Hold a place that is counted already until what is missing has come, and ask those who consent."""
    make_move(enrolment, "hold", by=by, offered_until=None, held_until=hold_until(enrolment.run, now()))
    if Missing.CONSENT in missing:
        request_consent([enrolment.person], [Purpose.TAKING_PART], by)
    tell([enrolment], "courses/held", calendar={enrolment.pk: calendars.invite(enrolment)})


def settle(enrolment: Enrolment, by: Person | None) -> None:
    """Confirm a locked, held place when nothing is missing any more."""
    if not what_is_missing(enrolment):
        make_move(enrolment, "confirm", by=by, held_until=None)
        cancel_mails(about=enrolment, templates=["courses/held"], reason=gettext_noop("nothing is missing any more"))
        tell_confirmed(enrolment)
        settle_booking(enrolment.booking_id)


def tell_confirmed(enrolment: Enrolment) -> None:
    """Queue the mail that says that a place is certain, with its dates for the calendar."""
    tell([enrolment], "courses/confirmed", calendar={enrolment.pk: calendars.invite(enrolment)})


def give_back(enrolment: Enrolment, move: str, by: Person | None, mail: str, reason: str = "") -> None:
    """End an enrolment, tell its people by `mail` (nobody, when that is ""), and offer a freed place to the next."""
    enrolment, pools = lock_with_pools(enrolment)
    took_place, pool = enrolment.takes_place, pools[enrolment.pool_id]
    was_in = enrolment.state == Enrolment.State.CONFIRMED
    make_move(enrolment, move, by=by, reason=reason, offered_until=None, held_until=None)
    cancel_mails(about=enrolment, reason=gettext_noop("the enrolment is over"))
    end_seats(enrolment, pools, by, was_in)
    calendar = calendars.withdraw(enrolment)
    if mail:
        tell([enrolment], mail, calendar={enrolment.pk: calendar})
    settle_booking(enrolment.booking_id)
    if took_place:
        take(pool, -1)
        serve_queues(pool.whole_run, first=pool)


def serve_queues(run: Run, first: Pool | None = None) -> int:
    """Offer what is free in each pool of a locked run, return how many places.

    A limit counts all pools together: who leaves one of them may let somebody in who waits for another.
    """
    pools = lock_pools(run)
    return sum(len(offer_free_places(it)) for it in sorted(pools, key=lambda it: (it != first, it.pk)))


def offer_free_places(pool: Pool) -> list[Enrolment]:
    """Offer every free place of a pool to its queue, first come first served.

    Who can have none of what is free goes on waiting, and the next is asked: whose institution may not (the place is
    kept for another one, or the limit is reached), who is suspended, and a child to whose coming somebody said no.
    """
    deadline = pool.whole_run.offers_until(now())
    if deadline is None or not pool.has_place():
        return []
    chosen = _next_in_queue(pool)
    make_moves(chosen, "offer", by=None, reason=gettext_noop("a place became free"), offered_until=deadline)
    tell(chosen, "courses/offered", occasion=deadline.isoformat(), not_after=deadline)
    take(pool, len(chosen))
    return chosen


def _next_in_queue(pool: Pool) -> list[Enrolment]:
    """Who is offered what is free, locked. The queue is read without its people: few of many are chosen."""
    allotment, chosen = Allotment(pool, Cluster.current().today()), []
    queue = Enrolment.objects.in_queue().filter(pool=pool, person__suspended_at=None)
    refused = refused_among(queue.order_by().values("person"))
    rows = queue.values_list("pk", "person", "affiliation__institution", "clause__places")
    for key, person, institution, limit in rows.iterator():
        if not allotment.free:
            break
        if person not in refused and allotment.free_for(institution, limit):
            allotment.take(institution)
            chosen.append(key)
    locked = queue.filter(pk__in=chosen).select_for_update(no_key=True, of=("self",)).select_related("person")
    enrolments = list(locked) if chosen else []
    for enrolment in enrolments:
        enrolment.run, enrolment.pool = pool.run, pool
    return enrolments


def _is_served_at_once(enrolment: Enrolment) -> bool:
    """Whether a place is free for somebody who comes now: whoever waits is offered what lies free before."""
    pool, day = enrolment.pool, Cluster.current().today()
    waiting, reserves = together(_somebody_waits.asked(pool=pool.pk), reserves_on.asked(pool=pool.pk, day=day))
    if waiting:
        offer_free_places(pool)
        if pool.whole_run.offers_until(now()) is None:
            return False
    return Allotment(pool, day, reserves).free_for(enrolment.institution, enrolment.limit) > 0


@prepared
def _somebody_waits(pool: Given) -> QuerySet:
    return Enrolment.objects.in_queue().filter(pool=pool).order_by().values_list("pk")[:1]
