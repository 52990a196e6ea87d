"""Work that takes longer than a page may: done by the workers in steps, with its progress on a page.

A step and the note of how far the work has come are one transaction, under the lock of the work's row. So a worker may
be killed at any moment: its unfinished step is undone and its lock gone with its connection, and whoever comes next
goes on from the note. Nothing is done twice and nothing is left out (docs/decisions/069).
"""

import logging
import threading
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal import hooks, nudge
from cluster_portal.models import LongWork
from cluster_portal.moves import Refused

RUN_LASTS = timedelta(minutes=4)  # as with mail: the broker would give a longer task to a second worker
MOST_TRIES = 5  # runs in a row that do not finish a single step
AT_ONCE = 100  # so few parts are done while the page waits
stopping = threading.Event()
log = logging.getLogger(__name__)


@transaction.atomic
def begin_long_work(kind: str, about: Any, total: int, **options: Any) -> LongWork:
    """Ask the workers for `total` parts of work about an object, in the asker's language; `options` are plain values.

    Refused when the same is under way already.
    """
    try:
        with transaction.atomic():
            work = LongWork.objects.create(
                kind=hooks.long_work_kinds[kind].name,
                about_model=about._meta.label_lower,
                about_id=about.public_id,
                language=translation.get_language(),
                total=total,
                options=options,
            )
    except IntegrityError as error:
        raise Refused(_("This is under way already. Its page shows how far it has come.")) from error
    nudge.nudge(nudge.LONG_WORK)
    return work


def do_if_short(work: LongWork) -> None:
    """Do short work while the page waits, after the commit that asked for it; leave long work to the workers."""
    if work.total <= AT_ONCE:
        carry_on(work, now() + RUN_LASTS)
    work.refresh_from_db()


def carry_on_all() -> int:
    """Go on with everything that is not finished, the oldest first; return how many pieces of work ended."""
    ends = now() + RUN_LASTS
    waiting = list(LongWork.objects.unfinished().order_by("pk"))
    for work in waiting:
        carry_on(work, ends)
    ended = LongWork.objects.filter(pk__in=[work.pk for work in waiting], ended_at__isnull=False).count()
    if now() >= ends and ended < len(waiting):
        nudge.nudge(nudge.LONG_WORK)  # the run is over, the work is not
    return ended


def carry_on(work: LongWork, ends: datetime) -> None:
    """Do one piece of work step by step until it ends or the time is over; nothing when another worker is at it."""
    if now() >= ends or stopping.is_set():
        return
    with translation.override(work.language):
        try:
            if _try(work):
                _run(work, ends)
        except Exception:  # the next run tries again: what failed may have been the database or the disk
            log.exception("A step of %s failed.", work.kind)


def _run(work: LongWork, ends: datetime) -> None:
    try:
        job = hooks.long_work_kinds[work.kind].job(work)
        while _step(work, job) and now() < ends and not stopping.is_set():
            pass
    except Refused as refused:
        _end_early(work, str(refused))


@transaction.atomic
def _try(work: LongWork) -> bool:
    """Note that a run begins, so that work on which workers die is given up one day; whether the work is free."""
    held = _held(work)
    if held is None:
        return False
    if held.tries < MOST_TRIES:
        LongWork.objects.filter(pk=work.pk).update(tries=held.tries + 1)
        return True
    _end_early(work, _("The portal tried several times and could not finish this. Tell your coordinator."))
    return False


@transaction.atomic
def _step(work: LongWork, job: hooks.Job) -> bool:
    """The next parts and the note of them; whether there is more to do."""
    held = _held(work)
    if held is None:
        return False
    until = min(held.done + hooks.long_work_kinds[work.kind].step, held.total)
    job.do(held.done, until)
    held.done, held.tries = until, 0
    if until == held.total:
        job.finish()
        held.ended_at = now()
    held.save(update_fields=["done", "tries", "ended_at"])
    return held.ended_at is None


@transaction.atomic
def _end_early(work: LongWork, why: str) -> None:
    """Stop for good, and let the app say what becomes of the parts that were not done."""
    held = _held(work)
    if held is not None:
        hooks.long_work_kinds[work.kind].give_up(held, why)
        LongWork.objects.filter(pk=work.pk).update(ended_at=now(), problem=why)


def _held(work: LongWork) -> LongWork | None:
    """The row under our lock; None when it is finished or in another worker's hands."""
    rows = LongWork.objects.unfinished().select_for_update(no_key=True, skip_locked=True)
    return rows.filter(pk=work.pk).first()
