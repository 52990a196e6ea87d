"""Reminders for very many people: the memory stays, and the queries grow with batches, not with people."""

import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection

from cluster_portal.models import OutboxMail
from cluster_portal.outbox import BATCH, queue_mails
from cluster_portal.public_id import new_public_id
from courses import reminders
from courses.models import Enrolment
from members.models import Guardianship, Person
from tests import factories as make

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 2, 13, tzinfo=UTC)
DAY = timedelta(days=1)
STATEMENTS, MEGABYTES = 20, 60  # for a batch; for all of them, however many
ONE_IN = 5  # of five people one is a child with a guardian and no address


def people(count: int, named: str, **facts) -> list[int]:
    rows = (
        Person(public_id=new_public_id(), email=f"{named}{number}@example.org" if named else None, password="!",
               family_name="Many", given_name="Anna", **facts)
        for number in range(count)
    )  # fmt: skip
    return [it.pk for it in Person.objects.bulk_create(rows, batch_size=2000)]


def fill(count: int) -> None:
    """So many confirmed enrolments in one run, a fifth of them children whose guardians are written to."""
    session = make.SessionFactory(starts_at=START, ends_at=START + timedelta(hours=1))
    pool = make.PoolFactory(run=session.run, places=100_000)
    children = people(count // ONE_IN, "", birth_date=date(2015, 1, 1))
    guardians = people(len(children), "guardian", birth_date=date(1980, 1, 1))
    pairs = zip(guardians, children, strict=True)
    ties = (Guardianship(guardian_id=one, child_id=child, how="class_list") for one, child in pairs)
    Guardianship.objects.bulk_create(ties, batch_size=2000)
    adults = people(count - len(children), "adult", birth_date=date(1990, 1, 1))
    rows = (Enrolment(run=session.run, pool=pool, person_id=pk, state="confirmed") for pk in [*children, *adults])
    Enrolment.objects.bulk_create(rows, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


class Counted:
    """Counts statements without keeping them: a log of them would be what grows."""

    def __init__(self):
        self.statements = 0

    def __call__(self, execute, sql, params, many, context):
        self.statements += 1
        return execute(sql, params, many, context)


def megabytes(name: str) -> float:
    """What this process has (VmRSS), or the most it has had since the peak was forgotten (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(it.split()[1]) / 1024 for it in lines if it.startswith(name))


def queue_all() -> tuple[int, int, float, float]:
    """How many reminders a day ahead were queued, in how many statements, in how many seconds, by how many MB more."""
    kind = reminders.reminder("courses/reminder_day", reminders.DAY_AHEAD, reminders.DAY_IS_LATE)
    counted, started, before = Counted(), time.monotonic(), megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    with connection.execute_wrapper(counted):
        queued = queue_mails(kind.due(START - 3 * DAY, START - DAY + timedelta(minutes=1)))
    return queued, counted.statements, time.monotonic() - started, megabytes("VmHWM") - before


@pytest.fixture(autouse=True)
def two_days_before():
    with time_machine.travel(START - 2 * DAY):
        yield


@pytest.mark.parametrize("count", [5000, pytest.param(200_000, marks=pytest.mark.big)])
def test_many_reminders_need_little_memory_and_few_statements(count):
    fill(count)
    queued, statements, seconds, more = queue_all()
    sys.stderr.write(f"{count} reminders: {statements} statements, {seconds:.0f} s, {more:.0f} MB more\n")
    assert queued == OutboxMail.objects.count() == count
    assert OutboxMail.objects.filter(to__email__startswith="guardian").count() == count // ONE_IN
    assert statements <= STATEMENTS * -(-count // BATCH)
    assert more < MEGABYTES


def test_nothing_is_queued_twice_nor_cancelled():
    fill(20)
    first = queue_all()[0]
    kind = reminders.reminder("courses/reminder_day", reminders.DAY_AHEAD, reminders.DAY_IS_LATE)
    unwanted = kind.unwanted(OutboxMail.objects.unfinished())
    assert (first, queue_all()[0], unwanted.count()) == (20, 0, 0)
    Enrolment.objects.filter(person__birth_date=date(2015, 1, 1)).update(state="cancelled")
    assert unwanted.count() == 4
