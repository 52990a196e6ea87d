"""Of several attempts of one person in a run the last goes on where the others stopped (decision 086)."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Q

from cluster_portal.audit import record_many
from courses.models import Attendance, Enrolment, FinalWork, Session

Mark, Work = Attendance.Mark, FinalWork.State
BEST_MARK: list[str] = [Mark.PRESENT, Mark.LATE, Mark.EXCUSED, Mark.ABSENT, ""]
BEST_WORK: list[str] = [Work.ACCEPTED, Work.HANDED_IN, Work.RETURNED]


def take_over_earlier(enrolments: Collection[Enrolment]) -> None:
    """Enrolments that begin or stay take over what others of their people in the same run have left."""
    stays = {(it.run_id, it.person_id): it for it in enrolments}
    runs, people = {run for run, _person in stays}, {person for _run, person in stays}
    left = Q(attendance__isnull=False) | Q(work__isnull=False) | Q(feedback_on__isnull=False)
    rows = Enrolment.objects.filter(left, run__in=runs, person__in=people).exclude(state__in=Enrolment.LIVE)
    for ends in rows.distinct().order_by("pk"):
        if it := stays.get((ends.run_id, ends.person_id)):
            hand_over(ends, it)


@transaction.atomic
def hand_over(ends: Enrolment, stays: Enrolment) -> None:
    """Of two enrolments of one person in a run one stays: with the better of their marks, the better of their works,
    and the day on which either gave feedback.
    """
    sessions = Session.objects.filter(run=stays.run_id).select_for_update(no_key=True)
    list(sessions.order_by("pk").values_list("pk"))  # nobody marks either of them meanwhile
    own = {it.session_id: it for it in stays.attendance.all()}
    for mark in ends.attendance.all():
        _hand_over_mark(mark, own.get(mark.session_id), stays)
    theirs, mine = (FinalWork.objects.filter(enrolment=it).first() for it in (ends, stays))
    if theirs is not None and (mine is None or BEST_WORK.index(theirs.state) < BEST_WORK.index(mine.state)):
        _put_in_place(theirs, mine, stays)
    if stays.feedback_on is None and ends.feedback_on is not None:
        stays.feedback_on = ends.feedback_on
        stays.save(update_fields=["feedback_on"])


def _hand_over_mark(it: Attendance, own: Attendance | None, stays: Enrolment) -> None:
    if own is None:
        _put_in_place(it, None, stays)
    elif BEST_MARK.index(it.mark) < BEST_MARK.index(own.mark):
        _put_in_place(it, own, stays)
        facts = {"before": own.mark, "after": it.mark, "how": it.how, "pressed_at": it.pressed_at.isoformat()}
        record_many("courses.attendance.mark", [it], by=None, **facts)


def _put_in_place(better: Any, worse: Any, stays: Enrolment) -> None:
    """Tie a row to the enrolment that stays, and the one that stood there to the other.

    An enrolment has one of a kind, and the database looks at each row: the worse steps aside, and comes back as it was.
    """
    ends, key = better.enrolment, worse and worse.pk
    if worse is not None:
        worse.delete()
    better.enrolment = stays
    better.save(update_fields=["enrolment"])
    if worse is not None:
        worse.pk, worse.enrolment = key, ends
        worse.save(force_insert=True)
