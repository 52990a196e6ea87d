"""Long work: step by step, each part once, whatever happens to the worker; its page shows how far it has come."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction
from django.template import engines
from django.test import RequestFactory
from django.utils.timezone import now
from django.utils.translation import get_language, override

from cluster_portal import hooks, long_work, nudge, tasks
from cluster_portal.hooks import LongWorkKind
from cluster_portal.models import AuditEntry, LongWork
from cluster_portal.moves import Refused
from tests import factories as make

pytestmark = pytest.mark.django_db


class Counting:
    """Writes a line of the audit for each part, so that a part done twice or never is seen."""

    begun = 0

    def __init__(self, work):
        type(self).begun += 1
        self.work, self.breaks_at, self.error = work, work.options.get("breaks_at"), None

    def do(self, since, until):
        for part in range(since, until):
            AuditEntry.objects.create(at=now(), verb=f"part {part}", model="x", object_id="x", reason=get_language())
        if self.breaks_at is not None and since <= self.breaks_at < until:
            raise {"refused": Refused("Not any more. Begin again."), "broken": OSError("the disk")}[
                self.work.options["how"]
            ]

    def finish(self):
        AuditEntry.objects.create(at=now(), verb="finished", model="x", object_id="x")


def give_up(work, why):
    AuditEntry.objects.create(at=now(), verb=f"gave up at {work.done}", model="x", object_id="x")


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setitem(hooks.long_work_kinds, "test.count", LongWorkKind("test.count", Counting, give_up, step=3))
    monkeypatch.setattr(Counting, "begun", 0)


@pytest.fixture
def about(db):
    return make.PersonFactory()


def begun(about, total=10, **options):
    return long_work.begin_long_work("test.count", about, total, **options)


def said():
    return list(AuditEntry.objects.filter(model="x").order_by("pk").values_list("verb", flat=True))


PARTS = [f"part {number}" for number in range(10)]


def test_every_part_is_done_once_and_the_end_is_noted(about):
    work = begun(about)
    assert (work.is_under_way, long_work.carry_on_all()) == (True, 1)
    work.refresh_from_db()
    assert (work.done, work.total, work.problem, work.is_under_way) == (10, 10, "", False)
    assert said() == [*PARTS, "finished"]
    assert (tasks.carry_on_long_work(), said()) == (0, [*PARTS, "finished"])


def test_work_without_parts_is_finished_at_once(about):
    long_work.do_if_short(work := begun(about, total=0))
    assert (work.is_under_way, said()) == (False, ["finished"])


def test_short_work_is_done_while_the_page_waits_and_long_work_is_left(about, monkeypatch):
    monkeypatch.setattr(long_work, "AT_ONCE", 5)
    long_work.do_if_short(short := begun(about, total=5))
    long_work.do_if_short(long := begun(about, total=6))
    assert (short.done, short.is_under_way, long.done, long.is_under_way) == (5, False, 0, True)


def test_the_same_work_is_begun_once_until_it_has_ended(about):
    begun(about)
    with pytest.raises(Refused) as refused:
        begun(about)
    assert str(refused.value) == "This is under way already. Its page shows how far it has come."
    begun(make.PersonFactory())
    long_work.carry_on_all()
    begun(about)


def test_a_run_that_is_over_leaves_the_rest_to_the_next(about, monkeypatch):
    work = begun(about)
    monkeypatch.setattr(long_work, "now", lambda: now() + timedelta(days=len(said())))
    long_work.carry_on_all()
    work.refresh_from_db()
    assert (work.done, work.is_under_way) == (3, True)
    monkeypatch.undo()


def test_a_worker_that_stops_ends_with_its_step(about, monkeypatch):
    work, done = begun(about), Counting.do

    def stop(self, since, until):
        done(self, since, until)
        long_work.stopping.set()

    monkeypatch.setattr(Counting, "do", stop)
    long_work.carry_on_all()
    long_work.carry_on_all()
    long_work.stopping.clear()
    work.refresh_from_db()
    assert (work.done, said()) == (3, PARTS[:3])


def test_a_step_that_breaks_is_undone_and_tried_again(about, caplog):
    work = begun(about, breaks_at=4, how="broken")
    long_work.carry_on_all()
    work.refresh_from_db()
    assert (work.done, work.tries, said()) == (3, 0, PARTS[:3])
    assert caplog.messages == ["A step of test.count failed."]
    LongWork.objects.update(options={})
    long_work.carry_on_all()
    assert said() == [*PARTS, "finished"]


def test_work_on_which_every_worker_breaks_is_given_up(about):
    work = begun(about, breaks_at=0, how="broken")
    for _time in range(long_work.MOST_TRIES):
        long_work.carry_on_all()
    work.refresh_from_db()
    assert (work.tries, work.is_under_way, said()) == (long_work.MOST_TRIES, True, [])
    long_work.carry_on_all()
    work.refresh_from_db()
    sentence = "The portal tried several times and could not finish this. Tell your coordinator."
    assert (work.problem, work.is_under_way, said()) == (sentence, False, ["gave up at 0"])
    assert Counting.begun == long_work.MOST_TRIES


def test_work_that_cannot_go_on_ends_with_the_sentence(about):
    work = begun(about, breaks_at=4, how="refused")
    long_work.carry_on_all()
    work.refresh_from_db()
    assert (work.problem, work.done) == ("Not any more. Begin again.", 3)
    assert said() == [*PARTS[:3], "gave up at 3"]


def test_work_speaks_the_language_of_who_asked(about):
    with override("ru"):
        begun(about)
    long_work.carry_on_all()
    assert set(AuditEntry.objects.filter(verb__in=PARTS).values_list("reason", flat=True)) == {"ru"}


@pytest.mark.django_db(transaction=True)
def test_work_in_another_workers_hands_is_passed_over(about, together):
    work = begun(about)
    with transaction.atomic():
        list(LongWork.objects.select_for_update().filter(pk=work.pk))
        assert together(long_work.carry_on_all) == ["done"]
    work.refresh_from_db()
    assert (work.done, work.tries, said()) == (0, 0, [])


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_double_nothing(about, together):
    begun(about, total=10)
    assert together(long_work.carry_on_all, long_work.carry_on_all, long_work.carry_on_all) == ["done"] * 3
    long_work.carry_on_all()
    assert sorted(said()) == sorted([*PARTS, "finished"])


@pytest.mark.django_db(transaction=True)
def test_workers_hear_of_long_work_with_the_commit(about):
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {nudge.LONG_WORK}")
        begun(about)
        words = [word.channel for word in connection.connection.notifies(timeout=0.3)]
        cursor.execute(f"UNLISTEN {nudge.LONG_WORK}")
    assert words == [nudge.LONG_WORK]


def test_a_kind_is_registered_once():
    with pytest.raises(ValueError, match="registered twice"):
        hooks.register_long_work(LongWorkKind("test.count", Counting))


@pytest.mark.parametrize("facts", [{"done": 11}, {"problem": "Broken."}, {"ended_at": now()}])
def test_the_database_refuses_work_that_contradicts_itself(about, facts):
    work = begun(about)
    with pytest.raises(DatabaseError), transaction.atomic():
        LongWork.objects.filter(pk=work.pk).update(**facts)


@pytest.mark.parametrize("live", [True, False])
def test_progress_is_said_in_numbers_and_asks_again_only_while_live(live):
    request = RequestFactory().get("/desk/?page=2")
    request.cluster = SimpleNamespace(name="Cluster", hue=258)
    source = '{% ui "progress" work=work label="Rows" live=live %}'
    text = engines["django"].from_string(source).render({"work": LongWork(done=3, total=9), "live": live}, request)
    assert '<progress value="3" max="9" aria-label="Rows"></progress><span>3 of 9</span>' in text
    assert ('hx-get="/desk/?page=2"' in text) is live
