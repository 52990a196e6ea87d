"""Selections whose SQL is built once: they find what their query sets find, for each value, reader and thread."""

import gc
import inspect
import threading
import time
import weakref
from datetime import date, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from cluster_portal.prepared import AnyOf, Line, Prepared, keep, prepared, together, with_numbers
from courses.models import Pool, Run, Session
from members.models import Affiliation, Institution
from tests import factories as make

pytestmark = pytest.mark.django_db


@prepared
def runs_with(course, title):
    return Run.objects.filter(course=course, title=title).select_related("course", "host").order_by("pk")


@prepared
def names_among(keys):
    return Institution.objects.filter(AnyOf("pk", keys)).order_by("pk").values_list("name", flat=True)


@prepared
def with_pools(run):
    return Session.objects.annotate(chosen=Exists(Pool.objects.filter(session=OuterRef("pk")))).filter(run=run)


@prepared
def locked(run):
    return Run.objects.select_for_update(no_key=True).filter(pk=run)


def two_runs():
    return [make.RunFactory(), make.RunFactory()]


def test_each_call_finds_what_its_values_say():
    for run in two_runs():
        found = runs_with(course=run.course_id, title=run.title)
        assert found == list(Run.objects.filter(pk=run.pk))


def test_the_sql_is_that_of_the_query_set():
    run = make.RunFactory()
    selected = Run.objects.filter(course=run.course_id, title=run.title).select_related("course", "host")
    with CaptureQueriesContext(connection) as asked:
        list(selected.order_by("pk"))
        Line.every.clear()  # this connection may have its plan already
        runs_with(course=run.course_id, title=run.title)
    assert (
        asked[1]["sql"].replace(f"({run.course_id})", str(run.course_id)).replace("('", "'").replace("')", "'")
        == (asked[0]["sql"])
    )


def test_what_was_asked_is_let_go_without_the_collector():
    """Else the rows of every page lie about until it runs."""
    run = make.RunFactory()
    gc.disable()
    try:
        asked = runs_with.asked(course=run.course_id, title=run.title)
        assert together(asked) == [[run]]
        left = weakref.ref(asked)
        del asked
        assert left() is None
    finally:
        gc.enable()


def test_the_database_plans_once_for_a_connection_what_it_is_asked_again():
    run, other = two_runs()
    Line.every.clear()
    with CaptureQueriesContext(connection) as asked:
        for it in (run, run, other, run):
            assert together(runs_with.asked(course=it.course_id, title=it.title), names_among.asked(keys=[]))[0] == [it]
    begins = [it["sql"].partition(" ")[0] for it in asked]
    assert begins == ["SELECT", "PREPARE", "EXECUTE", "EXECUTE"]


def test_what_failed_is_planned_anew():
    run = make.RunFactory()
    for _turn in range(3):
        runs_with(course=run.course_id, title=run.title)
    with pytest.raises(DatabaseError), transaction.atomic():
        runs_with(course="no key", title=run.title)
    for _turn in range(3):
        assert runs_with(course=run.course_id, title=run.title) == [run]


def test_a_per_cent_sign_is_a_letter_like_others():
    run = make.RunFactory(title="100 % online")

    @prepared
    def online(course):
        return Run.objects.filter(course=course, title__endswith=" % online")

    Prepared.every.remove(online)
    assert [online(course=run.course_id) for _turn in range(3)] == [[run]] * 3


def test_every_selection_can_be_planned():
    """PostgreSQL finds the type of each value by itself, whatever is given: where it cannot, PREPARE fails."""
    for one in Prepared.every:
        it = one.asked(**dict.fromkeys(inspect.signature(one.select).parameters, 0))
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE tried AS {with_numbers(it, connection)}".replace("%", "%%"), [])
            cursor.execute("DEALLOCATE tried")


def test_what_is_joined_and_annotated_comes_along():
    run = make.RunFactory()
    plain, chosen = make.SessionFactory(run=run), make.SessionFactory(run=run)
    Pool.objects.create(session=chosen, places=3)
    found = {it.pk: it.chosen for it in with_pools(run=run.pk)}
    again = runs_with(course=run.course_id, title=run.title)
    with CaptureQueriesContext(connection) as asked:
        assert (again[0].course, again[0].host) == (run.course, run.host)
    assert (found, len(asked)) == ({plain.pk: False, chosen.pk: True}, 0)


