"""Scores and order: means, ties by the competition's rule, and what the severity of jurors does to an order."""

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from competitions.models import Competition, Criterion
from competitions.scoring import FEWEST_TO_ADJUST, Judgement, score_of, standings, tied_groups

Tie = Competition.TieRule
MAIN, MINOR = (
    Criterion(pk=1, title="Idea", lowest=0, highest=10, weight=Decimal(2), position=1),
    Criterion(pk=2, title="Form", lowest=1, highest=5, weight=Decimal(1), position=2),
)
RUBRIC = [MAIN, MINOR]


def judged(entry: int, *reviews: tuple[int, int]) -> list[Judgement]:
    """Reviews of an entry by jurors 1, 2, …: what each gave on the two criteria."""
    return [
        Judgement(entry, juror, score_of({1: main, 2: minor}, RUBRIC), {1: main / 10, 2: (minor - 1) / 4})
        for juror, (main, minor) in enumerate(reviews, 1)
    ]


@pytest.mark.parametrize(
    ("main", "minor", "score"), [(0, 1, 0), (10, 5, 100), (5, 3, 50), (10, 1, 200 / 3), (0, 5, 100 / 3)]
)
def test_a_score_is_the_weighted_share_of_the_scales(main, minor, score):
    assert score_of({1: main, 2: minor}, RUBRIC) == pytest.approx(score)


def test_the_mean_orders_and_the_spread_is_said():
    found = standings([*judged(7, (5, 3), (10, 5)), *judged(8, (10, 5), (10, 5))], RUBRIC)
    assert [(it.entry, it.rank, it.reviews, it.mean) for it in found] == [(8, 1, 2, 100), (7, 2, 2, 75)]
    assert (found[0].spread, found[0].gap, found[0].disagrees) == (0, 0, False)
    assert (found[1].spread, found[1].gap, found[1].disagrees) == (pytest.approx(35.355, abs=0.001), 50, True)


def test_one_review_has_no_spread():
    [only] = standings(judged(7, (5, 3)), RUBRIC)
    assert (only.spread, only.gap) == (None, 0)


def test_equal_means_share_the_better_rank():
    found = standings([*judged(1, (5, 3)), *judged(2, (5, 3)), *judged(3, (1, 1)), *judged(4, (10, 5))], RUBRIC)
    assert [(it.entry, it.rank) for it in found] == [(4, 1), (1, 2), (2, 2), (3, 4)]


def test_the_weightiest_criterion_decides_a_tie():
    """10 and 1 are as much as 5 and 5 here: two thirds."""
    lighter, heavier = judged(1, (5, 5)), judged(2, (10, 1))
    assert lighter[0].score == pytest.approx(heavier[0].score)
    assert [it.rank for it in standings([*lighter, *heavier], RUBRIC, Tie.SHARED)] == [1, 1]
    assert [(it.entry, it.rank) for it in standings([*lighter, *heavier], RUBRIC, Tie.CRITERIA)] == [(2, 1), (1, 2)]


def test_the_entry_on_which_the_jury_agrees_comes_first():
    agreed, apart = judged(2, (5, 3), (5, 3)), judged(1, (0, 1), (10, 5))
    assert [(it.entry, it.rank) for it in standings([*apart, *agreed], RUBRIC, Tie.SPREAD)] == [(2, 1), (1, 2)]


def test_one_review_agrees_with_nobody_and_comes_after_agreement_that_was_measured():
    alone, nearly = judged(1, (5, 3)), judged(2, (4, 3), (6, 3))
    assert [(it.entry, it.rank) for it in standings([*alone, *nearly], RUBRIC, Tie.SPREAD)] == [(2, 1), (1, 2)]


def test_what_the_rule_cannot_tell_apart_shares_the_place():
    found = standings([*judged(1, (5, 3)), *judged(2, (5, 3))], RUBRIC, Tie.CRITERIA)
    assert [it.rank for it in found] == [1, 1]


