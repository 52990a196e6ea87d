"""How reviews become an order: means, and from 30 entries on scores freed of how severe each juror is.

A review's score is the share of what the rubric allows, from 0 to 100. The adjusted score comes from a model with
three parts: score = mean + quality of the entry + severity of the juror + chance, all of them normally distributed
(crossed random effects; Searle, Casella and McCulloch, Variance Components, 1992; that jurors differ in severity and
that this can be taken out is what Linacre, Many-Facet Rasch Measurement, 1989, is about). Their sizes are estimated by
restricted maximum likelihood (the EM steps of Dempster, Laird and Rubin, 1977), qualities and severities by Henderson's
equations (Biometrics 31, 1975): who was read by few jurors is drawn nearer to the mean.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from statistics import fmean, stdev
from typing import Any

from competitions.models import Competition, Criterion

FEWEST_TO_ADJUST = 30  # entries: below, a severity rests on too few readings
FAR_APART = 30  # points between the highest and the lowest review: the jury disagrees
SURE = 0.9  # how sure we are of a rank interval, and that an entry is really better
DRAWS = 4000
ROUNDS = 200  # of EM; it ends before that when nothing moves any more
STILL = 1e-6
SEED = 20270601  # the same reviews always give the same intervals
SAME = 9  # digits to which two means are compared


@dataclass(frozen=True)
class Judgement:
    """One review that counts: which entry, which juror (by key), the score (0 to 100), and what each criterion got."""

    entry: int
    juror: int
    score: float
    by_criterion: Mapping[int, float]


@dataclass(frozen=True)
class Standing:
    """How an entry stands. Adjusted parts are None below 30 entries."""

    entry: int
    reviews: int
    mean: float
    spread: float | None  # standard deviation of its reviews; None for one review
    gap: float  # between its highest and its lowest review
    rank: int
    adjusted: float | None = None
    adjusted_rank: int | None = None
    rank_from: int | None = None
    rank_to: int | None = None

    @property
    def disagrees(self) -> bool:
        """Whether its jurors are far apart: a second opinion helps."""
        return self.gap >= FAR_APART


def score_of(values: Mapping[int, int], criteria: Iterable[Criterion]) -> float:
    """The score of one review: the weighted share of each scale that was given, from 0 to 100.

    `values` holds the score for each criterion by its key; every criterion has one.
    """
    weights = {it.pk: float(it.weight) for it in criteria}
    shares = shares_of(values, criteria)
    return 100 * sum(weights[pk] * share for pk, share in shares.items()) / sum(weights.values())


def shares_of(values: Mapping[int, int], criteria: Iterable[Criterion]) -> dict[int, float]:
    """For each criterion (by key) how much of its scale was given, from 0 to 1."""
    return {it.pk: (values[it.pk] - it.lowest) / (it.highest - it.lowest) for it in criteria}


def standings(
    judgements: Sequence[Judgement], criteria: Sequence[Criterion], tie_rule: str = Competition.TieRule.SHARED
) -> list[Standing]:
    """How every judged entry stands, the best first."""
    by_entry: dict[int, list[Judgement]] = defaultdict(list)
    judgements = sorted(judgements, key=_in_order)
    for it in judgements:
        by_entry[it.entry].append(it)
    raw = [_raw(entry, given) for entry, given in by_entry.items()]
    keys = {it.entry: _sort_key(it, by_entry[it.entry], criteria, tie_rule) for it in raw}
    ranks = _ranks(keys)
    found = [replace(it, rank=ranks[it.entry]) for it in raw]
    if len(found) >= FEWEST_TO_ADJUST:
        found = _adjusted(found, judgements)
    return sorted(found, key=lambda it: (it.rank, it.entry))


def _in_order(it: Judgement) -> tuple[int, int]:
    """Sums depend on their order in the last digits, and the same reviews must give the same answer."""
    return it.entry, it.juror


def _raw(entry: int, given: Sequence[Judgement]) -> Standing:
    scores = [it.score for it in given]
    spread = stdev(scores) if len(scores) > 1 else None
    return Standing(entry, len(scores), fmean(scores), spread, max(scores) - min(scores), rank=0)


def _sort_key(
    it: Standing, given: Sequence[Judgement], criteria: Sequence[Criterion], tie_rule: str
) -> tuple[float, ...]:
    """What puts an entry before another: smaller is better. The competition's rule speaks where the means are equal."""
    mean = -round(it.mean, SAME)
    match tie_rule:
        case Competition.TieRule.CRITERIA:
            weightiest = sorted(criteria, key=lambda one: (-one.weight, one.position, one.pk))
            return (mean, *(-round(fmean(one.by_criterion[it.pk] for one in given), SAME) for it in weightiest))
        case Competition.TieRule.SPREAD:
            return (mean, inf if it.spread is None else round(it.spread, SAME))  # one review agrees with nobody
    return (mean,)


def _ranks(keys: Mapping[int, Any]) -> dict[int, int]:
    """1, 2, 2, 4: whoever is equal shares the better rank."""
    ordered = sorted(keys.values())
    first = {key: place for place, key in reversed(list(enumerate(ordered, 1)))}
    return {entry: first[key] for entry, key in keys.items()}


