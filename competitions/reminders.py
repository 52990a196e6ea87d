"""Reminders before a deadline: to authors whose lesson plan is still a draft, three days and one day ahead."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from cluster_portal.hooks import Reminder, WantedMail, register_reminder
from competitions.announcing_mails import DEADLINE_NEAR
from competitions.mail_readers import of_reader_once
from competitions.models import Authorship, Competition, Entry
from members.models import Person
from members.readers import readers_of
from members.stopping import who_stopped

AHEAD = (timedelta(days=3), timedelta(days=1))
LATE = timedelta(hours=1)  # before the deadline: later it helps nobody


def deadlines_near(since: datetime, until: datetime) -> Iterator[WantedMail]:
    """One mail for each author (of a child, its guardians too) with a draft, however many drafts."""
    stopped = who_stopped(DEADLINE_NEAR)
    for ahead in AHEAD:
        closing = Competition.objects.filter(
            state=Competition.State.PUBLISHED, closes_at__gt=since + ahead, closes_at__lte=until + ahead
        )
        for it in closing.order_by("pk"):
            occasion = f"{it.closes_at.isoformat()} {ahead.days}"
            for reader, drafts in _drafts_by_reader(it):
                if reader.pk not in stopped:
                    times = (it.closes_at - ahead, it.closes_at - LATE)
                    yield WantedMail(DEADLINE_NEAR, it, reader, occasion, *times, ground=drafts)


def _drafts_by_reader(competition: Competition) -> list[tuple[Person, list[Authorship]]]:
    """Everybody who is written to about drafts of a competition, with the drafts that they are about."""
    authorships = Authorship.objects.confirmed().filter(
        entry__competition=competition, entry__state=Entry.State.DRAFT, person__suspended_at=None
    )
    rows = list(authorships.select_related("entry", "person").order_by("pk"))
    readers = readers_of({it.person_id: it.person for it in rows}.values())
    found: dict[int, tuple[Person, list[Authorship]]] = {}
    for it in rows:
        for reader in readers[it.person_id]:
            found.setdefault(reader.pk, (reader, []))[1].append(it)
    return [(reader, of_reader_once(drafts, reader)) for reader, drafts in found.values()]


def _unwanted(mails: QuerySet) -> QuerySet:
    """What nobody needs any more: handed in, withdrawn, the deadline moved, the competition cancelled."""
    drafts = Authorship.objects.confirmed().filter(
        entry__state=Entry.State.DRAFT,
        entry__competition__state=Competition.State.PUBLISHED,
        entry__competition__public_id=OuterRef("about_id"),
        entry__competition__closes_at=OuterRef("not_after") + LATE,
    )
    own = Q(person=OuterRef("to"))
    of_a_child = Q(person__guarded_by__guardian=OuterRef("to"), person__guarded_by__ended_at=None)
    return mails.filter(~Exists(drafts.filter(own | of_a_child)))


register_reminder(Reminder(DEADLINE_NEAR, deadlines_near, _unwanted))
