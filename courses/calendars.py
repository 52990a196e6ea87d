"""A run as it stands in people's calendars (cluster_portal/calendar.py): what the actions tell them.

The sessions that are for everybody are one series. One that people choose is a thing of its own: it stands in the
calendars of those who have a seat in it, and choosing it tells them of nothing else (decision 083).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.urls import reverse

from cluster_portal.calendar import Messages, Occurrence, Series, Status, keep_entries
from cluster_portal.links import absolute
from cluster_portal.models import CalendarEntry
from courses.models import Enrolment, Run, Seat, Session
from courses.opened import sessions_of


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
    told = _told(run, series, sure, Status.CONFIRMED) | _told(run, series, unsure, Status.TENTATIVE)
    return _joined(told, seats_changed(run, enrolments))


def seats_changed(run: Run, enrolments: Sequence[Enrolment]) -> dict[int, Messages]:
    """Bring these calendars to the seats that people have in the sessions they choose: enrolment → what to tell."""
    sessions = [it for it in sessions_of(run) if it.has_own_places]
    if not sessions:
        return {}
    seated = set(
        Seat.objects.confirmed().filter(enrolment__in=enrolments).values_list("session__public_id", "enrolment__person")
    )
    people = [it.person_id for it in enrolments]
    entries = CalendarEntry.objects.filter(about_id__in=[it.public_id for it in sessions], person__in=people)
    shown = set(entries.exclude(status=Status.CANCELLED).values_list("about_id", "person"))
    told: dict[int, Messages] = {}
    for session in sessions:
        concerned = [it for it in enrolments if (session.public_id, it.person_id) in seated | shown]
        told = _joined(told, _told_of_seats(run, session, concerned, seated))
    return told


def _told_of_seats(run: Run, session: Session, enrolments: list[Enrolment], seated: set) -> dict[int, Messages]:
    series, groups = _series(run, session, [session]), {it: [] for it in Status}
    for it in enrolments:
        groups[_status_of_seat(it, (session.public_id, it.person_id) in seated)].append(it)
    told: dict[int, Messages] = {}
    for status, some in groups.items():
        told |= _told(run, series, some, status)
    return told


def _status_of_seat(enrolment: Enrolment, has_seat: bool) -> Status:
    if not has_seat or not enrolment.is_live:
        return Status.CANCELLED
    return Status.CONFIRMED if enrolment.state == Enrolment.State.CONFIRMED else Status.TENTATIVE


def _joined(first: dict[int, Messages], second: dict[int, Messages]) -> dict[int, Messages]:
    return {key: [*first.get(key, []), *second.get(key, [])] for key in first | second}


def run_cancelled(run: Run, enrolments: Sequence[Enrolment]) -> dict[int, Messages]:
    """Take the whole run out of these people's calendars: enrolment → what to tell."""
    return _joined(_told(run, series_of(run), enrolments, Status.CANCELLED), seats_changed(run, enrolments))


def series_of(run: Run) -> Series:
    """The run and the sessions that are for everybody in it, as a calendar says them."""
    return _series(run, run, [it for it in sessions_of(run) if not it.has_own_places])


def whole_series_of(run: Run, sessions: Iterable[Session]) -> Series:
    """The run with all these sessions, those that people choose too, under the UIDs that mail gives them."""
    return _series(run, run, sessions)


def _series(run: Run, about: Run | Session, sessions: Iterable[Session]) -> Series:
    return Series(
        about=about,
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
        slot=None if session.has_own_places else session.slot,
        title=session.title,
        place=session.place,
        cancelled=session.state == Session.State.CANCELLED,
    )


def as_online(run: Run, series: Series) -> Series:
    """A series for those who take part online: nobody goes to the room, and its address is where one joins."""
    return replace(
        series,
        place="",
        url=absolute(reverse("courses:join_next", args=[run.public_id])),
        occurrences=tuple(replace(it, place="") for it in series.occurrences),
    )


def _told(run: Run, series: Series, enrolments: Iterable[Enrolment], status: str) -> dict[int, Messages]:
    rows = list(enrolments)
    there, online = [it for it in rows if not it.is_online], [it for it in rows if it.is_online]
    told = _kept(series, there, status)
    return told | _kept(as_online(run, series), online, status) if online else told


def _kept(series: Series, enrolments: Iterable[Enrolment], status: str) -> dict[int, Messages]:
    by_person = {it.person_id: it for it in enrolments}
    told = keep_entries(series, [it.person for it in by_person.values()], status)
    return {by_person[person].pk: messages for person, messages in told.items()}
