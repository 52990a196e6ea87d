from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused, make_move
from courses import calendars
from courses.actions.locks import lock_every_pool, lock_run
from courses.actions.places import serve_queues
from courses.actions.runs import people_to_tell, tell_sessions_changed
from courses.actions.sitting import end_seats_of_session, end_wishes_in_the_way, tell_of_seats
from courses.actions.telling import tell
from courses.models import Pattern, Pool, Run, Seat, Session
from courses.opening import in_run_zone
from courses.patterns import WeeklyPattern
from members.models import Person

MAILED_WHEN_MOVED = {"starts_at", "ends_at", "place"}
LONGEST = timedelta(hours=24)


@transaction.atomic
def plan_sessions(
    run: Run, pattern: WeeklyPattern, by: Person | None, titles: list[str] | None = None
) -> list[Session]:
    """Replace the sessions of a draft by those of a weekly pattern, in the run's zone."""
    run = lock_run(run)
    if run.state != Run.State.DRAFT:
        raise Refused(_("People count on these dates already. Move, cancel or add single sessions instead."))
    if pattern.is_too_long:
        raise Refused(_("A pattern lasts two years at most. Choose an earlier last day."))
    times = pattern.sessions(run.zone)
    if not times:
        raise Refused(_("There is no such day between the first and the last day. Choose other days or dates."))
    run.sessions.filter(slot__isnull=False).delete()
    refuse_overlaps(run, times)
    _keep_pattern(run, pattern)
    names = titles or [""] * len(times)
    sessions = [
        Session(run=run, starts_at=start, ends_at=end, slot=start, title=title)
        for (start, end), title in zip(times, names, strict=False)
    ]
    record("courses.run.plan", run, by=by, fields=["sessions"])
    return Session.objects.bulk_create(sessions)


@transaction.atomic
def add_session(
    run: Run,
    starts_at: datetime,
    ends_at: datetime,
    by: Person,
    own_places: dict[str, int] | None = None,
    **words: Any,
) -> Session:
    """Add one session outside of the pattern; people of a live run are told, unless they choose it.

    `own_places` (sort → how many) makes it a session that people choose; it may then run beside others like it.
    """
    run = lock_run(run)
    refuse_when_done(run)
    _refuse_wrong_times(run, starts_at, ends_at, is_chosen=bool(own_places))
    session = Session.objects.create(run=run, starts_at=starts_at, ends_at=ends_at, **words)
    record("courses.session.add", session, by=by, starts_at=starts_at, ends_at=ends_at)
    for sort, places in (own_places or {}).items():
        add_pool(session, sort, places, by)
    if run.is_live:
        if not own_places:
            tell_sessions_changed(run)
        serve_queues(run)  # what lay free because no session was ahead
    return session


@transaction.atomic
def move_session(session: Session, starts_at: datetime, ends_at: datetime, by: Person, **words: Any) -> Session:
    """Move a session to another time or place, or rename it; people of a live run are told of time and place."""
    run = lock_run(session.run)
    session = Session.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.pk)
    session.run = run
    refuse_when_done(run)
    if session.state == Session.State.CANCELLED:
        raise Refused(_("This session was cancelled. Add a new one instead."))
    wanted = {"starts_at": starts_at, "ends_at": ends_at, **words}
    changed = [name for name, value in wanted.items() if getattr(session, name) != value]
    if {"starts_at", "ends_at"} & set(changed):
        if session.starts_at <= now():
            raise Refused(_("This session has begun, so its time and its list stay. Add a new session instead."))
        if session.attendance.marked().exists():
            raise Refused(_("People are marked in this session already, so its time stays. Add a new session instead."))
        _refuse_wrong_times(run, starts_at, ends_at, but=session, is_chosen=session.has_own_places)
        _refuse_two_seats(session, starts_at, ends_at)
    before = (session.starts_at, session.ends_at)
    for name in changed:
        setattr(session, name, wanted[name])
    if changed:
        session.save(update_fields=changed)
        record_changes("courses.session.move", session, by=by, changed=changed)
    end_wishes_in_the_way(session, before, by)
    if run.is_live and MAILED_WHEN_MOVED & set(changed):
        _tell_moved(session)
        serve_queues(run)  # what lay free because no session was ahead
    return session


