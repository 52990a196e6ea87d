"""Who mentors whom: as many as can be, the longest wait first, worth most together; against all ways there are."""

import random
import time
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from mentorship import assignment
from mentorship.assignment import Question, assign
from mentorship.matching import Need, Offer, question_of


def question(seed: int, requests: int, mentors: int, places: int = 2) -> Question:
    """A random question: some mentors have no place, some pairs do not fit, some are worth less than nothing."""
    chance = random.Random(seed)
    share = chance.choice([0.2, 0.5, 0.9])
    keys = [f"m{n}" for n in range(mentors)]
    return Question(
        requests=tuple(chance.sample([f"r{n}" for n in range(requests)], requests)),
        places={
            key: tuple(sorted((chance.randint(-9, 6) for _n in range(chance.randint(0, places))), reverse=True))
            for key in keys
        },
        worth={
            f"r{n}": {key: chance.randint(-8, 60) for key in keys if chance.random() < share} for n in range(requests)
        },
    )


def value(asked: Question, chosen: dict[str, str]) -> tuple:
    """What an assignment comes to, in the order of what is asked for."""
    loads = {key: sum(mentor == key for mentor in chosen.values()) for key in asked.places}
    worth = sum(asked.worth[request][mentor] for request, mentor in chosen.items())
    worth += sum(sum(asked.places[key][:load]) for key, load in loads.items())
    return len(chosen), [request in chosen for request in asked.requests], worth


def best(asked: Question) -> tuple:
    """The worth of the best of all assignments, by trying each."""
    ways = product(*[[None, *asked.worth[request]] for request in asked.requests])
    found = []
    for way in ways:
        chosen = {request: mentor for request, mentor in zip(asked.requests, way, strict=True) if mentor}
        if all(sum(it == key for it in chosen.values()) <= len(places) for key, places in asked.places.items()):
            found.append(value(asked, chosen))
    return max(found)


@pytest.mark.parametrize("seed", range(120))
def test_no_assignment_of_all_is_better_on_small_instances(seed):
    asked = question(seed, requests=1 + seed % 5, mentors=1 + seed % 4)
    assert value(asked, assign(asked)) == best(asked)


@pytest.mark.big
@pytest.mark.parametrize("seed", range(1_000, 4_000))
def test_no_assignment_of_all_is_better_on_thousands_of_small_instances(seed):
    asked = question(seed, requests=1 + seed % 6, mentors=1 + seed % 4, places=3)
    assert value(asked, assign(asked)) == best(asked)


def whole(asked: Question) -> int:
    """What the best assignment is worth when every pair is a column from the beginning, and nobody is left out."""
    from cluster_portal.flows import Flow

    flow = Flow()
    for request in asked.requests:
        flow.row(f"r {request}", 1)
    for key in asked.places:
        flow.row(f"m {key}", 0)
    for request in asked.requests:
        for key, worth in asked.worth[request].items():
            flow.column({f"r {request}": 1.0, f"m {key}": 1.0}, -worth)
    for key, places in asked.places.items():
        for worth in places:
            flow.column({f"m {key}": -1.0}, -worth)
    return -round(sum(cost * it for cost, it in zip(flow.costs, flow.solved().values, strict=True)))


@pytest.mark.parametrize("few", [1, 3, 8])
@pytest.mark.parametrize("seed", range(6))
def test_pairs_that_join_late_make_it_as_good_as_all_at_once(seed, few, monkeypatch):
    monkeypatch.setattr(assignment, "FEW", few)
    chance = random.Random(seed)
    keys = [f"m{n}" for n in range(40)]
    asked = Question(
        requests=tuple(f"r{n}" for n in range(60)),
        places={key: tuple(sorted((chance.randint(-5, 6) for _n in range(3)), reverse=True)) for key in keys},
        worth={f"r{n}": {key: chance.randint(0, 90) for key in keys} for n in range(60)},
    )
    assert value(asked, assign(asked))[2] == whole(asked)