def test_a_change_is_seen_at_the_next_call():
    run = make.RunFactory()
    before = runs_with(course=run.course_id, title=run.title)[0].place
    Run.objects.update(place="Elsewhere")
    after = runs_with(course=run.course_id, title=run.title)[0].place
    assert (before != after, after) == (True, "Elsewhere")


def test_one_of_many_and_of_none():
    first, second, _third = make.InstitutionFactory.create_batch(3)
    assert names_among(keys=[first.pk, second.pk]) == [first.name, second.name]
    assert names_among(keys=[]) == []


def test_nothing_is_equal_to_none():
    with pytest.raises(ValueError, match="names_among is given None"):
        names_among(keys=None)


def test_what_would_be_fetched_ahead_is_refused():
    @prepared
    def with_sessions(run):
        return Run.objects.filter(pk=run).prefetch_related("sessions")

    Prepared.every.remove(with_sessions)
    with pytest.raises(TypeError, match="prepare that too"):
        with_sessions(run=1)


def test_what_is_kept_is_asked_for_no_more():
    run = make.RunFactory()
    session = make.SessionFactory(run=run)
    keep(run, "sessions", [session])
    with CaptureQueriesContext(connection) as asked:
        assert list(run.sessions.all()) == [session]
    assert len(asked) == 0
    assert list(run.sessions.filter(pk=session.pk + 1)) == []


def test_no_selection_has_a_clock_or_a_language_in_it():
    """What is built once would keep the hour, or the words, of whoever came first."""
    for one in Prepared.every:
        with translation.override("en"):
            _rows, _compiler, sql, params = one.build()
        with translation.override("ru"):
            _rows, _compiler, russian, russian_params = one.build()
        said = [it for it in params if isinstance(it, (date, datetime, str))]
        assert not [it for it in said if isinstance(it, date)], one.__name__
        assert (sql, said) == (russian, [it for it in russian_params if isinstance(it, (date, datetime, str))])


@pytest.mark.django_db(transaction=True)
def test_threads_ask_on_connections_of_their_own():
    rows = make.InstitutionFactory.create_batch(8)
    found, together = {}, threading.Barrier(len(rows))

    def ask(it):
        together.wait()
        found[it.pk] = [names_among(keys=[it.pk]) for _ in range(20)]
        connection.close()

    threads = [threading.Thread(target=ask, args=[it]) for it in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {it.pk: [[it.name]] * 20 for it in rows}


def test_rows_of_one_person_are_not_those_of_another():
    one, other = make.AffiliationFactory(), make.AffiliationFactory()
    assert [it.pk for it in one.person.active_affiliations] == [one.pk]
    assert [it.pk for it in other.person.active_affiliations] == [other.pk]
    assert Affiliation.objects.count() == 2


def test_several_are_answered_in_one_go():
    run = make.RunFactory()
    session = make.SessionFactory(run=run)
    with CaptureQueriesContext(connection) as asked:
        runs, sessions, names, none = together(
            runs_with.asked(course=run.course_id, title=run.title),
            with_pools.asked(run=run.pk),
            names_among.asked(keys=[]),
            with_pools.asked(run=0),
        )
    assert (runs, sessions, names, none, len(asked)) == ([run], [session], [], [], 1)


def test_nothing_is_locked_without_a_transaction(transactional_db):
    with transaction.atomic():
        assert locked(run=1) == []
    with pytest.raises(TransactionManagementError, match="locked locks rows"):
        locked(run=1)


def test_what_follows_a_lock_is_read_under_it(transactional_db):
    """Whoever waited for a run sees what was written by those they waited for, though all was asked in one go."""
    run, found, waits = make.RunFactory(), [], threading.Event()

    def wait_for_it():
        with transaction.atomic():
            waits.set()
            found.extend(together(locked.asked(run=run.pk), with_pools.asked(run=run.pk)))
        connection.close()

    waiting = threading.Thread(target=wait_for_it)
    with transaction.atomic():
        locked(run=run.pk)
        waiting.start()
        waits.wait(10)
        time.sleep(0.5)  # it asks, and waits for our lock
        session = make.SessionFactory(run=run)
        assert found == []
    waiting.join(10)
    assert found == [[run], [session]]
