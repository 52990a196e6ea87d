"""Giving a run again: the same, on other days."""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.copies import copy_of
from cluster_portal.moves import Refused
from courses.models import Pattern, Pool, Run, Session
from members.models import Person


@transaction.atomic
def repeat_run(run: Run, by: Person, title: str, first_day: date, start_time: time | None = None) -> Run:
    """Prepare the same run again as a draft, its first session on another day; what people did is not taken along.

    Every session keeps its distance in days and its time of day by the wall clock of the run's zone; with
    `start_time` all of them are shifted so that the first begins then.
    """
    sessions = list(run.sessions.planned())
    if not sessions:
        raise Refused(_("This run has no sessions that could be given again. Prepare a new run."))
    first = sessions[0].starts_at.astimezone(run.zone).replace(tzinfo=None)
    shift = datetime.combine(first_day, start_time or first.time()) - first
    if _later(run, sessions[0].starts_at, shift) <= now():
        raise Refused(_("That moment is over. Choose a day ahead."))
    copy = copy_of(run, title=title, enrol_from=now(), enrol_until=_closing(run, sessions[0], shift))
    for name in ("instructors", "partners", "regions"):
        getattr(copy, name).set(getattr(run, name).all())
    for part in [*run.pools.all(), *run.questions.all(), *run.feedback_questions.all()]:
        copy_of(part, run=copy)
    keeps_pattern = _copy_pattern(run, copy, shift)
    for session in sessions:
        _copy_session(session, copy, shift, keeps_pattern)
    record("courses.run.create", copy, by=by)
    return copy


def _later(run: Run, at: datetime, shift: timedelta) -> datetime:
    """As much later by the wall clock of the run's zone."""
    return (at.astimezone(run.zone).replace(tzinfo=None) + shift).replace(tzinfo=run.zone)


def _closing(run: Run, first: Session, shift: timedelta) -> datetime:
    """Enrolment closes as long before the first session as it did; where that is over already, when it starts."""
    closes = _later(run, run.enrol_until, shift)
    return closes if closes > now() else _later(run, first.starts_at, shift)


def _copy_pattern(run: Run, copy: Run, shift: timedelta) -> bool:
    """The weekly pattern on its new days."""
    pattern = Pattern.objects.filter(run=run).first()
    if pattern is None:
        return False
    start = datetime.combine(pattern.first_day, pattern.start_time) + shift
    days = start.date() - pattern.first_day
    copy_of(
        pattern,
        run=copy,
        start_time=start.time(),
        first_day=start.date(),
        last_day=pattern.last_day + days,
        weekdays=sorted({(day + days.days) % 7 for day in pattern.weekdays}),
        days_off=[day + days for day in pattern.days_off],
    )
    return True


def _copy_session(session: Session, copy: Run, shift: timedelta, keeps_pattern: bool) -> None:
    times = {name: _later(copy, getattr(session, name), shift) for name in ("starts_at", "ends_at")}
    slot = _later(copy, session.slot, shift) if keeps_pattern and session.slot else None
    again = copy_of(session, run=copy, slot=slot, **times)
    for pool in Pool.objects.filter(session=session):
        copy_of(pool, session=again)