def _adjusted(found: list[Standing], judgements: Sequence[Judgement]) -> list[Standing]:
    """The same standings with their adjusted scores, ranks and rank intervals."""
    fit = _fit_of(judgements)
    low, high = _rank_intervals(fit.drawn)
    ranks = _ranks({it.entry: -round(float(fit.quality[fit.place[it.entry]]), SAME) for it in found})
    return [
        replace(
            it, adjusted=fit.mean + float(fit.quality[place]), adjusted_rank=ranks[it.entry],
            rank_from=min(low[place], ranks[it.entry]), rank_to=max(high[place], ranks[it.entry]),
        )
        for it in found for place in [fit.place[it.entry]]
    ]  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """What the model says of some reviews: the place of each entry in `quality` and in the columns of `drawn`."""

    place: Mapping[int, int]
    quality: Any
    mean: float
    drawn: Any


def _fit_of(judgements: Sequence[Judgement]) -> Fit:
    return _fit(tuple((it.entry, it.juror, it.score) for it in sorted(judgements, key=_in_order)))


@lru_cache(maxsize=4)  # 300 entries take two seconds, and a page of results asks again whenever it is looked at
def _fit(given: tuple[tuple[int, int, float], ...]) -> Fit:
    entries = sorted({entry for entry, _juror, _score in given})
    quality, covariance, mean = qualities(entries, [Judgement(*it, by_criterion={}) for it in given])
    return Fit({entry: place for place, entry in enumerate(entries)}, quality, mean, _drawn(quality, covariance))


def qualities(entries: Sequence[int], judgements: Sequence[Judgement]) -> tuple[Any, Any, float]:
    """The quality of each entry (points above or below the mean), how sure it is (a covariance), and the mean.

    The sources of the formulas stand at the head of this module.
    """
    import numpy as np  # 20 MB of memory: only who counts results pays for it

    jurors = sorted({it.juror for it in judgements})
    row_of, column_of = {it: n for n, it in enumerate(entries)}, {it: n for n, it in enumerate(jurors)}
    design = np.zeros((len(judgements), 1 + len(entries) + len(jurors)))
    design[:, 0] = 1
    for number, it in enumerate(judgements):
        design[number, 1 + row_of[it.entry]] = 1
        design[number, 1 + len(entries) + column_of[it.juror]] = 1
    scores = np.array([it.score for it in judgements])
    effects, covariance = _fitted(design, scores, len(entries), len(jurors))
    those = slice(1, 1 + len(entries))
    return effects[those], covariance[those, those], float(effects[0])


def _fitted(design: Any, scores: Any, entries: int, jurors: int) -> tuple[Any, Any]:
    """Mean, qualities and severities with their covariance, at the likeliest sizes of the three parts."""
    import numpy as np

    parts = (slice(1, 1 + entries), slice(1 + entries, 1 + entries + jurors))
    products, response = design.T @ design, design.T @ scores
    noise = max(float(scores.var()) / 3, STILL)
    sizes = [noise, noise]
    for _round in range(ROUNDS):
        penalty = np.concatenate([[0.0], np.full(entries, noise / sizes[0]), np.full(jurors, noise / sizes[1])])
        inverse = np.linalg.inv(products + np.diag(penalty))
        effects = inverse @ response
        before = [noise, *sizes]
        sizes = [
            max(float(effects[part] @ effects[part] + noise * inverse[part, part].trace()) / count, STILL)
            for part, count in zip(parts, (entries, jurors), strict=True)
        ]
        noise = max(float(scores @ scores - effects @ response) / (len(scores) - 1), STILL)
        if all(abs(new - old) <= STILL * max(old, 1) for new, old in zip([noise, *sizes], before, strict=True)):
            break
    return effects, noise * inverse


def _rank_intervals(drawn: Any) -> tuple[list[int], list[int]]:
    """For each entry the ranks between which it lies in nine of ten draws."""
    import numpy as np

    ranks = drawn.argsort(axis=1).argsort(axis=1)
    low, high = np.quantile(ranks + 1, [(1 - SURE) / 2, (1 + SURE) / 2], axis=0, method="nearest")
    return [int(it) for it in low], [int(it) for it in high]


def _drawn(quality: Any, covariance: Any) -> Any:
    """Many qualities as they may really be, the best the smallest; the same every time."""
    import numpy as np

    chance = np.random.default_rng(SEED)
    return -chance.multivariate_normal(quality, covariance, size=DRAWS, method="cholesky")


def tied_groups(found: Sequence[Standing], judgements: Sequence[Judgement]) -> list[tuple[int, int]]:
    """Places between which nobody can say who is better: (3, 6) says "places 3 to 6 are statistically tied".

    A group begins with the best entry left and goes on while we are not sure (nine of ten) that it is really better.
    Nothing below 30 entries.
    """
    import numpy as np

    if not found or found[0].adjusted is None:
        return []
    ordered = sorted(found, key=lambda it: (it.adjusted_rank, it.entry))
    fit, groups, first = _fit_of(judgements), [], 0
    columns = [fit.place[it.entry] for it in ordered]
    for place in range(1, len(ordered) + 1):
        ends = place == len(ordered)
        if ends or float(np.mean(fit.drawn[:, columns[first]] < fit.drawn[:, columns[place]])) >= SURE:
            if place - first > 1:
                groups.append((first + 1, place))
            first = place
    return groups