@transaction.atomic
def cancel_session(session: Session, by: Person) -> None:
    """Cancel one session; people of a live run are told, or those who chose it."""
    run = lock_run(session.run)
    pools, session.run = lock_every_pool(run), run
    refuse_when_done(run)
    if session.ends_at <= now():
        raise Refused(_("This session is over, so it cannot be cancelled any more."))
    make_move(session, "cancel", by=by)
    if session.has_own_places:
        end_seats_of_session(session, pools, by)
        return
    if not run.is_live:
        return
    enrolments = people_to_tell(run)
    news = calendars.sessions_changed(session.run, enrolments)
    tell(enrolments, "courses/session_cancelled", news, occasion=session.public_id)


def add_pool(session: Session, sort: str, places: int, by: Person) -> Pool:
    """Give a session of a locked run places of its own, of a sort that people have in the run: by it they choose."""
    if not session.run.pools.filter(sort=sort).exists():
        raise Refused(
            _("Nobody takes part in this run like this: %(sort)s. Give the run such places first.")
            % {"sort": Pool.Sort(sort).label}
        )
    pool = Pool.objects.create(session=session, sort=sort, places=places)
    session.has_own_places = True
    record("courses.pool.add", pool, by=by, sort=sort, places=places)
    return pool


def _tell_moved(session: Session) -> None:
    if not session.has_own_places:
        tell_sessions_changed(session.run)
        return
    rows = session.seats.select_related("pool", "session", "enrolment__person", "enrolment__pool")
    occasion = now().isoformat()
    tell_of_seats(session.run, list(rows.confirmed()), "courses/seat_moved", occasion=occasion)
    tell_of_seats(session.run, list(rows.in_queue()), "courses/wish_moved", occasion=occasion)


def _keep_pattern(run: Run, pattern: WeeklyPattern) -> None:
    Pattern.objects.filter(run=run).delete()
    Pattern.objects.create(
        run=run,
        weekdays=list(pattern.weekdays),
        start_time=pattern.start_time,
        minutes=pattern.minutes,
        first_day=pattern.first_day,
        last_day=pattern.last_day,
        days_off=list(pattern.days_off),
    )


def refuse_when_done(run: Run) -> None:
    """Refuse a change to the sessions of a run that is cancelled or closed."""
    if run.state not in {Run.State.DRAFT, Run.State.PUBLISHED}:
        raise Refused(_("This run is cancelled or closed, so its sessions stay as they are."))


def why_not_so_long(starts_at: datetime, ends_at: datetime) -> str:
    """The sentence that says why no session lasts from here to there, or nothing."""
    if ends_at <= starts_at:
        return _("The session ends before it starts. Correct its end.")
    if ends_at - starts_at > LONGEST:
        return _("A session lasts 24 hours at most. Correct its end, or add a session for each day.")
    return ""


def _refuse_wrong_times(
    run: Run, starts_at: datetime, ends_at: datetime, but: Session | None = None, is_chosen: bool = False
) -> None:
    if wrong := why_not_so_long(starts_at, ends_at):
        raise Refused(wrong)
    if starts_at <= now():
        raise Refused(_("The session would start in the past. Choose a later time."))
    refuse_overlaps(run, [(starts_at, ends_at)], but, is_chosen)


def _refuse_two_seats(session: Session, starts_at: datetime, ends_at: datetime) -> None:
    """Nobody can be in two sessions at once that they chose when these were apart."""
    others = Seat.objects.confirmed().filter(session__starts_at__lt=ends_at, session__ends_at__gt=starts_at)
    here = session.seats.confirmed().values("enrolment")
    both = others.filter(enrolment__in=here).exclude(session=session).select_related("session").first()
    if both is not None:
        raise Refused(
            _("People who chose this session are in “%(session)s” at that time. Choose another time.")
            % {"session": both.session.title}
        )


def refuse_overlaps(
    run: Run, times: list[tuple[datetime, datetime]], but: Session | None = None, is_chosen: bool = False
) -> None:
    """Refuse what takes place beside another session of a run: only those that people choose may run in parallel."""
    others = run.sessions.planned().exclude(pk=but.pk if but else None)
    for other in others.plenary() if is_chosen else others:
        if any(other.starts_at < end and other.ends_at > start for start, end in times):
            raise Refused(
                _("Another session of this run takes place then: %(when)s. Choose another time.")
                % {"when": in_run_zone(run, other.starts_at)}
            )
