"""The shells around delivery: one round at a time in each worker, and nobody's word is lost."""

import threading

from cluster_portal import delivery, tasks


def test_one_round_at_a_time_and_who_asks_meanwhile_gets_another(monkeypatch):
    inside, may_end = threading.Event(), threading.Event()
    rounds = []

    def one_round():
        rounds.append(threading.current_thread().name)
        inside.set()
        may_end.wait(10)
        return 1

    monkeypatch.setattr(delivery, "deliver_due_mail", one_round)
    results = []
    first = threading.Thread(target=lambda: results.append(tasks.deliver_due_mail()), name="first")
    first.start()
    inside.wait(10)
    assert tasks.deliver_due_mail() == 0
    assert rounds == ["first"]
    may_end.set()
    first.join(10)
    assert (rounds, results) == (["first", "first"], [2])


def test_a_round_that_fails_does_not_bar_the_next(monkeypatch):
    def fail():
        raise RuntimeError

    monkeypatch.setattr(delivery, "deliver_due_mail", fail)
    for _ in range(2):
        try:
            tasks.deliver_due_mail()
        except RuntimeError:
            continue
        raise AssertionError("the failure was swallowed")
    monkeypatch.setattr(delivery, "deliver_due_mail", lambda: 5)
    assert tasks.deliver_due_mail() == 5
