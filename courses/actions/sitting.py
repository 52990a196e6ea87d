"""Seats taken, passed on and ended. The caller holds the locks of run and pools (locks.py)."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from cluster_portal.hooks import WantedMail
from cluster_portal.models import CalendarEntry
from cluster_portal.moves import make_move, make_moves
from cluster_portal.outbox import queue_mails
from courses import calendars
from courses.actions.counting import take
from courses.models import Enrolment, Pool, Run, Seat, Session
from members.models import Person
from members.readers import readers_of

Pools = dict[int, Pool]


def sit(seats: Sequence[Seat], pools: Pools, by: Person | None) -> dict[int, list[Seat]]:
    """Make these seats certain and end what their people have at the same time; return that, by key of the new seat.

    All at once, so that a ring of people can exchange their places at full sessions. The caller knows that each of
    these places is free now, or given up by another of the ring.
    """
    left = {it.pk: list(_at_the_same_time(it)) for it in seats}
    for old in (old for some in left.values() for old in some):
        make_move(old, "cancel", by=by)
        take(pools[old.pool_id], -1)
    for seat in seats:
        make_move(seat, "confirm", by=by)
        take(pools[seat.pool_id], 1)
    return left


def _at_the_same_time(seat: Seat) -> Iterable[Seat]:
    others = Seat.objects.confirmed().ahead(now()).filter(enrolment=seat.enrolment_id).overlapping(seat.session)
    return others.exclude(pk=seat.pk).select_for_update(no_key=True, of=("self",)).select_related("session")


def serve_wishes(run: Run, pools: Pools, freed: Iterable[int]) -> None:
    """Give what is free in these pools (their keys) to those who wish for it, first come first served.

    Each wish is fulfilled as a swap, so what it frees goes on to the next, until nothing moves.
    """
    open_pools = deque(freed)
    while open_pools:
        pool = pools[open_pools.popleft()]
        for seat in _next_wishes(run, pool):
            open_pools.extend(grant([seat], pools))


def grant(seats: Sequence[Seat], pools: Pools) -> list[int]:
    """Fulfil wishes, tell their people, and return the pools (their keys) in which that freed a place."""
    left = sit(seats, pools, None)
    for seat in seats:
        tell_of_seats(seat.enrolment.run, [seat], "courses/wish_granted", left[seat.pk])
    freed = dict.fromkeys(old.pool_id for some in left.values() for old in some)
    return [key for key in freed if pools[key].has_place()]


def _next_wishes(run: Run, pool: Pool) -> list[Seat]:
    if pool.session_id is None or not run.is_live or not pool.has_place():
        return []
    wishes = _wishes_to_fulfil(run).filter(pool=pool).select_related("session", "enrolment__person", "enrolment__pool")
    seats = list(wishes.select_for_update(no_key=True, of=("self",))[: pool.free])
    for seat in seats:
        seat.enrolment.run = run
    return seats


def _wishes_to_fulfil(run: Run) -> QuerySet[Seat]:
    """Wishes in their order, of sessions still to come, of people who are nowhere else then that they cannot leave.

    Those are meetings of other runs, which they never offered for it, and sessions that have begun.
    """
    wishes = Seat.objects.in_queue().ahead(now()).filter(session__run=run, session__state=Session.State.PLANNED)
    meant = CalendarEntry.objects.between(OuterRef("session__starts_at"), OuterRef("session__ends_at"))
    here = Session.objects.filter(run=run).values("public_id")
    elsewhere = meant.filter(person=OuterRef("enrolment__person")).exclude(about_id__in=here)
    begun = Seat.objects.confirmed().filter(enrolment=OuterRef("enrolment"), session__starts_at__lte=now())
    return wishes.filter(~Exists(elsewhere), ~Exists(begun.filter(session__ends_at__gt=OuterRef("session__starts_at"))))


def ring_of(wish: Seat) -> list[Seat]:
    """A ring of wishes that fulfil each other, this one first: each wants a place that the next would give up.

    Waiting in such a ring would never end. Nobody else loses by the exchange: no place of it ever becomes free.
    """
    wishes, gives = _wishes_and_offers(wish.enrolment.run)
    ways, seen = deque([[wish]]), {wish.enrolment_id}
    while ways:
        way = ways.popleft()
        if way[-1].pool_id in gives[wish.pk]:
            return way
        for it in wishes:
            if it.enrolment_id not in seen and way[-1].pool_id in gives[it.pk]:
                seen.add(it.enrolment_id)
                ways.append([*way, it])
    return []


def _wishes_and_offers(run: Run) -> tuple[list[Seat], dict[int, set[int]]]:
    """The wishes in a run, in their order, and the pools in which each would give a place up."""
    wishes = list(_wishes_to_fulfil(run).select_related("session", "enrolment__person", "enrolment__pool"))
    held: dict[int, list[Seat]] = {}
    confirmed = Seat.objects.confirmed().filter(enrolment__in=[it.enrolment_id for it in wishes])
    for seat in confirmed.select_related("session"):
        held.setdefault(seat.enrolment_id, []).append(seat)
    for it in wishes:
        it.enrolment.run = run
    offers = ((it, held.get(it.enrolment_id, [])) for it in wishes)
    return wishes, {it.pk: {old.pool_id for old in some if old.session.overlaps(it.session)} for it, some in offers}


def end_seats(enrolment: Enrolment, pools: Pools, by: Person | None, was_in: bool) -> None:
    """End what somebody chose in a run they leave; the mail about that says it, and others are served.

    Of whoever was in the run for certain the list of a session that has begun stays as it is.
    """
    seats = enrolment.seats.live()
    if was_in:
        seats = seats.exclude(state=Seat.State.CONFIRMED, session__starts_at__lte=now())
    freed = _end(seats, pools, by)
    serve_wishes(enrolment.run, pools, freed)


def end_seats_of_session(session: Session, pools: Pools, by: Person | None) -> None:
    """End the seats and wishes of a cancelled session; their people are told, and can choose another."""
    seats = list(session.seats.live().select_related("pool", "enrolment__person", "enrolment__pool"))
    _end(session.seats.live(), pools, by)
    tell_of_seats(session.run, seats, "courses/seat_cancelled")


def end_wishes_in_the_way(session: Session, before: tuple[datetime, datetime], by: Person) -> None:
    """A session has moved: end the wishes that would cost their people something now that they never offered for it.

    Those are wishes for it by people who are in another session then, or wish for one, and wishes for another session
    by people who are in this one. What took place at the same time before, they offered.
    """
    others = [
        it.pk
        for it in session.run.sessions.planned().exclude(pk=session.pk).overlapping(session.starts_at, session.ends_at)
        if not (it.starts_at < before[1] and it.ends_at > before[0])
    ]
    if not others:
        return
    here, there = Seat.objects.filter(session=session), Seat.objects.live().filter(session__in=others)
    ended = _with_a_seat(here.in_queue(), there) + _with_a_seat(there.in_queue(), here.confirmed())
    make_moves([it for it, _other in ended], "cancel", by=by, reason=gettext_noop("the session was moved"))
    for other in {it.session_id: it for _wish, it in ended}.values():
        wishes = [it for it, left in ended if left.session_id == other.session_id]
        tell_of_seats(session.run, wishes, "courses/wish_ended", [other], occasion=now().isoformat())


def _with_a_seat(wishes: QuerySet[Seat], seats: QuerySet[Seat]) -> list[tuple[Seat, Seat]]:
    """Those of the wishes whose people have one of these seats, locked, each with that seat."""
    theirs = {it.enrolment_id: it for it in seats.select_related("session")}
    rows = wishes.filter(enrolment__in=theirs).order_by("pk").select_for_update(no_key=True, of=("self",))
    return [(it, theirs[it.enrolment_id]) for it in rows.select_related("session", "enrolment__person", "pool")]


def end_all_seats(run: Run, by: Person | None) -> None:
    """End every seat and wish in a cancelled run; the mail about the run says it, and the caller empties the pools."""
    seats = Seat.objects.live().filter(session__run=run).select_for_update(no_key=True, of=("self",))
    make_moves(list(seats.order_by("pk")), "cancel", by=by)


def _end(seats: QuerySet[Seat], pools: Pools, by: Person | None) -> list[int]:
    rows = list(seats.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    taken = [it.pool_id for it in rows if it.state == Seat.State.CONFIRMED]
    make_moves(rows, "cancel", by=by)
    for key in taken:
        take(pools[key], -1)
    return taken


def tell_of_seats(
    run: Run, seats: Sequence[Seat], template: str, left: Sequence[Seat] = (), occasion: str = ""
) -> None:
    """Write to the people of these seats, and bring their calendars in line. `left` is what they had before."""
    if not seats:
        return
    for seat in seats:
        seat.enrolment.run = run
    enrolments = [it.enrolment for it in seats]
    news, readers = calendars.seats_changed(run, enrolments), readers_of([it.person for it in enrolments])
    queue_mails(
        WantedMail(
            template,
            seat,
            reader,
            occasion,
            calendar=news.get(seat.enrolment_id, ()) if reader.pk == seat.enrolment.person_id else (),
            ground=list(left),
        )
        for seat in seats
        for reader in readers[seat.enrolment.person_id]
    )
