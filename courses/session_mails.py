"""The mails about one session: reminders, with the joining link for those online, and that it is cancelled."""

from datetime import datetime
from typing import Any

from cluster_portal.hooks import MailKind, WantedMail, register_mail
from cluster_portal.links import absolute, signed_link
from cluster_portal.models import OutboxMail
from cluster_portal.outbox import occasion_of
from courses.attendance import link_of
from courses.holding import may_still_come
from courses.mails import about_place, while_run_is_live
from courses.models import Enrolment, Run, Session, in_session
from members.models import Person
from members.readers import child_named, readers_of


def occasion_for(reader: Person, person: Person, start: datetime) -> str:
    """What makes a reminder another one: the start of the session, and for a guardian the child whom it is about."""
    return start.isoformat() if reader.pk == person.pk else f"{start.isoformat()} {person.public_id}"


def _session_is_on(mail: OutboxMail) -> bool:
    """The session takes place when the reminder says, and its reader, or their child, has a place."""
    session = Session.objects.planned().filter(public_id=mail.about_id, run__state=Run.State.PUBLISHED).first()
    start, _space, child = occasion_of(mail).partition(" ")
    if session is None or session.starts_at.isoformat() != start:
        return False
    enrolment = _place_of(mail, session)
    if enrolment is None or not may_still_come(enrolment.person):
        return False
    return not child or mail.to in readers_of([enrolment.person])[enrolment.person_id]


def _place_of(mail: OutboxMail, session: Session) -> Enrolment | None:
    """The place in a session that a reminder is about: the reader's own, or that of their child."""
    child = occasion_of(mail).partition(" ")[2]
    whose = {"person__public_id": child} if child else {"person": mail.to_id}
    rows = in_session(Enrolment.objects.confirmed().filter(run=session.run_id, **whose), session.pk)
    return rows.select_related("person", "pool").first()


def _about_session(wanted: WantedMail) -> dict[str, Any]:
    session, enrolment = wanted.about, wanted.ground
    run = session.run
    return {
        "enrolment": enrolment,
        "online": enrolment is not None and enrolment.is_online,
        "child": child_named(enrolment.person, wanted.to) if enrolment else "",
        "session": session,
        "link": link_of(session),
        "run": run,
        "title": run.course.title,
        "page": run.get_absolute_url(),
        "place": session.place or run.place,
    }


def _about_cancelled_session(wanted: WantedMail) -> dict[str, Any]:
    sessions = wanted.about.run.sessions.all()
    return about_place(wanted) | {"session": next(it for it in sessions if it.public_id == wanted.occasion)}


def _joining_link(mail: OutboxMail) -> dict[str, str]:
    """For those online the page on which they join; it reads the link when they press, so a corrected one counts."""
    session = Session.objects.select_related("run").get(public_id=mail.about_id)
    enrolment = _place_of(mail, session)
    if enrolment and enrolment.is_online and link_of(session):
        return {"join": signed_link("courses.join", f"{session.public_id}.{enrolment.public_id}")}
    return {"join": absolute(session.run.get_absolute_url())}


register_mail(
    MailKind("courses/session_cancelled", while_run_is_live, context=_about_cancelled_session),
    MailKind("courses/reminder_day", _session_is_on, context=_about_session),
    MailKind("courses/reminder_hour", _session_is_on, secrets=_joining_link, context=_about_session),
)