def test_the_longest_wait_goes_first_and_takes_no_place_that_two_could_have():
    places = {"a": (0,), "b": (0,)}
    worth = {"old": {"a": 1, "b": 50}, "middle": {"b": 50}, "new": {"a": 90, "b": 90}}
    assert assign(Question(("old", "middle", "new"), places, worth)) == {"old": "a", "middle": "b"}


def test_a_second_place_is_used_when_the_first_of_another_is_worth_less():
    worth = {"r": {"a": 10, "b": 9}, "s": {"a": 10, "b": 9}}
    assert set(assign(Question(("r", "s"), {"a": (5, 0), "b": (5,)}, worth)).values()) == {"a", "b"}
    assert set(assign(Question(("r", "s"), {"a": (5, 5), "b": (5,)}, worth)).values()) == {"a"}


def test_the_order_of_mentors_does_not_change_the_answer():
    for seed in range(30):
        asked = question(seed, requests=9, mentors=6)
        turned = Question(
            asked.requests,
            dict(reversed(asked.places.items())),
            {key: dict(reversed(it.items())) for key, it in reversed(asked.worth.items())},
        )
        assert list(assign(turned).items()) == list(assign(asked).items())


def test_nothing_is_asked_of_nobody():
    assert assign(Question((), {}, {})) == {}
    assert assign(Question(("r",), {}, {"r": {}})) == {}
    assert assign(Question(("r",), {"m": ()}, {"r": {"m": 5}})) == {}


CONTESTS = [f"Olympiad in {it}" for it in ("Physics", "Informatics", "Biology", "Chemistry", "Robotics", "History")]
ZONES = ["Europe/Moscow", "Asia/Yekaterinburg", "Asia/Seoul", "Europe/Berlin"]
SINCE = datetime(2026, 9, 1, tzinfo=UTC)


def intake(seed: int, requests: int, mentors: int) -> tuple[list[Need], list[Offer]]:
    """A whole cluster: requests and mentors with languages, days, zones and themes."""
    chance = random.Random(seed)

    def some(of, most):
        return frozenset(chance.sample(of, chance.randint(1, most)))

    def common():
        return {
            "languages": some(["ru", "en", "ko"], 2),
            "formats": some(["online", "room"], 2),
            "help": some(["prepare", "project", "teach", "design", "review"], 3),
            "directions": some([f"d{n}" for n in range(12)], 3),
            "weekdays": some(range(7), 4),
            "time_zone": chance.choice(ZONES),
        }

    needs = [
        Need(
            key=f"r{n}", person=f"p{n}", contest=f"{chance.choice(CONTESTS)} {chance.randint(2024, 2026)}",
            needed_from=date(2026, 10, 1), needed_by=date(2027, 4, 1),
            waiting_since=SINCE + timedelta(minutes=chance.randint(0, 99_999)),
            with_students=chance.random() < 0.6, institution=f"i{n % 150}", region=f"g{n % 9}", **common(),
        )
        for n in range(requests)
    ]  # fmt: skip
    offers = [
        Offer(
            key=f"m{n}", person=f"q{n}", places=chance.randint(1, 10), hours=chance.randint(2, 20),
            contests=tuple(chance.sample(CONTESTS, 2)), cleared_until=date(2027, chance.randint(1, 12), 1),
            institutions=frozenset({f"i{n % 150}"}), regions=frozenset({f"g{n % 9}"}), **common(),
        )
        for n in range(mentors)
    ]  # fmt: skip
    return needs, offers


def test_a_whole_cluster_is_assigned_within_seconds():
    needs, offers = intake(1, 2_000, 300)
    began = time.process_time()
    asked = question_of(needs, offers)
    chosen = assign(asked)
    assert time.process_time() - began < 20  # about five on the machine where it was written
    assert len(chosen) > 1_000
    assert all(mentor in asked.worth[request] for request, mentor in chosen.items())
