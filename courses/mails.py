"""The mail of courses: when each kind is still due, and what its templates (templates/mail/courses/) may say."""

from typing import Any

from django.utils.timezone import now

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.links import signed_link
from cluster_portal.models import OutboxMail
from courses.holding import Missing, may_still_come, was_refused, what_each_misses, who_has_it
from courses.materials import shown_now, shown_to
from courses.models import ClassBooking, Enrolment, Seat, Session
from courses.opening import why_not_now
from courses.places_words import why_waiting
from members.models import Cluster, Guardianship, Person
from members.readers import child_named
from members.rules import guards_the_child

State = Enrolment.State
SESSIONS_SHOWN = 20


def read_by_its_own(mail: OutboxMail) -> Enrolment | None:
    """The enrolment of a mail, while its reader is the person or still a guardian who decides for them."""
    it = Enrolment.objects.filter(public_id=mail.about_id).select_related("person", "run").first()
    return it if it and (it.person_id == mail.to_id or guards_the_child(mail.to, it.person)) else None


def _while_in(*states: str):
    """Due while the enrolment is in one of these states."""

    def still_due(mail: OutboxMail) -> bool:
        it = read_by_its_own(mail)
        return it is not None and it.state in states

    return still_due


def _offer_stands(mail: OutboxMail) -> bool:
    it = read_by_its_own(mail)
    if it is None or it.state != State.OFFERED or it.offered_until is None:
        return False
    return it.offered_until > now() and not was_refused(it)


def _is_in(mail: OutboxMail) -> bool:
    """Due while the person is confirmed and may come: of a child consent is asked again."""
    it = read_by_its_own(mail)
    return it is not None and it.state == State.CONFIRMED and may_still_come(it.person)


def _while_expected(mail: OutboxMail) -> bool:
    """Due while the run takes place, and the consent of a child who is confirmed stands."""
    it = read_by_its_own(mail)
    return while_run_is_live(mail) and it is not None and (it.state != State.CONFIRMED or may_still_come(it.person))


def while_run_is_live(mail: OutboxMail) -> bool:
    """Due while the run takes place and the enrolment is not over."""
    it = read_by_its_own(mail)
    return it is not None and it.is_live and it.run.is_live


def _offer_link(mail: OutboxMail) -> dict[str, str]:
    """A link for this reader: what it answers is said by them, the person or a guardian."""
    return {"offer": signed_link("courses.offer", f"{mail.about_id}.{mail.to.public_id}")}


def page_of_child(mail: OutboxMail) -> dict[str, str]:
    """For a guardian, who may have no account: the link that opens the page of the child."""
    child = Enrolment.objects.filter(public_id=mail.about_id).values("person")
    it = Guardianship.objects.now().filter(guardian=mail.to_id, child__in=child).first()
    return {"child": signed_link("members.consent", it.public_id)} if it else {}


def _leave_link(mail: OutboxMail) -> dict[str, str]:
    return {"leave": signed_link("courses.leave", f"{mail.about_id}.{mail.to.public_id}")}


def _links_of_queue(mail: OutboxMail) -> dict[str, str]:
    return _leave_link(mail) | page_of_child(mail)


def about_enrolment(wanted: WantedMail) -> dict[str, Any]:
    """The run, its sessions ahead and its page."""
    enrolment, run = wanted.about, wanted.about.run
    # In Python, because a round of mails about one run has fetched its sessions once.
    ahead = [it for it in run.sessions.all() if it.state == Session.State.PLANNED and it.ends_at > now()]
    ahead = [it for it in ahead if enrolment.is_in(it)]
    return {
        "enrolment": enrolment,
        "run": run,
        "title": run.course.title,
        "child": child_named(enrolment.person, wanted.to),
        "page": run.get_absolute_url(),
        "sessions": ahead[: SESSIONS_SHOWN + 1],
        "shown": f":{SESSIONS_SHOWN}",
    }


def about_place(wanted: WantedMail) -> dict[str, Any]:
    """The run, and whether this place in it is online."""
    return about_enrolment(wanted) | {"online": wanted.about.is_online}


def _about_hold(wanted: WantedMail) -> dict[str, Any]:
    return about_enrolment(wanted) | {"missing": who_has_it([wanted.about], wanted.to).get(wanted.about.pk, [])}


def _about_lapse(wanted: WantedMail) -> dict[str, Any]:
    return about_enrolment(wanted) | {"is_open": not why_not_now(wanted.about.run, now())}


def _about_queue(wanted: WantedMail) -> dict[str, Any]:
    why = why_waiting(wanted.about, Cluster.current().today())
    return about_enrolment(wanted) | {"place_in_queue": wanted.about.place_in_queue(), "why": why}


def _about_materials(wanted: WantedMail) -> dict[str, Any]:
    shown = shown_to(wanted.about, shown_now(wanted.about.run))
    return about_enrolment(wanted) | {"materials": [it.title for it in shown]}


def _whatever_came_after(mail: OutboxMail) -> bool:
    """Due for the person whatever comes after: each piece of news for a calendar builds on the one before.

    Guardians are told of it only, so they have to be guardians still.
    """
    child = Person.objects.filter(enrolments__seats__public_id=mail.about_id).exclude(pk=mail.to_id).first()
    return child is None or guards_the_child(mail.to, child)


