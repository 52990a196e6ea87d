"""Places of a session's own: they make it one that people choose, and may run in parallel to others like it."""

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record_changes
from cluster_portal.moves import Refused
from courses.actions.locks import lock_every_pool, lock_run
from courses.actions.sessions import add_pool, refuse_when_done
from courses.actions.sitting import serve_wishes
from courses.models import Pool, Session
from members.models import Person


@transaction.atomic
def set_session_places(session: Session, places: dict[str, int], by: Person) -> Session:
    """Say how many places of each sort a session has (sort → how many); new ones go to those who wish for them."""
    run = lock_run(session.run)
    pools = lock_every_pool(run)
    session = Session.objects.get(pk=session.pk)
    session.run = run
    refuse_when_done(run)
    if session.state == Session.State.CANCELLED:
        raise Refused(_("This session was cancelled. Add a new one instead."))
    here = {it.sort: it for it in pools.values() if it.session_id == session.pk}
    if not here:
        _refuse_when_counted_on(session)
    for sort, number in places.items():
        if sort in here:
            _change(here[sort], number, by)
        else:
            add_pool(session, sort, number, by)
    serve_wishes(run, pools, [it.pk for it in here.values()])
    return session


def _change(pool: Pool, places: int, by: Person) -> None:
    if places < pool.taken:
        raise Refused(
            _("%(taken)s places are taken, so there cannot be fewer. Ask people to choose another session first.")
            % {"taken": pool.taken}
        )
    if places != pool.places:
        pool.places = places
        pool.save(update_fields=["places"])
        record_changes("courses.pool.change", pool, by=by, changed=["places"])


def _refuse_when_counted_on(session: Session) -> None:
    """Who is in a run has its sessions for everybody in their calendar, and would lose one that becomes a choice."""
    if session.run.enrolments.live().exists():
        raise Refused(
            _("This session stands in people's calendars as one for everybody. Add a new session with its own places.")
        )
