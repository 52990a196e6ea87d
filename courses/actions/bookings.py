"""A class is brought as one party: its places are held until a date, all of them or none."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_many
from cluster_portal.hooks import WantedMail
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import cancel_mails, cancel_rows, queue_mails
from courses import calendars
from courses.actions.counting import take
from courses.actions.enrolments import choose_pool
from courses.actions.handing_over import take_over_earlier
from courses.actions.locks import lock_every_pool, lock_people, lock_pools, lock_run
from courses.actions.places import offer_free_places, serve_queues
from courses.actions.settling import settle_booking
from courses.actions.sitting import end_seats
from courses.actions.telling import mail_of_taking_out, tell
from courses.bringing import (
    ClassStudent,
    chosen_among,
    free_places,
    right_of_class,
    students_of,
    too_few_places,
)
from courses.holding import Missing, hold_until, what_each_misses
from courses.models import ClassBooking, Enrolment, Pool, Run
from members.actions import request_consent
from members.models import Group, Person, Purpose
from members.taking_part import Right


@transaction.atomic
def book_class(run: Run, group: Group, chosen: Sequence[Person], by: Person, pool: str = "") -> ClassBooking:
    """Hold places for students of a class until a date, all or none, and ask for the consents that are missing.

    `pool` is the public id of the places that were chosen. Raises Refused when there is no right, when a student does
    not fit any more, or when fewer places are free for the institution.
    """
    lock_people(chosen)
    run = lock_run(run)
    places = choose_pool(lock_pools(run), pool)
    if run.bookings.live().filter(group=group).exists():
        raise Refused(_("This class is booked here already. Open its booking to bring more students."))
    right, students = _fitting(run, group, chosen)
    _make_room(places, group, right, len(students))
    booking = ClassBooking.objects.create(run=run, pool=places, group=group, by=by, held_until=hold_until(run, now()))
    record("courses.classbooking.book", booking, by=by)
    _place(booking, places, students, right, by)
    return booking


@transaction.atomic
def add_to_booking(booking: ClassBooking, chosen: Sequence[Person], by: Person) -> ClassBooking:
    """Hold places for more students of a class that is booked; once it is settled, until a date of their own."""
    lock_people(chosen)
    booking, pools = _locked(booking)
    if booking.state == ClassBooking.State.RELEASED:
        raise Refused(_("The places of this class were given back. Bring the class again."))
    places = pools[booking.pool_id]
    right, students = _fitting(booking.run, booking.group, chosen)
    _make_room(places, booking.group, right, len(students))
    if booking.state == ClassBooking.State.SETTLED:
        make_move(booking, "reopen", by=by, held_until=hold_until(booking.run, now()))
    record("courses.classbooking.add", booking, by=by)
    _place(booking, places, students, right, by)
    return booking


@transaction.atomic
def release_booking(booking: ClassBooking, by: Person) -> None:
    """Give all places of a class back: everybody is told, and the queue is offered what is free."""
    booking, pools = _locked(booking)
    if booking.run.is_over_at(now()):
        raise Refused(_("This run is over: who took part stays on its list."))
    enrolments = _lock_enrolments(booking)
    taken = sum(it.takes_place for it in enrolments)
    were_in = {it.pk for it in enrolments if it.state == Enrolment.State.CONFIRMED}
    make_move(booking, "release", by=by)
    reason = gettext_noop("the class gave its places back")
    make_moves(enrolments, "cancel", by=by, reason=reason, offered_until=None, held_until=None)
    cancel_rows(OutboxMail.objects.about(booking, *enrolments).unfinished(), reason=reason)
    tell(enrolments, mail_of_taking_out(booking, by), calendars.run_cancelled(booking.run, enrolments))
    if by.pk != booking.by_id:
        tell_teachers([booking])
    for it in enrolments:
        end_seats(it, pools, by, was_in=it.pk in were_in)
    take(pools[booking.pool_id], -taken)
    serve_queues(booking.run)


def end_bookings(run: Run, by: Person) -> None:
    """The run is cancelled, and its enrolments with it: its bookings end, and their teachers are told."""
    bookings = list(run.bookings.live().select_related("group", "by").select_for_update(no_key=True, of=("self",)))
    for booking in make_moves(bookings, "release", by=by, reason=gettext_noop("the run was cancelled")):
        booking.run = run
        cancel_mails(about=booking, reason=gettext_noop("the run was cancelled"))
    tell_teachers(bookings)


def tell_teachers(bookings: Sequence[ClassBooking]) -> None:
    """Queue the mail that says to each teacher that somebody else gave the places of their class back."""
    queue_mails(WantedMail("courses/class_released", it, it.by) for it in bookings)


def _locked(booking: ClassBooking) -> tuple[ClassBooking, dict[int, Pool]]:
    """A booking as it is now, with every locked pool of its locked run, by key."""
    run = lock_run(booking.run)
    pools = lock_every_pool(run)
    rows = ClassBooking.objects.select_related("group__institution", "by").select_for_update(no_key=True, of=("self",))
    current = rows.get(pk=booking.pk)
    current.run = pools[current.pool_id].run = run
    return current, pools


def _lock_enrolments(booking: ClassBooking) -> list[Enrolment]:
    rows = booking.enrolments.live().select_for_update(no_key=True, of=("self",)).select_related("person", "pool")
    enrolments = list(rows.order_by("pk"))
    for it in enrolments:
        it.run = booking.run
    return enrolments


def _fitting(run: Run, group: Group, chosen: Sequence[Person]) -> tuple[Right, list[ClassStudent]]:
    """The right of the class, and the chosen students with what they take part through. Raises Refused."""
    if group.archived_at:
        raise Refused(_("This class is put away. Take it out again, then bring it."))
    right = right_of_class(run, group)
    if right.missing:
        raise Refused(right.missing)
    if not chosen:
        raise Refused(_("Nobody is chosen. Mark the students whom you bring."))
    students = chosen_among(students_of(run, group), chosen)
    if len(students) < len(chosen):
        raise Refused(_("The class has changed: not everybody whom you chose can come. Look at the list and choose."))
    return right, students


def _make_room(pool: Pool, group: Group, right: Right, wanted: int) -> None:
    """Refuse what does not fit as a whole: a class is never put into the queue. Who waits for a place comes first."""
    if Enrolment.objects.in_queue().filter(pool=pool).exists():
        offer_free_places(pool)
    if (free := free_places(pool, group, right)) < wanted:
        raise Refused(too_few_places(free, wanted, group))


def _place(booking: ClassBooking, pool: Pool, students: list[ClassStudent], right: Right, by: Person) -> None:
    """Count the places, hold or confirm each, and write to everybody once."""
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(
            run=booking.run,
            pool=pool,
            person=it.person,
            affiliation=it.affiliation,
            clause=right.clause,
            booking=booking,
        )
        for it in students
    )
    record_many("courses.enrolment.ask", enrolments, by=by)
    take_over_earlier(enrolments)
    take(pool, len(enrolments))
    missing = what_each_misses(enrolments)
    held = make_moves([it for it in enrolments if missing[it.person_id]], "hold", by=by, held_until=booking.held_until)
    sure = make_moves([it for it in enrolments if not missing[it.person_id]], "confirm", by=by)
    # Who is asked for consent hears of it by that mail; the others wait for the coordinator only.
    unasked = [it for it in held if Missing.CONSENT not in missing[it.person_id]]
    if asked := [it.person for it in held if it not in unasked]:
        request_consent(asked, [Purpose.TAKING_PART], by)
    # In everybody's calendar all the same: a place that is held speaks against another one at that time.
    tell(unasked, "courses/held", calendars.sessions_changed(booking.run, held))
    tell(sure, "courses/confirmed", calendars.sessions_changed(booking.run, sure))
    settle_booking(booking.pk)
    booking.refresh_from_db(fields=["state", "state_since"])
