"""What a person has at the time of a run or a session: said before they press, and refused after (decision 083)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.models import CalendarEntry
from cluster_portal.prepared import prepared
from courses.models import Enrolment, Run, Seat, Session
from courses.opening import in_run_zone
from members.models import Person


@dataclass(frozen=True)
class Clash:
    """A session, and what else somebody has at that time."""

    session: Session
    title: str
    starts_at: datetime


def clashes_of(person: Person, run: Run, sessions: Iterable[Session]) -> list[Clash]:
    """Which of these sessions of a run take place while the person has something outside of it.

    Whatever stands in their calendar counts, for certain or tentatively, and the seats that they wish for. One query,
    however many sessions.
    """
    planned = [it for it in sessions if it.state == Session.State.PLANNED and it.ends_at > now()]
    if not planned:
        return []
    busy = _busy(person, run, min(it.starts_at for it in planned), max(it.ends_at for it in planned))
    return [
        Clash(session, title or _("something else"), starts_at)
        for session in planned
        for starts_at, ends_at, title in busy
        if starts_at < session.ends_at and ends_at > session.starts_at
    ]


def _busy(person: Person, run: Run, since: datetime, until: datetime) -> list[tuple[datetime, datetime, str | None]]:
    """When the person has something else within a time, and what."""
    rows = _entries_and_wishes(person=person.pk, run=run.pk, since=since, until=until)
    return sorted(rows, key=lambda row: row[0])


@prepared
def _entries_and_wishes(person, run, since, until):
    title = Session.objects.filter(public_id=OuterRef("about_id")).values("run__course__title")[:1]
    here = Session.objects.filter(run=run).values("public_id")
    entries = CalendarEntry.objects.filter(person=person).between(since, until).exclude(about_id__in=here)
    wishes = Seat.objects.filter(state=Seat.State.WAITING, enrolment__person=person).exclude(session__run=run)
    wishes = wishes.filter(session__starts_at__lt=until, session__ends_at__gt=since)
    return entries.values_list("starts_at", "ends_at", Subquery(title)).union(
        wishes.values_list("session__starts_at", "session__ends_at", "session__run__course__title")
    )


def said_of(clash: Clash, run: Run, name: str = "") -> str:
    """The sentence that names what clashes and says what helps; with `name` to somebody who acts for another."""
    said = {"title": clash.title, "when": in_run_zone(run, clash.starts_at), "name": name}
    if name:
        return _("At that time %(name)s has “%(title)s”: %(when)s. Leave it first, or choose another time.") % said
    return _("At that time you have “%(title)s”: %(when)s. Leave it first, or choose something at another time.") % said


def people_with_clashes(run: Run, starts_at: datetime, ends_at: datetime, enrolments=None) -> int:
    """How many of those who count on a session have something else at its new time. One query."""
    people = run.enrolments.filter(state__in=Enrolment.TAKING) if enrolments is None else enrolments
    here = Session.objects.filter(run=run).values("public_id")
    entries = CalendarEntry.objects.between(starts_at, ends_at).filter(person__in=people.values("person"))
    return entries.exclude(about_id__in=here).order_by().values("person").distinct().count()
