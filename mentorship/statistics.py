"""Numbers of mentorship without a database: how long somebody waits, and how old what waits is.

**How long until an answer.** Whoever still waits is no less slow for not having been answered yet: a mean over the
answered ones alone would praise a desk that answers the easy half. So waits that are not over count as long as they
are known to last, by the product-limit estimator of Kaplan and Meier (“Nonparametric estimation from incomplete
observations”, Journal of the American Statistical Association 53, 1958, pp. 457–481):

    S(t) = ∏ over days d ≤ t on which answers came of (1 − answers on d / requests that waited until d)

S(t) is the share that waits longer than t days; the p-quantile is the first day t with S(t) ≤ 1 − p. Where nobody waits
any more this is the ordinary quantile: the first day by which a share p of all was answered. A request that will never
be answered (the search has ended) waits for ever: it never leaves the denominator (the cumulative incidence of
answers, with ending as its competing event; Aalen and Johansen 1978). One that was withdrawn is known to have waited
until that day.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

NEVER = math.inf
FEWEST_ANSWERS = 5  # of fewer, one more answer could turn the picture
FIRST_DAYS = (3, 7, 14, 30)


@dataclass(frozen=True)
class Wait:
    """How many days a request has waited, and whether that ended with an answer."""

    days: float
    is_answered: bool


@dataclass(frozen=True)
class Waits:
    """What is said of many waits; a quantile that is not reached yet is None."""

    count: int
    answered: int
    median: int | None
    p90: int | None

    @property
    def are_few(self) -> bool:
        """Whether so few were answered that their quantiles say little."""
        return self.answered < FEWEST_ANSWERS


def quantile(waits: Collection[Wait], share: Fraction) -> int | None:
    """The day by which this share of the requests was answered; None while it is not known."""
    answers = Counter(it.days for it in waits if it.is_answered)
    left = sorted(it.days for it in waits)
    waiting, index = Fraction(1), 0
    for day in sorted(answers):
        while index < len(left) and left[index] < day:
            index += 1
        waiting *= 1 - Fraction(answers[day], len(left) - index)
        if waiting <= 1 - share:
            return int(day)
    return None


def waits_of(waits: Collection[Wait]) -> Waits:
    """Median and ninth decile of waits, and of how many."""
    answered = sum(it.is_answered for it in waits)
    return Waits(len(waits), answered, quantile(waits, Fraction(1, 2)), quantile(waits, Fraction(9, 10)))


def age_limits(answer_days: int) -> list[int]:
    """The last days of the classes of age of what is answered in time; what is late is a class of its own."""
    return [*(day for day in FIRST_DAYS if day < answer_days), answer_days]


def age_class(days: int, is_late: bool, limits: Sequence[int]) -> int:
    """The number of the class of age; late ones are in the last, whatever their age."""
    if is_late:
        return len(limits)
    return next((place for place, limit in enumerate(limits) if days <= limit), len(limits) - 1)
