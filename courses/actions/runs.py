from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cluster_portal.audit import record, record_changes
from cluster_portal.models import OutboxMail
from cluster_portal.moves import Refused, make_move, make_moves
from cluster_portal.outbox import cancel_rows
from courses import calendars
from courses.actions.locks import lock_pools, lock_run
from courses.actions.telling import tell
from courses.models import Course, Enrolment, Pool, Run
from members.models import Person

MAILED_WHEN_CHANGED = {"place", "online_link"}


@transaction.atomic
def create_run(
    course: Course, by: Person | None, places: dict[str, int], instructors: Iterable[Person] = (), **facts: Any
) -> Run:
    """Prepare a new run of a course, as a draft, with its places (sort of pool → how many)."""
    run = Run.objects.create(course=course, **facts)
    run.instructors.set(instructors)
    Pool.objects.bulk_create(Pool(run=run, sort=sort, places=count) for sort, count in places.items())
    record("courses.run.create", run, by=by)
    return run


@transaction.atomic
def change_run(run: Run, by: Person, **changes: Any) -> list[str]:
    """Change what a run says; when it is live and people would come to a wrong place, they are told."""
    run = lock_run(run)
    instructors = changes.pop("instructors", None)
    changed = [name for name, value in changes.items() if getattr(run, name) != value]
    if "time_zone" in changed and run.sessions.exists():
        raise Refused(_("The sessions are planned by the clock of the present zone, so it stays. Prepare a new run."))
    for name in changed:
        setattr(run, name, changes[name])
    run.save(update_fields=changed)
    if instructors is not None and set(instructors) != set(run.instructors.all()):
        run.instructors.set(instructors)
        changed.append("instructors")
    if changed:
        record_changes("courses.run.change", run, by=by, changed=changed)
    if run.is_live and MAILED_WHEN_CHANGED & set(changed):
        tell_sessions_changed(run)
    return changed


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
    pools = lock_pools(run)
    make_move(run, "cancel", by=by)
    enrolments = list(
        run.enrolments.live()
        .select_for_update(no_key=True, of=("self",))
        .select_related("person", "pool")
        .order_by("pk")
    )
    reason = gettext_noop("the run was cancelled")
    make_moves(enrolments, "cancel", by=by, reason=reason, offered_until=None, held_until=None)
    Pool.objects.filter(pk__in=[pool.pk for pool in pools]).update(taken=0)
    cancel_rows(OutboxMail.objects.about(*enrolments).unfinished(), reason=reason)
    for enrolment in enrolments:
        enrolment.run = run
    tell(enrolments, "courses/run_cancelled", calendars.run_cancelled(run, enrolments))


@transaction.atomic
def close_run(run: Run, by: Person) -> None:
    """Close a run whose sessions are over."""
    run = lock_run(run)
    if run.sessions.planned().filter(ends_at__gt=now()).exists():
        raise Refused(_("This run has sessions ahead. Close it after the last one, or cancel it."))
    make_move(run, "close", by=by)


def tell_sessions_changed(run: Run) -> None:
    """Queue the mail that says when and where the sessions are now, with the calendar update, for all in the run."""
    enrolments = people_to_tell(run)
    news = calendars.sessions_changed(run, enrolments)
    tell(enrolments, "courses/sessions_changed", news, occasion=now().isoformat())


def people_to_tell(run: Run) -> list[Enrolment]:
    """The enrolments whose people are told when the run changes: confirmed, held, offered and waiting."""
    enrolments = list(run.enrolments.expecting_mail().select_related("person", "pool").order_by("pk"))
    for enrolment in enrolments:
        enrolment.run = run
    return enrolments
