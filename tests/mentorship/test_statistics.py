"""How long somebody waits, when some still do: the product-limit estimator against known and counted numbers."""

import random
from fractions import Fraction

import pytest

from members.few_people import is_few
from mentorship.statistics import NEVER, Wait, age_class, age_limits, quantile, waits_of

HALF, NINTH_DECILE = Fraction(1, 2), Fraction(9, 10)


def waits(*days):
    """A number is an answer after so many days, a text with a plus a wait that is not over."""
    return [
        Wait(int(it.rstrip("+")), is_answered=False) if isinstance(it, str) else Wait(it, is_answered=True)
        for it in days
    ]


def test_remissions_of_leukaemia_have_their_published_medians():
    """Freireich and others 1963, the textbook example of the estimator: 23 weeks with the drug, 8 without."""
    drug = waits(
        6, 6, 6, "6+", 7, "9+", 10, "10+", "11+", 13, 16, "17+", "19+", "20+", 22, 23, "25+", "32+", "32+", "34+",
        "35+",
    )  # fmt: skip
    without = waits(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
    assert (quantile(drug, HALF), quantile(without, HALF)) == (23, 8)
    assert quantile(drug, NINTH_DECILE) is None


@pytest.mark.parametrize("seed", range(50))
def test_where_nobody_waits_any_more_it_is_the_ordinary_quantile(seed):
    rng = random.Random(seed)
    days = [rng.randrange(20) for _ in range(rng.randrange(1, 12))]
    for share in (HALF, NINTH_DECILE):
        counted = next(day for day in range(21) if sum(it <= day for it in days) >= share * len(days))
        assert quantile(waits(*days), share) == counted


def test_who_still_waits_makes_the_median_longer_and_never_shorter():
    assert quantile(waits(1, 2, 3), HALF) == 2
    assert quantile(waits(1, 2, 3, "9+", "9+"), HALF) == 3
    assert quantile(waits(1, 2, 3, "9+", "9+", "9+", "9+"), HALF) is None


def test_who_asked_today_says_nothing_about_how_long_others_waited():
    assert quantile(waits(4, 5, 6, "0+", "0+", "0+"), HALF) == quantile(waits(4, 5, 6), HALF) == 5


def test_a_search_that_ended_waits_for_ever():
    ended = [Wait(NEVER, is_answered=False)] * 2
    assert quantile([*waits(1, 2), *ended], HALF) == 2
    assert quantile([*waits(1), *ended], HALF) is None


def test_of_nobody_nothing_is_said():
    it = waits_of([])
    assert (it.count, it.answered, it.median, it.p90) == (0, 0, None, None)


def test_median_ninth_decile_and_of_how_many():
    it = waits_of(waits(*range(1, 11), "3+"))
    assert (it.count, it.answered, it.median, it.p90) == (11, 10, 6, 10)


@pytest.mark.parametrize(
    ("answer_days", "limits"),
    [(1, [1]), (3, [3]), (5, [3, 5]), (7, [3, 7]), (10, [3, 7, 10]), (60, [3, 7, 14, 30, 60])],
)
def test_classes_of_age_end_at_what_is_agreed(answer_days, limits):
    assert age_limits(answer_days) == limits


@pytest.mark.parametrize(
    ("days", "is_late", "number"),
    [(0, False, 0), (3, False, 0), (4, False, 1), (7, False, 1), (30, False, 1), (2, True, 2)],
)
def test_each_age_has_one_class_and_what_is_late_its_own(days, is_late, number):
    assert age_class(days, is_late, [3, 7]) == number


def test_one_or_two_people_could_be_recognised():
    assert [is_few(it) for it in range(5)] == [False, True, True, False, False]
