"""A run as it stands in people's calendars (cluster_portal/calendar.py): what the actions tell them."""

from collections.abc import Iterable, Sequence

from cluster_portal.calendar import Messages, Occurrence, Series, Status, keep_entries
from cluster_portal.links import absolute
from courses.models import Enrolment, Run, Session


def invite(enrolment: Enrolment) -> Messages:
    """Put the run into the person's calendar: for certain when confirmed, tentatively while they wait."""
    return sessions_changed(enrolment.run, [enrolment])[enrolment.pk]


def withdraw(enrolment: Enrolment) -> Messages:
    """Take the run out of the person's calendar."""
    return run_cancelled(enrolment.run, [enrolment])[enrolment.pk]


def sessions_changed(run: Run, enrolments: Sequence[Enrolment]) -> dict[int, Messages]:
    """Bring the calendars of these people to what the run's sessions say now: enrolment → what to tell."""
    series = series_of(run)
    sure = [it for it in enrolments if it.state == Enrolment.State.CONFIRMED]
    unsure = [it for it in enrolments if it.state != Enrolment.State.CONFIRMED]
    return _told(series, sure, Status.CONFIRMED) | _told(series, unsure, Status.TENTATIVE)


def session_cancelled(session: Session, enrolments: Sequence[Enrolment]) -> dict[int, Messages]:
    """Take a cancelled session out of these people's calendars: enrolment → what to tell."""
    return sessions_changed(session.run, enrolments)


def run_cancelled(run: Run, enrolments: Sequence[Enrolment]) -> dict[int, Messages]:
    """Take the whole run out of these people's calendars: enrolment → what to tell."""
    return _told(series_of(run), enrolments, Status.CANCELLED)


def series_of(run: Run) -> Series:
    """The run and its sessions, as a calendar says them."""
    sessions = run.sessions.order_by("starts_at", "pk")
    return Series(
        about=run,
        title=run.course.title,
        zone=run.zone,
        occurrences=tuple(_occurrence(session) for session in sessions),
        url=absolute(run.get_absolute_url()),
        place=run.place,
    )


def _occurrence(session: Session) -> Occurrence:
    return Occurrence(
        about=session,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        slot=session.slot,
        title=session.title,
        place=session.place,
        cancelled=session.state == Session.State.CANCELLED,
    )


def _told(series: Series, enrolments: Iterable[Enrolment], status: str) -> dict[int, Messages]:
    by_person = {it.person_id: it for it in enrolments}
    told = keep_entries(series, [it.person for it in by_person.values()], status)
    return {by_person[person].pk: messages for person, messages in told.items()}
