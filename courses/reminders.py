"""Mails that fall due by themselves: a day and an hour before each session, for those who have a place."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from courses.models import Enrolment, Run, Session

DAY_AHEAD, HOUR_AHEAD = timedelta(hours=24), timedelta(hours=1)
DAY_IS_LATE, HOUR_IS_LATE = timedelta(hours=2), timedelta(0)  # before the start: later the mail helps nobody
CHUNK = 1000


def reminder(template: str, ahead: timedelta, late: timedelta) -> Reminder:
    """A reminder that leaves `ahead` of a session's start, and not at all from `late` before it."""

    def due(since: datetime, until: datetime) -> Iterator[WantedMail]:
        sessions = Session.objects.starting_between(since + ahead, until + ahead).select_related("run__course")
        by_key = {it.pk: it for it in sessions}
        for enrolment in _with_a_place(list(by_key)):
            session = by_key[enrolment.session_key]
            start = session.starts_at
            yield WantedMail(
                template, session, enrolment.person, start.isoformat(), start - ahead, start - late, ground=enrolment
            )

    def unwanted(mails: QuerySet) -> QuerySet:
        wanted = Enrolment.objects.confirmed().filter(
            person=OuterRef("to"),
            run__state=Run.State.PUBLISHED,
            run__sessions__state=Session.State.PLANNED,
            run__sessions__public_id=OuterRef("about_id"),
            run__sessions__starts_at=OuterRef("not_after") + late,
        )
        return mails.filter(~Exists(wanted))

    return Reminder(template, due, unwanted)


def _with_a_place(sessions: list[int]) -> Iterator[Enrolment]:
    """Everybody confirmed for these sessions, once per session, read in chunks."""
    enrolments = Enrolment.objects.confirmed().filter(run__sessions__in=sessions, person__suspended_at=None)
    keyed = enrolments.annotate(session_key=F("run__sessions__pk")).select_related("person", "pool")
    return keyed.order_by("pk", "session_key").iterator(chunk_size=CHUNK)


register_reminder(
    reminder("courses/reminder_day", DAY_AHEAD, DAY_IS_LATE),
    reminder("courses/reminder_hour", HOUR_AHEAD, HOUR_IS_LATE),
)
