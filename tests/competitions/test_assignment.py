"""Assignments: no conflict ever, nothing taken away, as many and as evenly as can be; proved on random instances."""

import random
from collections import Counter
from itertools import combinations, product

import pytest

from competitions.assignment import Asked, Choice, Instance, Reader, Shortage, assign


def instance_of(seed: int, entries: int, jurors: int, readers: int = 3) -> Instance:
    """A random instance: some jurors are full, some entries have jurors already, some pairs must not meet."""
    chance = random.Random(seed)
    asked = tuple(Asked(f"e{n}", chance.randint(1, readers), chance.choice("abc")) for n in range(entries))
    able = tuple(
        Reader(f"j{n}", chance.randint(0, entries), frozenset(chance.sample("abc", chance.randint(0, 2))))
        for n in range(jurors)
    )
    pairs = list(product((it.key for it in asked), (it.key for it in able)))
    chance.shuffle(pairs)
    conflicts = frozenset(pairs[: int(len(pairs) * chance.choice([0, 0.1, 0.3, 0.7]))])
    rest = [pair for pair in pairs if pair not in conflicts]
    kept = frozenset(rest[: chance.randint(0, max(len(rest) // 6, 0))])
    return Instance(asked, able, conflicts, kept)


def moved(instance: Instance, assigned: set, start: str) -> dict[str, list]:
    """Every juror to whom, step by step, a new reading of `start` could be handed on."""
    asked, able = {it.key: it for it in instance.entries}, {it.key: it for it in instance.jurors}
    reached, news = {start: None}, [start]
    while news:
        juror = news.pop()
        for entry in (one for one, other in assigned if other == juror):
            for key, other in able.items():
                free = instance.may_meet(asked[entry], other) and (entry, key) not in assigned
                if key not in reached and free:
                    reached[key] = None
                    news.append(key)
    return reached


def check(instance: Instance) -> None:
    """Everything that an optimal assignment must be, without looking at how it was found."""
    plan = assign(instance)
    new = {(it.entry, it.juror) for it in plan.choices}
    capacity = {it.key: it.capacity for it in instance.jurors}
    assert len(new) == len(plan.choices)
    assert new & instance.conflicts == set()
    assert new & instance.kept == set()
    loads = Counter(juror for _entry, juror in [*new, *instance.kept])
    assert plan.loads == {it.key: loads[it.key] for it in instance.jurors}
    for it in instance.jurors:
        assert loads[it.key] <= max(it.capacity, instance.loads[it.key])
    got = Counter(entry for entry, _juror in new)
    assert {it.entry: it.missing for it in plan.shortages} == {
        entry: wanted - got[entry] for entry, wanted in instance.missing.items() if wanted > got[entry]
    }
    room = {key for key in capacity if loads[key] < capacity[key]}
    for it in plan.shortages:  # nobody could take it, not even if others hand on what they have
        entry = next(one for one in instance.entries if one.key == it.entry)
        able = [one.key for one in instance.jurors if instance.may_meet(entry, one) and (it.entry, one.key) not in new]
        assert all(not room & set(moved(instance, new, juror)) for juror in able)
    for juror in capacity:  # nobody could hand on to somebody who reads two fewer: loads are as even as can be
        lighter = {key for key in room if loads[key] <= loads[juror] - 2}
        assert not lighter & (moved(instance, new, juror).keys() - {juror})


def worth(instance: Instance, new: set) -> tuple:
    missing, loads = dict(instance.missing), dict(instance.loads)
    for entry, juror in new:
        missing[entry] -= 1
        loads[juror] += 1
    gaps = sum(it * (it + 1) for it in missing.values())
    asked, able = {it.key: it for it in instance.entries}, {it.key: it for it in instance.jurors}
    unknown = sum(bool(able[j].nominations) and asked[e].nomination not in able[j].nominations for e, j in new)
    return (
        sum(missing.values()),
        gaps,
        sum(it * it for it in loads.values()),
        unknown if not any(missing.values()) else 0,
    )


def best(instance: Instance) -> tuple:
    """The worth of the best of all assignments, by trying each."""
    pairs = [(e, j) for e in instance.entries for j in instance.jurors if instance.may_meet(e, j)]
    found = None
    for number in range(len(pairs), -1, -1):
        for some in combinations(pairs, number):
            new = {(e.key, j.key) for e, j in some}
            if any(sum(e == key for e, _j in new) > most for key, most in instance.missing.items()):
                continue
            if any(sum(j == key for _e, j in new) > room for key, room in instance.room.items()):
                continue
            here = worth(instance, new)
            found = here if found is None else min(found, here)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_no_assignment_of_all_is_better_on_tiny_instances(seed):
    instance = instance_of(seed, entries=3, jurors=3, readers=2)
    plan = assign(instance)
    assert worth(instance, {(it.entry, it.juror) for it in plan.choices}) == best(instance)


def random_instances(count: int, since: int = 0):
    for seed in range(since, since + count):
        chance = random.Random(f"size {seed}")
        yield instance_of(seed, entries=chance.randint(1, 14), jurors=chance.randint(1, 8))


def test_random_instances_hold_what_is_promised():
    for instance in random_instances(300):
        check(instance)


@pytest.mark.big
def test_ten_thousand_random_instances_hold_what_is_promised():
    for instance in random_instances(10_000, since=1_000):
        check(instance)


def test_the_order_of_the_question_does_not_change_the_answer():
    for instance in random_instances(30):
        turned = Instance(instance.entries[::-1], instance.jurors[::-1], instance.conflicts, instance.kept)
        assert assign(turned) == assign(instance)


def test_a_choice_says_what_spoke_for_it():
    jurors = (Reader("j1", 5, frozenset("a")), Reader("j2", 5), Reader("j3", 5))
    plan = assign(Instance((Asked("e1", 1, "a"),), jurors, conflicts=frozenset({("e1", "j3")})))
    assert plan.choices == (Choice("e1", "j1", knows=True, load=1, capacity=5, excluded=1, jurors=3),)
    assert plan.shortages == ()


def test_who_knows_the_nomination_is_preferred_where_loads_allow_it():
    jurors = (Reader("j1", 5, frozenset("b")), Reader("j2", 5, frozenset("a")))
    plan = assign(Instance((Asked("e1", 1, "a"), Asked("e2", 1, "b")), jurors))
    assert {(it.entry, it.juror) for it in plan.choices} == {("e1", "j2"), ("e2", "j1")}


def test_what_is_missing_is_missing_evenly_and_says_why():
    jurors = (Reader("j1", 1), Reader("j2", 1), Reader("j3", 1))
    entries = (Asked("e1", 3), Asked("e2", 3))
    plan = assign(Instance(entries, jurors, conflicts=frozenset({("e1", "j3")})))
    assert plan.missing == 3
    assert sorted(it.missing for it in plan.shortages) == [1, 2]
    assert next(it for it in plan.shortages if it.entry == "e1").possible == 2
    assert all(it.full for it in plan.shortages)


def test_an_entry_that_nobody_may_read_says_so():
    plan = assign(Instance((Asked("e1", 2),), (Reader("j1", 9),), conflicts=frozenset({("e1", "j1")})))
    assert plan.shortages == (Shortage("e1", missing=2, possible=0, full=0),)


def test_what_was_taken_back_is_not_given_to_the_same_juror_again():
    jurors = (Reader("j1", 9), Reader("j2", 9))
    plan = assign(Instance((Asked("e1", 1),), jurors, done=frozenset({("e1", "j1")})))
    assert [it.juror for it in plan.choices] == ["j2"]


def test_who_handed_it_back_is_none_of_those_who_could_read_it():
    jurors = (Reader("j1", 9), Reader("j2", 9))
    plan = assign(Instance((Asked("e1", 2),), jurors, done=frozenset({("e1", "j1")})))
    assert plan.shortages == (Shortage("e1", missing=1, possible=1, full=0),)


def test_nothing_is_asked_of_nobody():
    assert assign(Instance((), ())).choices == ()
    assert assign(Instance((Asked("e1", 2),), ())).missing == 2
