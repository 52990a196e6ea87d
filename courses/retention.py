"""How long courses keeps what people answered, enrolling and afterwards: lines of the table in members/retention.py."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from cluster_portal.hooks import register_periods
from cluster_portal.models import Upload
from cluster_portal.uploads import erase_uploads
from courses.models import Answer, Attendance, Enrolment, FeedbackAnswer, FinalWork, Run, Session
from members.retention import Period

SENSITIVE_DAYS, OTHER_DAYS, FEEDBACK_DAYS, WORK_DAYS, MARK_DAYS = 14, 365, 730, 730, 5 * 365


def periods() -> Iterator[Period]:
    """Answers to sensitive questions go soon after the last session, the others after a year."""
    yield Period(
        "sensitive_answers",
        _("Answers to sensitive questions of a course, after its last session"),
        _("They are deleted."),
        days=SENSITIVE_DAYS,
        overdue=lambda before: _answers(before).filter(question__is_sensitive=True),
        end=_delete,
    )
    yield Period(
        "answers",
        _("Other answers given when enrolling, after the last session"),
        _("They are deleted."),
        days=OTHER_DAYS,
        overdue=_answers,
        end=_delete,
    )
    yield Period(
        "feedback_texts",
        _("What people wrote as feedback, after the last session of a course"),
        _("It is deleted; how many chose each number stays."),
        days=FEEDBACK_DAYS,
        overdue=_feedback_texts,
        end=_empty,
    )
    yield Period(
        "final_works",
        _("Final works with their files and what the instructor said, after the last session of a course"),
        _("Text, files and note are deleted; that the work was accepted stays."),
        days=WORK_DAYS,
        overdue=_works,
        end=_empty_works,
    )
    yield Period(
        "attendance",
        _("Who was in which session of a course, after its last session"),
        _("It is deleted; certificates stay."),
        days=MARK_DAYS,
        overdue=lambda before: _of_what_ended(Attendance.objects.all(), before),
        end=_delete,
    )


def _answers(before: datetime) -> QuerySet:
    """Answers of what ended before an instant."""
    return _of_what_ended(Answer.objects.all(), before)


def _works(before: datetime) -> QuerySet:
    """Final works of what ended before an instant, that still say something."""
    files = Upload.objects.filter(about_model=FinalWork._meta.label_lower, about_id=OuterRef("public_id"))
    says = ~Q(text="") | ~Q(note="") | Q(Exists(files))
    return _of_what_ended(FinalWork.objects.filter(says), before)


def _empty_works(works: list[FinalWork]) -> None:
    ids = [it.public_id for it in works]
    erase_uploads(Upload.objects.filter(about_model=FinalWork._meta.label_lower, about_id__in=ids))
    FinalWork.objects.filter(public_id__in=ids).update(text="", note="")


def _of_what_ended(rows: QuerySet, before: datetime) -> QuerySet:
    """Rows whose enrolment ended before an instant, or whose run did: by its last session, or its cancelling."""
    held = _held(OuterRef("enrolment__run"), before)
    closed = Q(enrolment__run__state__in=[Run.State.CANCELLED, Run.State.CLOSED])
    over = ~Q(enrolment__state__in=Enrolment.LIVE) & Q(enrolment__state_since__lt=before)
    return rows.filter(held | closed & Q(enrolment__run__state_since__lt=before) | over)


def _held(run: OuterRef, before: datetime) -> Q:
    """Whether the last session of a run was before an instant; the last that had been planned, where every one was
    cancelled one by one."""
    sessions = Session.objects.filter(run=run)
    planned = sessions.planned()
    held = Exists(planned) & ~Exists(planned.filter(ends_at__gte=before))
    return held | Exists(sessions) & ~Exists(planned) & ~Exists(sessions.filter(ends_at__gte=before))


def _feedback_texts(before: datetime) -> QuerySet:
    """Texts about runs that ended before an instant: somebody may have named somebody in them."""
    return FeedbackAnswer.objects.exclude(text="").filter(_held(OuterRef("question__run"), before))


def _empty(answers: list[FeedbackAnswer]) -> None:
    FeedbackAnswer.objects.filter(pk__in=[it.pk for it in answers]).update(text="")


def _delete(rows: list[Answer] | list[Attendance]) -> None:
    type(rows[0]).objects.filter(pk__in=[it.pk for it in rows]).delete()


register_periods(periods)
