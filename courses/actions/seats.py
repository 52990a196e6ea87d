"""What people do with sessions that they choose: take a place, swap it, wish for a full one, give it up."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.moves import Refused, make_move
from courses.actions.counting import take
from courses.actions.locks import lock_people, lock_with_pools
from courses.actions.sitting import Pools, grant, ring_of, serve_wishes, sit, tell_of_seats
from courses.clashes import clashes_of, said_of
from courses.models import Enrolment, Pool, Seat, Session
from members.models import Person


@dataclass(frozen=True)
class Choice:
    """What somebody presses, under all locks: their enrolment, the session as it is now, and its places for them."""

    enrolment: Enrolment
    session: Session
    pools: Pools
    pool: Pool

    @property
    def here(self) -> Seat | None:
        """What they have of this session already."""
        return self.enrolment.seats.live().filter(session=self.session).first()

    @property
    def held(self) -> Seat | None:
        """A seat of theirs in another session at the same time."""
        others = self.enrolment.seats.confirmed().overlapping(self.session).exclude(session=self.session)
        return others.select_related("session").order_by("session__starts_at", "pk").first()


@transaction.atomic
def choose_seat(enrolment: Enrolment, session: Session, by: Person) -> Seat:
    """Take a free place in a session that people choose; whoever has one at that time swaps it instead."""
    choice = _choice(enrolment, session)
    if held := choice.held:
        _refuse_when_begun(held)
        raise Refused(
            _("You have a place in “%(session)s” at that time. Swap it for this one.") % {"session": held.session.title}
        )
    return _take_place(choice, by, "courses/seat_chosen")


@transaction.atomic
def swap_seat(enrolment: Enrolment, session: Session, by: Person) -> Seat:
    """Take a free place instead of what one has at that time; when there is none, everything stays as it was."""
    choice = _choice(enrolment, session)
    if choice.held is None:
        raise Refused(_("You have no place at that time that could be swapped. Choose this session instead."))
    _refuse_when_begun(choice.held)
    return _take_place(choice, by, "courses/seat_swapped")


@transaction.atomic
def wish(enrolment: Enrolment, session: Session, by: Person) -> Seat:
    """Wait for a full session and keep what one has: when a place is free, it becomes a swap.

    Where people wish for each other's places, they exchange them at once.
    """
    choice = _choice(enrolment, session)
    if choice.here is not None:
        raise Refused(_("You wait for this session already. Its place in the queue stands beside it."))
    if choice.pool.has_place():
        raise Refused(_("A place in this session is free now. Take it instead of waiting."))
    if held := choice.held:
        _refuse_when_begun(held)
    _refuse_second_wish(choice)
    seat = _new_seat(choice, by)
    make_move(seat, "wait", by=by, queued_at=now())
    if ring := ring_of(seat):
        serve_wishes(choice.enrolment.run, choice.pools, grant(ring, choice.pools))
    return seat


@transaction.atomic
def give_up_seat(seat: Seat, by: Person | None) -> None:
    """Give a place up, or no longer wish for it; who waits for it has it in the same transaction."""
    enrolment, pools = lock_with_pools(seat.enrolment)
    seat = Seat.objects.select_for_update(no_key=True, of=("self",)).select_related("session").get(pk=seat.pk)
    seat.enrolment = enrolment
    if seat.session.starts_at <= now():
        raise Refused(_("This session has begun, so its list stays as it is."))
    had_place = seat.state == Seat.State.CONFIRMED
    make_move(seat, "cancel", by=by)
    if had_place:
        take(pools[seat.pool_id], -1)
        tell_of_seats(enrolment.run, [seat], "courses/seat_given_up")
        serve_wishes(enrolment.run, pools, [seat.pool_id])


def _take_place(choice: Choice, by: Person, template: str) -> Seat:
    here = choice.here
    if here is not None and here.state == Seat.State.CONFIRMED:
        raise Refused(_("You have a place in this session already."))
    if not choice.pool.has_place():
        raise Refused(
            _("All places in this session are taken. You can wait for one and keep what you have until it is yours.")
        )
    seat = here or _new_seat(choice, by)
    seat.enrolment, seat.session = choice.enrolment, choice.session
    left = sit([seat], choice.pools, by)[seat.pk]
    tell_of_seats(choice.enrolment.run, [seat], template, left)
    serve_wishes(choice.enrolment.run, choice.pools, [it.pool_id for it in left])
    return seat


def _new_seat(choice: Choice, by: Person) -> Seat:
    seat = Seat.objects.create(enrolment=choice.enrolment, session=choice.session, pool=choice.pool)
    record("courses.seat.ask", seat, by=by, state=seat.state)
    return seat


def _choice(enrolment: Enrolment, session: Session) -> Choice:
    """What is pressed, locked and still possible; raises Refused with what stands in the way."""
    lock_people([enrolment.person])
    enrolment, pools = lock_with_pools(enrolment)
    session = Session.objects.get(pk=session.pk, run=enrolment.run)
    session.run = enrolment.run
    if why := why_no_seats(enrolment) or why_not_this_session(session):
        raise Refused(why)
    pool = next((it for it in pools.values() if it.session_id == session.pk and it.sort == enrolment.pool.sort), None)
    if pool is None:
        raise Refused(no_such_places(enrolment))
    if clashes := clashes_of(enrolment.person, enrolment.run, [session]):
        raise Refused(said_of(clashes[0], enrolment.run))
    return Choice(enrolment, session, pools, pool)


def why_no_seats(enrolment: Enrolment) -> str:
    """The sentence that says why somebody cannot choose sessions, or nothing."""
    if not enrolment.run.is_live:
        return _("This run does not take place any more, so there is nothing to choose.")
    if enrolment.state not in {Enrolment.State.CONFIRMED, Enrolment.State.HELD}:
        return _("You choose sessions as soon as you have a place in the run. Its page shows how far you are.")
    return ""


def why_not_this_session(session: Session) -> str:
    """The sentence that says why nobody can choose a session any more, or nothing."""
    if session.state == Session.State.CANCELLED:
        return _("This session was cancelled. Choose another one.")
    if session.starts_at <= now():
        return _("This session has begun. Choose another one.")
    return ""


def why_not_instead_of(held: Session) -> str:
    """Why nothing can be chosen instead of a session that has begun: its list stays as it is."""
    return _("“%(session)s” at that time was chosen, and it has begun. Choose a session after it.") % {
        "session": held.title
    }


def _refuse_when_begun(held: Seat) -> None:
    if held.session.starts_at <= now():
        raise Refused(why_not_instead_of(held.session))


def no_such_places(enrolment: Enrolment) -> str:
    """Why a session cannot be chosen by whom it has no places for."""
    return _("This session has no such places: %(sort)s. Choose another one.") % {
        "sort": enrolment.pool.get_sort_display()
    }


def _refuse_second_wish(choice: Choice) -> None:
    wishes = choice.enrolment.seats.filter(state=Seat.State.WAITING).overlapping(choice.session)
    if other := wishes.select_related("session").first():
        raise Refused(
            _("You wait for “%(session)s” at that time. Give that wish up first.") % {"session": other.session.title}
        )
