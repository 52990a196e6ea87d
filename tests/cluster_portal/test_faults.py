"""Mail survives what happens to processes: real workers, beats, brokers and mail servers, killed and stopped.

SMTP cannot promise exactly once. What is proved is what can be: nothing is lost, and a copy too many appears only when
a worker dies between the server's yes and our note, with the Message-ID of the first.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from cluster_portal.delivery import return_stuck_mail
from cluster_portal.launch import processes
from cluster_portal.launch.valkey import Valkey
from cluster_portal.models import OutboxMail
from cluster_portal.nudge import nudge
from cluster_portal.outbox import new_message_id, queue_mail
from tests import factories as make
from tests.sink import Sink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults, pytest.mark.xdist_group("faults")]
State = OutboxMail.State
KILLS = 20
PATIENCE = 60


class Machinery:
    """Workers and beats as real processes, on the test's database, with a broker and a mail server of their own."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        self.folder, self.sink, self.children = folder, sink, []
        self.broker = Valkey(folder / "valkey")
        self.broker.start()
        name = connection.settings_dict["NAME"]
        self.environment = os.environ | {
            "DATABASE_URL": os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}",
            "REDIS_URL": self.broker.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
            "STATE": str(folder),
        }

    def worker(self) -> subprocess.Popen:
        return self._celery("cluster_portal", "worker", "--pool", "threads", "--concurrency", "4", "--without-gossip",
                            "--without-mingle", "--without-heartbeat")  # fmt: skip

    def quick_beat(self) -> subprocess.Popen:
        schedule = self.folder / f"beat{len(self.children)}"
        return self._celery("tests.quick_beat", "beat", "--pidfile=", "--schedule", str(schedule))

    def manage(self, *arguments: str) -> subprocess.Popen:
        return self._start(sys.executable, "manage.py", *arguments)

    def stop(self) -> None:
        for child in self.children:
            processes.stop(child, signal.SIGKILL)
        self.broker.stop()

    def _celery(self, app: str, *arguments: str) -> subprocess.Popen:
        return self._start(sys.executable, "-m", "celery", "-A", app, "--quiet", *arguments, "--loglevel", "WARNING")

    def _start(self, *command: str) -> subprocess.Popen:
        with (self.folder / f"log{len(self.children)}").open("wb") as log:
            child = processes.start(command, cwd=settings.BASE_DIR, env=self.environment, stdout=log, stderr=log)
        self.children.append(child)
        return child


@pytest.fixture
def sink():
    it = Sink().start()
    yield it
    it.stop()


@pytest.fixture
def machinery(tmp_path, sink):
    it = Machinery(tmp_path, sink)
    yield it
    it.stop()


def wait_for(what: Callable[[], object], patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def all_sent(count: int) -> bool:
    return OutboxMail.objects.filter(state=State.SENT).count() == count


def queue(count: int) -> list[OutboxMail]:
    enrolments = make.EnrolmentFactory.create_batch(count, run=make.RunFactory())
    return [queue_mail("courses/confirmed", about=it, to=it.person) for it in enrolments]


def time_passes(enough: timedelta) -> None:
    """For the mails in the outbox."""
    for mail in OutboxMail.objects.all():
        OutboxMail.objects.filter(pk=mail.pk).update(
            state_since=mail.state_since - enough, not_before=mail.not_before - enough
        )


def test_killed_workers_lose_nothing_and_double_no_more_than_they_must(machinery, sink):
    mails = queue(KILLS + 10)
    workers: list[subprocess.Popen] = []
    killed: list[int] = []
    since_last = Counter()

    def take_and_kill(content: bytes) -> str | None:
        """The server has the mail, and the worker never hears it: at its first mail, at its second, and so on."""
        since_last["mails"] += 1
        if len(killed) == KILLS or since_last["mails"] <= len(killed) % 2:
            return None
        sink.raw.append(content)
        os.kill(workers[-1].pid, signal.SIGKILL)
        killed.append(workers[-1].pid)
        since_last.clear()
        return "451 nobody hears this"

    sink.answers = take_and_kill
    while len(killed) < KILLS:
        workers.append(machinery.worker())
        nudge()
        wait_for(lambda: workers[-1].poll() is not None)
        time_passes(timedelta(minutes=16))
        return_stuck_mail()
    machinery.worker()
    nudge()
    wait_for(lambda: all_sent(len(mails)))
    copies = Counter(mail["Message-ID"] for mail in sink.mails)
    assert set(copies) == {mail.message_id for mail in mails}
    assert len(sink.raw) <= len(mails) + KILLS
    assert len(sink.raw) > len(mails), "no mail was doubled: the kills came too late to prove anything"
    assert not OutboxMail.objects.exclude(state=State.SENT).exists()


def test_mail_leaves_at_once_while_the_broker_is_away(machinery, sink):
    machinery.worker()
    queue(2)
    wait_for(lambda: all_sent(2))
    port = machinery.broker.port
    machinery.broker.stop()
    queue(10)
    wait_for(lambda: all_sent(12))
    machinery.broker.start(port)
    machinery.quick_beat()
    queue(1)
    wait_for(lambda: all_sent(13))
    assert len(sink.raw) == 13


def test_mail_that_nobody_was_told_of_leaves_with_the_next_look(machinery, sink):
    machinery.worker()
    queue(1)
    wait_for(lambda: all_sent(1))
    enrolment = make.EnrolmentFactory()
    queue_mail("courses/confirmed", about=enrolment, to=enrolment.person, not_before=now() + timedelta(seconds=2))
    machinery.quick_beat()
    wait_for(lambda: all_sent(2))


def test_worker_that_lost_its_line_to_the_database_listens_again(machinery, sink):
    machinery.worker()
    queue(1)
    wait_for(lambda: all_sent(1))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query = 'LISTEN portal_mail'"
        )
        assert cursor.fetchone() == (1,)
    queue(1)
    wait_for(lambda: all_sent(2))


