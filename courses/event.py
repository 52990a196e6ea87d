"""The programme of an event as one reader sees it: by day and slot, with what they can press at each session.

Sessions with places of their own that overlap are one slot. A fixed number of queries, however many sessions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from courses.actions.seats import no_such_places, why_no_seats, why_not_instead_of
from courses.attendance import join_path, link_of
from courses.clashes import clashes_of, said_of
from courses.models import Enrolment, Pool, Run, Seat, Session


@dataclass
class Offer:
    """One session: its places, what the reader has of it, and the one button (or why there is none)."""

    session: Session
    pools: list[Pool] = field(default_factory=list)
    seat: Seat | None = None
    button: str = ""
    address: str = ""
    why: str = ""
    link: str = ""

    @property
    def label(self) -> str:
        """What the button says."""
        return {
            "choose": _("Choose"),
            "swap": _("Swap to this"),
            "wish": _("Wish for it"),
            "give_up": _("Give up") if self.has_seat else _("Do not wait any more"),
        }.get(self.button, "")

    @property
    def has_seat(self) -> bool:
        return self.seat is not None and self.seat.state == Seat.State.CONFIRMED


@dataclass
class Slot:
    """What takes place at one time: one session for everybody, or those of which one is chosen."""

    offers: list[Offer]

    @property
    def starts_at(self) -> datetime:
        return min(it.session.starts_at for it in self.offers)

    @property
    def ends_at(self) -> datetime:
        return max(it.session.ends_at for it in self.offers)

    @property
    def is_chosen(self) -> bool:
        return self.offers[0].session.has_own_places


@dataclass
class Day:
    """A day of an event by the reader's clock."""

    day: date
    slots: list[Slot]


@dataclass(frozen=True)
class Acting:
    """Where the buttons of a child's page lead, and the child's name for whoever acts for it ("" for itself)."""

    page: str
    name: str


def programme_of(
    run: Run, sessions: list[Session], enrolment: Enrolment | None, at: datetime, acting: Acting | None = None
) -> list[Day]:
    """The days of an event; none for a run in which nothing is chosen, whose sessions are a plain list."""
    chosen = [it for it in sessions if it.has_own_places]
    if not chosen:
        return []
    offers = {it.pk: Offer(it) for it in sessions}
    for pool in Pool.objects.filter(session__in=chosen).with_wishes().order_by("pk"):
        offers[pool.session_id].pools.append(pool)
    if enrolment is not None and enrolment.is_live:
        _fill_in(run, enrolment, [offers[it.pk] for it in chosen], at, acting)
    return _by_day(_slots(offers.values()))


def plain_programme(sessions: list[Session]) -> list[Day]:
    """The days of a run in which nothing is chosen."""
    return _by_day(_slots([Offer(it) for it in sessions]))


def _fill_in(run: Run, enrolment: Enrolment, offers: list[Offer], at: datetime, acting: Acting | None) -> None:
    """What this person has and can press at each session that people choose."""
    seats = {it.session_id: it for it in enrolment.seats.live().numbered()}
    for offer in offers:
        offer.seat = seats.get(offer.session.pk)
    if why_no_seats(enrolment):
        return
    clashes = {it.session.pk: it for it in clashes_of(enrolment.person, run, [it.session for it in offers])}
    for offer in offers:
        offer.session.run = run
        offer.address = _address(offer.session, acting)
        if enrolment.is_online and enrolment.state == Enrolment.State.CONFIRMED:
            offer.link = join_path(offer.session, enrolment) if link_of(offer.session) else ""
        if offer.session.starts_at <= at or offer.session.state == Session.State.CANCELLED:
            continue
        if offer.session.pk in clashes and offer.seat is None:
            offer.why = said_of(clashes[offer.session.pk], run, acting.name if acting else "")
        else:
            _put_button(offer, enrolment, offers, at)


def _address(session: Session, acting: Acting | None) -> str:
    if acting:
        return f"{acting.page}{session.public_id}/"
    return reverse("courses:seat", args=[session.run.public_id, session.public_id])


def _put_button(offer: Offer, enrolment: Enrolment, offers: list[Offer], at: datetime) -> None:
    pool = next((it for it in offer.pools if it.sort == enrolment.pool.sort), None)
    if offer.seat is not None:
        offer.button = "give_up"
    elif pool is None:
        offer.why = no_such_places(enrolment)
    else:
        _put_choice(offer, pool, offers, at)


def _put_choice(offer: Offer, pool: Pool, offers: list[Offer], at: datetime) -> None:
    others = [it for it in offers if it is not offer and it.seat and it.session.overlaps(offer.session)]
    waits = next((it for it in others if not it.has_seat), None)
    begun = next((it for it in others if it.has_seat and it.session.starts_at <= at), None)
    if begun is not None:
        offer.why = why_not_instead_of(begun.session)
    elif pool.has_place():
        offer.button = "swap" if any(it.has_seat for it in others) else "choose"
    elif waits is None:
        offer.button = "wish"
    else:
        offer.why = _("Full. “%(session)s” at that time is wished for already.") % {"session": waits.session.title}


def _slots(offers: Iterable[Offer]) -> list[Slot]:
    """Sessions in the order of time; those that are chosen and overlap, one through another, share a slot."""
    slots: list[Slot] = []
    for offer in sorted(offers, key=lambda it: (it.session.starts_at, it.session.pk)):
        last = slots[-1] if slots else None
        if last and last.is_chosen and offer.session.has_own_places and offer.session.starts_at < last.ends_at:
            last.offers.append(offer)
        else:
            slots.append(Slot([offer]))
    return slots


def _by_day(slots: list[Slot]) -> list[Day]:
    days: list[Day] = []
    for slot in slots:
        day = localtime(slot.starts_at).date()
        if not days or days[-1].day != day:
            days.append(Day(day, []))
        days[-1].slots.append(slot)
    return days
