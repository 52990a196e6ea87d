from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import cancel_rows
from cluster_portal.tied import apart, tie
from courses import calendars
from courses.actions.bookings import end_bookings
from courses.actions.feedback import ask_where_needed
from courses.actions.locks import lock_every_pool, lock_run
from courses.actions.places import serve_queues, settle
from courses.actions.sitting import end_all_seats
from courses.actions.telling import tell, with_their_run
from courses.models import Course, Enrolment, Pool, Reserve, Run
from members.models import Cluster, Person

MAILED_WHEN_CHANGED = {"place", "online_link"}


@transaction.atomic
def create_run(course: Course, by: Person | None, places: dict[str, int], **facts: Any) -> Run:
    """Prepare a new run of a course, as a draft, with its places (sort of pool → how many)."""
    plain, tied = apart(Run, facts)
    run = Run.objects.create(course=course, **plain)
    tie(run, tied)
    Pool.objects.bulk_create(Pool(run=run, sort=sort, places=count) for sort, count in places.items())
    record("courses.run.create", run, by=by)
    ask_where_needed(run, by)
    return run


@transaction.atomic
def change_run(run: Run, by: Person, **changes: Any) -> list[str]:
    """Change what a run says; when it is live and people would come to a wrong place, they are told."""
    run = lock_run(run)
    plain, tied = apart(Run, changes)
    changed = [name for name, value in plain.items() if getattr(run, name) != value]
    if "time_zone" in changed and run.sessions.exists():
        raise Refused(_("The sessions are planned by the clock of the present zone, so it stays. Prepare a new run."))
    if "institution_limit" in changed:
        _refuse_limit_below_reserves(run, plain["institution_limit"])
    for name in changed:
        setattr(run, name, plain[name])
    run.save(update_fields=changed)
    changed += tie(run, tied)
    if changed:
        record_changes("courses.run.change", run, by=by, changed=changed)
    if run.is_live and MAILED_WHEN_CHANGED & set(changed):
        tell_sessions_changed(run, online_only="place" not in changed)
    if "institution_limit" in changed:
        serve_queues(run)
    if "needs_approval" in changed and not run.needs_approval:
        _settle_all(run, by)
    ask_where_needed(run, by)
    return changed


def _settle_all(run: Run, by: Person) -> None:
    """Who was held for an approval that nobody asks for any more is confirmed, unless consent is missing too."""
    pools = lock_every_pool(run)
    rows = run.enrolments.held().select_for_update(no_key=True, of=("self",)).select_related("person")
    for enrolment in rows.order_by("pk"):
        enrolment.run, enrolment.pool = run, pools[enrolment.pool_id]
        settle(enrolment, by)


@transaction.atomic
def publish_run(run: Run, by: Person | None) -> None:
    """Publish a run: it has sessions ahead, and places."""
    run = lock_run(run)
    if not run.sessions.planned().filter(starts_at__gt=now()).exists():
        raise Refused(_("A run needs at least one session in the future. Plan its sessions, then publish."))
    if not run.pools.exists():
        raise Refused(_("A run needs places. Say how many there are, then publish."))
    make_move(run, "publish", by=by)


@transaction.atomic
def cancel_run(run: Run, by: Person) -> None:
    """Cancel a run: everybody in it and in its queue is told, and their places end."""
    run = lock_run(run)
    if run.is_over_at(now()):
        raise Refused(_("This run is over, and people took part. Close it instead."))
    pools = lock_every_pool(run)
    make_move(run, "cancel", by=by)
    enrolments = list(
        run.enrolments.live()
        .select_for_update(no_key=True, of=("self",))
        .select_related("person", "pool")
        .order_by("pk")
    )
    reason = gettext_noop("the run was cancelled")
    make_moves(enrolments, "cancel", by=by, reason=reason, offered_until=None, held_until=None)
    end_all_seats(run, by)
    Pool.objects.filter(pk__in=list(pools)).update(taken=0)
    cancel_rows(OutboxMail.objects.about(*enrolments).unfinished(), reason=reason)
    for enrolment in enrolments:
        enrolment.run = run
    tell(enrolments, "courses/run_cancelled", calendars.run_cancelled(run, enrolments))
    end_bookings(run, by)


@transaction.atomic
def close_run(run: Run, by: Person) -> None:
    """Close a run whose sessions are over."""
    run = lock_run(run)
    if run.sessions.planned().filter(ends_at__gt=now()).exists():
        raise Refused(_("This run has sessions ahead. Close it after the last one, or cancel it."))
    make_move(run, "close", by=by)


def tell_sessions_changed(run: Run, online_only: bool = False) -> None:
    """Queue the mail that says when and where the sessions are now, with the calendar update, for all in the run.

    `online_only`: nothing but a joining link changed, which those in the room never see.
    """
    enrolments = [it for it in people_to_tell(run) if it.is_online or not online_only]
    news = calendars.sessions_changed(run, enrolments)
    tell(enrolments, "courses/sessions_changed", news, occasion=now().isoformat())


def _refuse_limit_below_reserves(run: Run, limit: int | None) -> None:
    kept = Reserve.objects.filter(pool__run=run).in_force_on(Cluster.current().today())
    most = kept.aggregate(most=Max("places"))["most"] or 0
    if limit is not None and limit < most:
        raise Refused(
            _("For one institution %(most)s places are kept. Keep fewer for it first, or set a higher limit.")
            % {"most": most}
        )


def people_to_tell(run: Run) -> list[Enrolment]:
    """The enrolments whose people are told when the run changes: confirmed, held, offered and waiting."""
    return with_their_run(run, run.enrolments.expecting_mail())
