"""Who is expected in a session, when they can be marked, and how a roster stands (decision 085)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, prefetch_related_objects
from django.utils.formats import date_format
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.links import PATHS, signed_token
from cluster_portal.models import AuditEntry
from courses.holding import unconsented_among
from courses.models import Attendance, Enrolment, Run, Seat, Session, in_session
from courses.opening import in_run_zone
from members.models import Person

ROSTER_OPENS = timedelta(hours=2)  # before the start: whoever keeps the roster may be early
DOOR_OPENS = timedelta(minutes=30)
JOIN_OPENS = timedelta(minutes=15)
AROUND_NOW = timedelta(hours=2)  # how long after its end a session is still what a shown code is about
WAITED = timedelta(minutes=1)  # a press that came later than this had waited for the network
BY_THEMSELVES = (Attendance.How.CODE, Attendance.How.JOINED)


@dataclass
class Change:
    """One line of a mark's trace: when it was pressed and when it came, who, from what to what."""

    run: Run
    pressed_at: datetime
    at: datetime
    by: str
    before: str
    after: str

    @property
    def said(self) -> str:
        """The line in words, by the clock of the run; when it came, where it had waited for the network."""
        facts = {"when": in_run_zone(self.run, self.pressed_at), "by": self.by}
        facts["what"] = f"{self.before} → {self.after}" if self.before else self.after
        if self.at - self.pressed_at < WAITED:
            return _("%(when)s, %(by)s: %(what)s") % facts
        facts["came"] = in_run_zone(self.run, self.at)
        return _("%(when)s (sent %(came)s), %(by)s: %(what)s") % facts


@dataclass
class Line:
    """One person on the roster of a session; `trace` only where the mark was changed.

    `is_reader`: whoever looks, and marks everybody but themself. `lacks_consent`: a child who may not come any more.
    """

    enrolment: Enrolment
    attendance: Attendance | None = None
    trace: list[Change] = field(default_factory=list)
    is_reader: bool = False
    lacks_consent: bool = False

    @property
    def mark(self) -> str:
        return self.attendance.mark if self.attendance else ""

    @property
    def said(self) -> str:
        """How and when the mark came about."""
        return said_of(self.attendance) if self.attendance and self.mark else _("Not marked yet")


def said_of(it: Attendance) -> str:
    """How and when a mark came about, by the clock of the run; with the day, where that was another."""
    zone = it.session.run.zone
    when, day = it.pressed_at.astimezone(zone), it.session.starts_at.astimezone(zone).date()
    clock = date_format(when, "H:i" if when.date() == day else "j E Y, H:i")
    return f"{it.get_how_display()}, {clock}"


def expected_in(session: Session) -> QuerySet[Enrolment]:
    """Whom a session is for: everybody who is in the run for certain, or those who chose it."""
    return in_session(Enrolment.objects.confirmed().filter(run=session.run_id), session.pk)


def roster_of(session: Session) -> QuerySet[Enrolment]:
    """Those whom a session is for, by name, with what a line of its roster shows."""
    rows = expected_in(session).select_related("person", "pool", "affiliation__institution")
    return rows.order_by("person__sort_name", "pk")


def lines_of(session: Session, enrolments: Collection[Enrolment], reader: Person | None = None) -> list[Line]:
    """These people with their marks, and the traces of those that were changed; for who marks, whom they look at."""
    rows = session.attendance.filter(enrolment__in=[it.pk for it in enrolments])
    marks = {it.enrolment_id: it for it in rows}
    for it in marks.values():
        it.session = session
    traces = _traces(session.run, marks.values())
    unconsented = unconsented_among([it.person_id for it in enrolments]) if reader else set()
    found = []
    for enrolment in enrolments:
        mark = marks.get(enrolment.pk)
        trace = traces.get(mark.public_id, []) if mark else []
        is_reader = reader is not None and reader.pk == enrolment.person_id
        found.append(Line(enrolment, mark, trace, is_reader, enrolment.person_id in unconsented))
    return found


def marks_of(enrolment: Enrolment) -> list[tuple[Session, Attendance | None]]:
    """The sessions that take place and are for one person, each with its mark."""
    marks = {it.session_id: it for it in enrolment.attendance.marked()}
    prefetch_related_objects([enrolment], "seats")
    rows = enrolment.run.sessions.planned().with_own_places()
    return [(it, marks.get(it.pk)) for it in rows if enrolment.is_in(it)]


def _traces(run: Run, marks: Iterable[Attendance]) -> dict[str, list[Change]]:
    """What the audit holds of each mark (its public id) that was changed, the oldest first."""
    label = Attendance._meta.label_lower
    rows = AuditEntry.objects.filter(model=label, object_id__in=[it.public_id for it in marks]).order_by("pk")
    entries: dict[str, list[AuditEntry]] = defaultdict(list)
    for entry in rows:
        entries[entry.object_id].append(entry)
    changed = {key: found for key, found in entries.items() if len(found) > 1}
    actors = {entry.actor for found in changed.values() for entry in found}
    names = {it.public_id: it.full_name for it in Person.objects.filter(public_id__in=actors)} if actors else {}
    return {key: [_change(run, entry, names) for entry in found] for key, found in changed.items()}


def _change(run: Run, entry: AuditEntry, names: dict[str, str]) -> Change:
    label = {mark.value: str(mark.label) for mark in Attendance.Mark}
    before, after = label.get(entry.values["before"], ""), label.get(entry.values["after"], _("Not marked"))
    pressed_at = datetime.fromisoformat(entry.values["pressed_at"])
    return Change(run, pressed_at, entry.at, names.get(entry.actor, _("the portal")), before, after)


