"""The word that there is mail: with the commit, once, and never for what was rolled back."""

import threading

import psycopg
import pytest
from django.db import connection, transaction

from cluster_portal import nudge
from cluster_portal.outbox import hold_mail, queue_mail, release_mail
from tests.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard():
    """Call it to get the words that came since."""
    parameters = {name: connection.get_connection_params()[name] for name in ("host", "port", "user", "password")}
    with psycopg.connect(**parameters, dbname=connection.settings_dict["NAME"], autocommit=True) as line:
        line.execute(f"LISTEN {nudge.MAIL}")
        yield lambda: [word.channel for word in line.notifies(timeout=0.3)]


def confirm(**options):
    enrolment = EnrolmentFactory()
    return queue_mail("courses/confirmed", about=enrolment, to=enrolment.person, **options)


def test_workers_hear_once_of_a_transaction_when_it_is_committed(heard):
    with transaction.atomic():
        for _ in range(3):
            confirm()
        assert heard() == []
    assert heard() == [nudge.MAIL]


def test_workers_hear_nothing_of_what_was_rolled_back(heard):
    with transaction.atomic():
        confirm()
        transaction.set_rollback(True)
    assert heard() == []


def test_savepoint_that_is_rolled_back_takes_only_its_own_word(heard):
    with transaction.atomic():
        confirm()
        with transaction.atomic():
            confirm()
            transaction.set_rollback(True)
    assert heard() == [nudge.MAIL]


def test_drafts_are_spoken_of_when_they_are_released(heard):
    mail = confirm(draft=True)
    assert heard() == []
    release_mail(mail, by=None)
    assert heard() == [nudge.MAIL]
    hold_mail(mail, by=None)
    assert heard() == []


def test_words_during_a_round_are_answered_by_one_more(monkeypatch):
    monkeypatch.setattr(nudge, "LOOK_UP", 0.2)
    rounds, stop, begun, may_go_on = [], threading.Event(), threading.Event(), threading.Event()

    def heard():
        rounds.append(1)
        begun.set()
        if len(rounds) == 1:
            assert may_go_on.wait(10)
        if len(rounds) == 2:
            stop.set()
        if len(rounds) == 3:
            raise AssertionError("nobody asked for a third round")

    listener = threading.Thread(target=nudge.listen, args=(heard, stop))
    listener.start()
    assert begun.wait(10)
    for _ in range(5):
        nudge.nudge()
    may_go_on.set()
    listener.join(10)
    assert (len(rounds), listener.is_alive()) == (2, False)


def test_round_that_fails_does_not_make_the_worker_deaf(monkeypatch, caplog):
    monkeypatch.setattr(nudge, "LOOK_UP", 0.2)
    rounds, stop = [], threading.Event()

    def heard():
        rounds.append(1)
        if len(rounds) == 1:
            nudge.nudge()
            raise ValueError("a bad row")
        stop.set()

    nudge.listen(heard, stop)
    assert (len(rounds), caplog.messages) == (2, ["A round of work ended early."])
