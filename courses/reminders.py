"""Mails that fall due by themselves: before each session for those who have a place, and for teachers of a class."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Right

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from cluster_portal.public_id import LENGTH
from courses.models import ClassBooking, Enrolment, Run, Session, in_session
from courses.session_mails import occasion_for
from members.models import Person
from members.readers import readers_of

DAY_AHEAD, HOUR_AHEAD = timedelta(hours=24), timedelta(hours=1)
DAY_IS_LATE, HOUR_IS_LATE = timedelta(hours=2), timedelta(0)  # before the start: later the mail helps nobody
CHUNK = 1000


def reminder(template: str, ahead: timedelta, late: timedelta) -> Reminder:
    """A reminder that leaves `ahead` of a session's start, and not at all from `late` before it."""

    def due(since: datetime, until: datetime) -> Iterator[WantedMail]:
        sessions = Session.objects.starting_between(since + ahead, until + ahead).select_related("run__course")
        by_key = {it.pk: it for it in sessions}
        for enrolment, reader in with_readers(_with_a_place(list(by_key))):
            session = by_key[enrolment.session_key]
            start = session.starts_at
            occasion = occasion_for(reader, enrolment.person, start)
            yield WantedMail(template, session, reader, occasion, start - ahead, start - late, ground=enrolment)

    def unwanted(mails: QuerySet) -> QuerySet:
        session = OuterRef("about_id")
        wanted = Enrolment.objects.confirmed().filter(
            run__state=Run.State.PUBLISHED,
            run__sessions__state=Session.State.PLANNED,
            run__sessions__public_id=session,
            run__sessions__starts_at=OuterRef("not_after") + late,
        )
        wanted = in_session(wanted.annotate(session_key=F("run__sessions__pk")), OuterRef("session_key"))
        own = wanted.filter(person=OuterRef("to"))
        of_a_child = wanted.filter(
            person__guarded_by__guardian=OuterRef("to"),
            person__guarded_by__ended_at=None,
            person__public_id=Right(OuterRef("key"), LENGTH),
        )
        return mails.filter(~Exists(own), ~Exists(of_a_child))

    return Reminder(template, due, unwanted)


def _with_a_place(sessions: list[int]) -> Iterator[Enrolment]:
    """Everybody confirmed for these sessions, once per session, read in chunks."""
    enrolments = Enrolment.objects.confirmed().filter(run__sessions__in=sessions, person__suspended_at=None)
    keyed = enrolments.annotate(session_key=F("run__sessions__pk")).select_related("person", "pool")
    return in_session(keyed, OuterRef("session_key")).order_by("pk", "session_key").iterator(chunk_size=CHUNK)


def with_readers(enrolments: Iterator[Enrolment]) -> Iterator[tuple[Enrolment, Person]]:
    """Each enrolment with whom one writes to about it, a chunk at a time: a child's guardians too."""
    while chunk := list(islice(enrolments, CHUNK)):
        readers = readers_of([it.person for it in chunk])
        yield from ((it, reader) for it in chunk for reader in readers[it.person_id])


CLASS_REMINDER, DAYS_BEFORE = "courses/class_reminder", timedelta(days=3)


def _bookings_due(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """Three days before the places of a class lapse, for the teacher who brought it."""
    ending = ClassBooking.objects.ending_between(since + DAYS_BEFORE, until + DAYS_BEFORE)
    for it in ending.select_related("run__course", "group", "by").order_by("pk").iterator(chunk_size=CHUNK):
        end = it.held_until
        yield WantedMail(CLASS_REMINDER, it, it.by, end.isoformat(), end - DAYS_BEFORE, end)


def _bookings_unwanted(mails: QuerySet) -> QuerySet:
    wanted = ClassBooking.objects.held().filter(public_id=OuterRef("about_id"), held_until=OuterRef("not_after"))
    return mails.filter(~Exists(wanted))


register_reminder(
    Reminder(CLASS_REMINDER, _bookings_due, _bookings_unwanted),
    reminder("courses/reminder_day", DAY_AHEAD, DAY_IS_LATE),
    reminder("courses/reminder_hour", HOUR_AHEAD, HOUR_IS_LATE),
)