@dataclass(frozen=True)
class Counted:
    """How many were in a session, how many are marked at all, and for how many it was."""

    came: int
    marked: int
    expected: int


def counts_of(run: Run, sessions: Collection[Session]) -> dict[int, Counted]:
    """For each of these sessions of a run, by key, how many came: of those who are in the run now."""
    rows = Attendance.objects.of_those_in().filter(session__in=[it.pk for it in sessions]).order_by().values("session")
    rows = rows.annotate(came=Count("pk", filter=Q(mark__in=Attendance.ATTENDED)), marked=Count("pk"))
    counted = {row["session"]: (row["came"], row["marked"]) for row in rows}
    everybody = run.enrolments.confirmed().count()
    seats = Seat.objects.confirmed().filter(session__run=run, enrolment__state=Enrolment.State.CONFIRMED)
    chosen = dict(seats.order_by().values_list("session").annotate(people=Count("pk")))
    expected = {it.pk: chosen.get(it.pk, 0) if it.has_own_places else everybody for it in sessions}
    return {it.pk: Counted(*counted.get(it.pk, (0, 0)), expected[it.pk]) for it in sessions}


def why_no_roster(session: Session, at: datetime) -> str:
    """The sentence that says why nobody can be marked now, or nothing."""
    if session.state == Session.State.CANCELLED:
        return _("This session was cancelled, so nobody is marked.")
    if session.run.state not in {Run.State.PUBLISHED, Run.State.CLOSED}:
        return _("This run does not take place, so nobody is marked.")
    if at < session.starts_at - ROSTER_OPENS:
        opens = in_run_zone(session.run, session.starts_at - ROSTER_OPENS)
        return _("This session has not come yet. It can be marked from %(when)s on.") % {"when": opens}
    return ""


def why_no_door(session: Session, at: datetime) -> str:
    """The sentence that says why the code at the door does not work now, or nothing."""
    if session.state == Session.State.CANCELLED or not session.run.is_live:
        return _("This session does not take place.")
    if at < session.starts_at - DOOR_OPENS:
        opens = in_run_zone(session.run, session.starts_at - DOOR_OPENS)
        return _("This code works from %(when)s on.") % {"when": opens}
    if at > session.ends_at:
        return _("This session is over. Ask the instructor to mark you on the roster.")
    return ""


def why_not_by_the_door(enrolment: Enrolment) -> str:
    """The sentence for whoever takes part online and reads the code of the room, or nothing."""
    if not enrolment.is_online:
        return ""
    return _("You take part online: join there. If you are in the room today, tell the instructor, who marks you.")


def why_not_joining(session: Session, enrolment: Enrolment, at: datetime) -> str:
    """The sentence that says why somebody cannot join online now, or nothing."""
    if session.state == Session.State.CANCELLED or not session.run.is_live:
        return _("This session does not take place.")
    if not expected_in(session).filter(pk=enrolment.pk).exists():
        return _("You have no place in this session. The page of the run says what you have.")
    if not enrolment.is_online:
        return _("You take part in the room, so there is nothing to join online.")
    if at > session.ends_at:
        return _("This session is over.")
    if at < session.starts_at - JOIN_OPENS:
        opens = in_run_zone(session.run, session.starts_at - JOIN_OPENS)
        return _("You can join from %(when)s on.") % {"when": opens}
    if not link_of(session):
        return _("The organisers have not entered the joining link yet. Reload this page in a few minutes.")
    return ""


def link_of(session: Session) -> str:
    """Where those online join a session: its own link, or the run's."""
    return session.online_link or session.run.online_link


def ticket_path(enrolment: Enrolment) -> str:
    """The page of a person's own code."""
    return PATHS["courses.ticket"].format(signed_token("courses.ticket", enrolment.public_id))


def join_path(session: Session, enrolment: Enrolment) -> str:
    """The page on which a person joins a session online."""
    return PATHS["courses.join"].format(signed_token("courses.join", f"{session.public_id}.{enrolment.public_id}"))


def joining_page(enrolment: Enrolment) -> str:
    """The page on which who is confirmed online joins the session that comes next; the sessions may be fetched."""
    run = enrolment.run
    if enrolment.state != Enrolment.State.CONFIRMED or not enrolment.is_online or not run.is_live:
        return ""
    ahead = (it for it in run.sessions.all() if it.state == Session.State.PLANNED and it.ends_at > now())
    coming = next((it for it in ahead if enrolment.is_in(it)), None)
    return join_path(coming, enrolment) if coming and (coming.online_link or run.online_link) else ""


def sessions_around(enrolment: Enrolment, at: datetime) -> list[Session]:
    """The sessions for one person in which they may just be arriving, the nearest first."""
    run = enrolment.run
    rows = (
        run.sessions.planned().with_own_places().filter(starts_at__lte=at + ROSTER_OPENS, ends_at__gte=at - AROUND_NOW)
    )
    prefetch_related_objects([enrolment], "seats")
    found = [it for it in rows if enrolment.is_in(it)]
    for it in found:
        it.run = run
    return sorted(found, key=lambda it: abs(it.starts_at - at))


def taught_on_day_of(person: Person, at: datetime) -> list[Session]:
    """What somebody teaches on the day (by the clock of each run) in which an instant lies, in the order of time."""
    rows = Session.objects.planned().filter(
        Q(run__state=Run.State.PUBLISHED) | Q(run__state=Run.State.CLOSED),
        run__instructors=person,
        starts_at__gt=at - timedelta(days=1),
        starts_at__lt=at + timedelta(days=1),
    )
    rows = rows.select_related("run__course").order_by("starts_at", "pk")
    return [it for it in rows if it.starts_at.astimezone(it.run.zone).date() == at.astimezone(it.run.zone).date()]