class Jury:
    """A made-up jury: true qualities, planted severities, and readings that chance disturbs."""

    def __init__(self, seed: int, entries: int = 60, jurors: int = 12, each: int = 3, severity: float = 10):
        chance = np.random.default_rng(seed)
        self.quality = chance.normal(0, 8, entries)
        planted = chance.normal(0, severity, jurors)
        self.judgements = [
            Judgement(entry, int(juror), float(60 + self.quality[entry] + planted[juror] + chance.normal(0, 5)), {})
            for entry in range(entries)
            for juror in chance.choice(jurors, each, replace=False)
        ]

    def tau(self, score_of_entry) -> float:
        """Kendall's tau between an order and the truth: 1 is the same order, -1 the opposite."""
        scores = np.array([score_of_entry[it] for it in range(len(self.quality))])
        pairs = np.triu_indices(len(scores), 1)
        signs = [np.sign(one[pairs[0]] - one[pairs[1]]) for one in (scores, self.quality)]
        return float((signs[0] * signs[1]).mean())

    def taus(self) -> tuple[float, float]:
        """Of the means, and of the adjusted scores."""
        found = standings(self.judgements, [])
        return self.tau({it.entry: it.mean for it in found}), self.tau({it.entry: it.adjusted for it in found})


def test_where_jurors_differ_in_severity_the_adjusted_order_is_nearer_the_truth():
    taus = np.array([Jury(seed).taus() for seed in range(40)])
    assert (taus[:, 1] > taus[:, 0]).mean() >= 0.9
    assert (taus[:, 1] - taus[:, 0]).mean() > 0.05


def test_where_jurors_are_alike_the_adjustment_does_no_harm():
    taus = np.array([Jury(seed, severity=0).taus() for seed in range(40)])
    assert abs((taus[:, 1] - taus[:, 0]).mean()) < 0.02


def test_two_juries_that_never_met_are_compared_as_far_as_can_be():
    """Entries 0 to 29 read by jurors 0 to 2 alone, the others by 3 to 5: nothing breaks, and every entry has a rank."""
    chance = np.random.default_rng(1)
    judgements = [
        Judgement(entry, juror + 3 * (entry >= 30), 50 + 20 * (entry >= 30) + chance.normal(0, 5), {})
        for entry in range(60)
        for juror in range(3)
    ]
    found = standings(judgements, [])
    assert sorted(it.adjusted_rank for it in found) == list(range(1, 61))


def test_rank_intervals_hold_the_true_rank_about_as_often_as_they_say():
    held = []
    for seed in range(40):
        jury = Jury(seed)
        true = (-jury.quality).argsort().argsort() + 1
        held += [it.rank_from <= true[it.entry] <= it.rank_to for it in standings(jury.judgements, [])]
    assert 0.85 <= np.mean(held) <= 0.97


def test_the_same_reviews_always_give_the_same_answer():
    jury = Jury(3)
    assert standings(jury.judgements, []) == standings(jury.judgements, [])
    assert standings(jury.judgements, []) == standings(jury.judgements[::-1], [])


def test_below_thirty_entries_nothing_is_adjusted():
    fewer, enough = Jury(1, entries=FEWEST_TO_ADJUST - 1), Jury(1, entries=FEWEST_TO_ADJUST)
    assert {it.adjusted for it in standings(fewer.judgements, [])} == {None}
    assert tied_groups(standings(fewer.judgements, []), fewer.judgements) == []
    assert None not in {it.adjusted for it in standings(enough.judgements, [])}


def test_places_that_nobody_can_tell_apart_are_named():
    jury = Jury(5)
    groups = tied_groups(standings(jury.judgements, []), jury.judgements)
    assert groups
    assert all(1 <= first < last <= 60 for first, last in groups)
    assert all(last < first for (_before, last), (first, _after) in pairwise(groups))


def test_entries_far_apart_are_not_called_tied():
    """Thirty entries ten points apart, read by three jurors who agree to a point."""
    chance = np.random.default_rng(2)
    judgements = [
        Judgement(entry, juror, 3 * entry + chance.normal(0, 0.3), {}) for entry in range(30) for juror in range(3)
    ]
    found = standings(judgements, [])
    assert tied_groups(found, judgements) == []
    assert [(it.rank_from, it.rank_to) for it in found] == [(n, n) for n in range(1, 31)]


def test_all_equal_is_one_tied_group():
    judgements = [Judgement(entry, juror, 50.0, {}) for entry in range(30) for juror in range(3)]
    found = standings(judgements, [])
    assert {it.rank for it in found} == {1}
    assert tied_groups(found, judgements) == [(1, 30)]