def test_worker_that_is_asked_to_stop_ends_its_round_and_itself(machinery, sink):
    worker = machinery.worker()
    mails = queue(5)
    seen = threading.Event()

    def slowly(_content: bytes) -> None:
        seen.set()
        time.sleep(0.3)

    sink.answers = slowly
    assert seen.wait(PATIENCE)
    worker.terminate()
    assert worker.wait(PATIENCE) == 0
    assert (all_sent(len(mails)), len(sink.raw)) == (True, len(mails))


def test_mail_server_that_is_down_is_tried_again_later(machinery, sink):
    sink.stop()
    machinery.worker()
    machinery.quick_beat()
    queue(5)
    tried = OutboxMail.objects.filter(state=State.QUEUED, error_code="no_server")
    wait_for(lambda: tried.count() == 5)
    assert all(mail.not_before > now() for mail in tried)
    sink.start()
    time_passes(timedelta(hours=2))
    wait_for(lambda: all_sent(5))
    assert len(sink.raw) == 5


def test_refused_address_is_marked_and_left_alone(machinery, sink):
    bad, good = make.EnrolmentFactory.create_batch(2, run=make.RunFactory())
    sink.refused[bad.person.email] = "550 5.1.1 unknown"
    for it in (bad, good):
        queue_mail("courses/confirmed", about=it, to=it.person)
    machinery.worker()
    machinery.quick_beat()
    wait_for(lambda: all_sent(1))
    wait_for(lambda: OutboxMail.objects.filter(state=State.FAILED).count() == 1)
    time_passes(timedelta(days=1))
    connections = sink.connections
    time.sleep(3)
    assert sink.connections == connections
    bad.person.refresh_from_db()
    assert bad.person.address_failed_at is not None


def test_two_beats_and_two_workers_double_nothing(machinery, sink):
    session = make.SessionFactory(starts_at=now() + timedelta(hours=23))
    people = make.EnrolmentFactory.create_batch(20, run=session.run)
    queue(40)
    for start in (machinery.worker, machinery.worker, machinery.quick_beat, machinery.quick_beat):
        start()
    wait_for(lambda: all_sent(60))
    time.sleep(3)
    copies = Counter(mail["Message-ID"] for mail in sink.mails)
    assert (len(copies), set(copies.values())) == (60, {1})
    assert OutboxMail.objects.filter(template="courses/reminder_day").count() == len(people)
    assert OutboxMail.objects.filter(template="courses/reminder_hour").count() == len(people)


def fill(count: int) -> None:
    """So many due mails, to 100 people, without the cost of writing each properly."""
    enrolments = make.EnrolmentFactory.create_batch(100, run=make.RunFactory())
    first = queue_mail("courses/confirmed", about=enrolments[0], to=enrolments[0].person)
    OutboxMail.objects.bulk_create(
        (
            OutboxMail(
                key=f"bulk:{number}", template=first.template, about_model=first.about_model,
                about_id=(it := enrolments[number % 100]).public_id, to_id=it.person_id, language="en",
                subject=first.subject, body_text=first.body_text * 3, message_id=new_message_id(),
            )
            for number in range(1, count)
        ),
        batch_size=1000,
    )  # fmt: skip


def megabytes_of(child: subprocess.Popen) -> int:
    """The most memory that a process has needed when it ends (not what wait4 says: that counts its parent's too)."""
    most, status = 0, Path(f"/proc/{child.pid}/status")
    while child.poll() is None:
        peak = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        most = int(peak[0].split()[1]) // 1024 if peak else most
        time.sleep(0.02)
    assert child.returncode == 0, f"ended with {child.returncode}"
    return most


@pytest.mark.parametrize("count", [800, pytest.param(20_000, marks=pytest.mark.big)])
def test_many_mails_take_few_connections_and_little_memory(machinery, sink, count):
    fill(60)
    few = megabytes_of(machinery.manage("deliver_mail"))
    before, started = sink.connections, time.monotonic()
    OutboxMail.objects.all().delete()
    sink.raw.clear()
    fill(count)
    runs = []
    while OutboxMail.objects.unfinished().exists():
        runs.append(megabytes_of(machinery.manage("deliver_mail")))
        assert len(runs) < 50, "mail stays behind"
    connections, seconds = sink.connections - before, time.monotonic() - started
    arrived = [raw.partition(b"Message-ID: ")[2].partition(b"\r\n")[0] for raw in sink.raw]
    copies = len(arrived) - len(set(arrived))
    sys.stderr.write(
        f"{count} mails: {seconds:.0f} s, {len(runs)} runs, {connections} connections, {copies} doubled, "
        f"{few} to {max(runs)} MB\n"
    )
    assert (len(set(arrived)), copies) == (count, 0)
    assert connections <= len(runs)
    assert max(runs) < few + 20
