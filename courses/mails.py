"""The mail of courses: when each kind is still due, and what its templates (templates/mail/courses/) may say."""

from typing import Any

from django.utils.timezone import now

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.links import absolute, signed_link
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import occasion_of
from courses.holding import what_is_missing
from courses.models import Enrolment, Run, Session

State = Enrolment.State
SESSIONS_SHOWN = 20


def _while_in(*states: str):
    """Due while the enrolment is in one of these states."""

    def still_due(mail: OutboxMail) -> bool:
        return Enrolment.objects.filter(public_id=mail.about_id, state__in=states).exists()

    return still_due


def _offer_stands(mail: OutboxMail) -> bool:
    offered = Enrolment.objects.filter(state=State.OFFERED, offered_until__gt=now())
    return offered.filter(public_id=mail.about_id).exists()


def _while_run_is_live(mail: OutboxMail) -> bool:
    live = Enrolment.objects.live().filter(run__state=Run.State.PUBLISHED)
    return live.filter(public_id=mail.about_id).exists()


def _offer_link(mail: OutboxMail) -> dict[str, str]:
    return {"offer": signed_link("courses.offer", mail.about_id)}


def about_enrolment(wanted: WantedMail) -> dict[str, Any]:
    """The run, its sessions ahead and its page."""
    enrolment, run = wanted.about, wanted.about.run
    # In Python, because a round of mails about one run has fetched its sessions once.
    ahead = [it for it in run.sessions.all() if it.state == Session.State.PLANNED and it.ends_at > now()]
    return {
        "enrolment": enrolment,
        "run": run,
        "title": run.course.title,
        "page": run.get_absolute_url(),
        "sessions": ahead[: SESSIONS_SHOWN + 1],
        "shown": f":{SESSIONS_SHOWN}",
    }


def _about_place(wanted: WantedMail) -> dict[str, Any]:
    return about_enrolment(wanted) | {"online": wanted.about.is_online}


def _about_hold(wanted: WantedMail) -> dict[str, Any]:
    missing = what_is_missing(wanted.about)
    return about_enrolment(wanted) | {"missing": missing, "for_child": wanted.to.pk != wanted.about.person_id}


def _about_queue(wanted: WantedMail) -> dict[str, Any]:
    return about_enrolment(wanted) | {"place_in_queue": wanted.about.place_in_queue()}


def _about_cancelled_session(wanted: WantedMail) -> dict[str, Any]:
    sessions = wanted.about.run.sessions.all()
    return about_enrolment(wanted) | {"session": next(it for it in sessions if it.public_id == wanted.occasion)}


def _session_is_on(mail: OutboxMail) -> bool:
    """The session takes place when the reminder says, and its reader has a place."""
    session = Session.objects.planned().filter(public_id=mail.about_id, run__state=Run.State.PUBLISHED).first()
    if session is None or session.starts_at.isoformat() != occasion_of(mail):
        return False
    return Enrolment.objects.confirmed().filter(run=session.run_id, person=mail.to_id).exists()


def _about_session(wanted: WantedMail) -> dict[str, Any]:
    session, enrolment = wanted.about, wanted.ground
    run = session.run
    return {
        "online": enrolment is not None and enrolment.is_online,
        "session": session,
        "run": run,
        "title": run.course.title,
        "page": run.get_absolute_url(),
        "place": session.place or run.place,
    }


def _joining_link(mail: OutboxMail) -> dict[str, str]:
    """Read at sending, so that a link corrected in the last minute is the one people get."""
    run = Run.objects.get(sessions__public_id=mail.about_id)
    enrolment = Enrolment.objects.confirmed().filter(run=run, person=mail.to_id).select_related("pool").first()
    link = run.online_link if enrolment and enrolment.is_online else ""
    return {"join": link or absolute(run.get_absolute_url())}


register_mail(
    MailKind("courses/confirmed", _while_in(State.CONFIRMED), context=_about_place),
    MailKind("courses/held", _while_in(State.HELD), context=_about_hold),
    MailKind("courses/hold_lapsed", _while_in(State.LAPSED), context=about_enrolment),
    MailKind("courses/refused", _while_in(State.DECLINED), context=about_enrolment),
    MailKind("courses/waiting", _while_in(State.WAITING), context=_about_queue),
    MailKind("courses/offered", _offer_stands, secrets=_offer_link, context=about_enrolment),
    MailKind("courses/left", _while_in(State.CANCELLED, State.DECLINED), context=about_enrolment),
    MailKind("courses/taken_out", _while_in(State.CANCELLED), context=about_enrolment),
    MailKind("courses/offer_lapsed", _while_in(State.LAPSED), context=about_enrolment),
    MailKind("courses/sessions_changed", _while_run_is_live, context=about_enrolment),
    MailKind("courses/session_cancelled", _while_run_is_live, context=_about_cancelled_session),
    MailKind("courses/run_cancelled", _while_in(State.CANCELLED), context=about_enrolment),
    MailKind("courses/reminder_day", _session_is_on, context=_about_session),
    MailKind("courses/reminder_hour", _session_is_on, secrets=_joining_link, context=_about_session),
)