def _while_wished_for(mail: OutboxMail) -> bool:
    """Due while the person waits for the session."""
    waits = Seat.objects.in_queue().filter(public_id=mail.about_id).exists()
    return waits and _whatever_came_after(mail)


def _about_seat(wanted: WantedMail) -> dict[str, Any]:
    """The session and its run; `left` is what the person had at that time before."""
    seat = wanted.about
    session, run = seat.session, seat.enrolment.run
    return {
        "session": session,
        "topic": session.title or run.course.title,
        "child": child_named(seat.enrolment.person, wanted.to),
        "run": run,
        "title": run.course.title,
        "page": run.get_absolute_url(),
        "place": session.place or run.place,
        "online": seat.pool.sort == "online",
        "left": [old.session.title for old in wanted.ground or ()],
    }


def _of_booking(*states: str):
    """Due while the booking is in one of these states, and its reader keeps the class."""

    def still_due(mail: OutboxMail) -> bool:
        kept = ClassBooking.objects.kept_by(mail.to).filter(public_id=mail.about_id)
        return kept.filter(state__in=states).exists()

    return still_due


def _hold_ends_as_said(mail: OutboxMail) -> bool:
    held = ClassBooking.objects.kept_by(mail.to).held().filter(public_id=mail.about_id)
    return held.filter(held_until=mail.not_after).exists()


def about_booking(wanted: WantedMail) -> dict[str, Any]:
    """The class, the run and the page of the booking, and which students came in and which stayed out."""
    booking = wanted.about
    came: dict[str, list[Enrolment]] = {"came": [], "lapsed": [], "refused": [], "not_approved": []}
    shown = {State.CONFIRMED: "came", State.LAPSED: "lapsed", State.DECLINED: "refused"}
    rows = booking.enrolments.filter(state__in=shown).select_related("person").order_by("person__sort_name", "pk")
    back = {it.person_id for it in rows if it.is_live}
    for it in rows:
        if it.is_live or it.person_id not in back:  # who lapsed and was brought again is not out
            came["not_approved" if it.refusal else shown[State(it.state)]].append(it)
    return came | {
        "booking": booking,
        "group": booking.group.name,
        "run": booking.run,
        "title": booking.run.course.title,
        "page": booking.get_absolute_url(),
        "run_page": booking.run.get_absolute_url(),
        "came_in": len(came["came"]),
        "total": sum(len(some) for some in came.values()),
        "is_open": not why_not_now(booking.run, now()),
    }


def _about_class_held(wanted: WantedMail) -> dict[str, Any]:
    """The booking, and whether consent is missing, for which its teacher can ask; else only approval is."""
    held = list(wanted.about.enrolments.held().select_related("person", "run"))
    missing = what_each_misses(held).values()
    return about_booking(wanted) | {"asks_consent": any(Missing.CONSENT in some for some in missing)}


register_mail(
    MailKind("courses/class_reminder", _hold_ends_as_said, context=_about_class_held),
    MailKind("courses/class_settled", _of_booking("held", "settled"), context=about_booking),
    MailKind("courses/class_released", _of_booking("released"), context=about_booking),
    MailKind("courses/confirmed", _is_in, secrets=page_of_child, context=about_place),
    MailKind("courses/held", _while_in(State.HELD), secrets=page_of_child, context=_about_hold),
    MailKind("courses/hold_lapsed", _while_in(State.LAPSED), secrets=page_of_child, context=_about_lapse),
    MailKind("courses/refused", _while_in(State.DECLINED), secrets=page_of_child, context=about_enrolment),
    MailKind("courses/waiting", _while_in(State.WAITING), secrets=_links_of_queue, context=_about_queue),
    MailKind("courses/materials", _is_in, secrets=page_of_child, context=_about_materials),
    MailKind("courses/offered", _offer_stands, secrets=_offer_link, context=about_enrolment),
    MailKind(
        "courses/left",
        _while_in(State.CANCELLED, State.DECLINED),
        secrets=page_of_child,
        context=about_enrolment,
    ),
    MailKind("courses/taken_out", _while_in(State.CANCELLED), secrets=page_of_child, context=about_enrolment),
    MailKind("courses/taken_out_of_class", _while_in(State.CANCELLED), secrets=page_of_child, context=about_enrolment),
    MailKind("courses/offer_lapsed", _while_in(State.LAPSED), secrets=page_of_child, context=_about_lapse),
    MailKind("courses/sessions_changed", _while_expected, secrets=page_of_child, context=about_place),
    MailKind("courses/run_cancelled", _while_in(State.CANCELLED), context=about_enrolment),
    MailKind("courses/seat_chosen", _whatever_came_after, context=_about_seat),
    MailKind("courses/seat_swapped", _whatever_came_after, context=_about_seat),
    MailKind("courses/wish_ended", _whatever_came_after, context=_about_seat),
    MailKind("courses/wish_moved", _while_wished_for, context=_about_seat),
    MailKind("courses/wish_granted", _whatever_came_after, context=_about_seat),
    MailKind("courses/seat_given_up", _whatever_came_after, context=_about_seat),
    MailKind("courses/seat_moved", _whatever_came_after, context=_about_seat),
    MailKind("courses/seat_cancelled", _whatever_came_after, context=_about_seat),
)
