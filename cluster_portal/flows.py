"""Flow problems: linear programmes whose optimal corners are whole numbers, solved by HiGHS. No database.

Who reads which entry (competitions) and who mentors whom (mentorship) are network flows: every column takes one from a
row and gives it to another, so the matrix is totally unimodular, and the simplex method ends in a corner of whole
numbers. They are rounded, and every equation is checked: nothing ever rests on a rounding.
"""

from typing import NamedTuple


class Corner(NamedTuple):
    """An optimal corner: the value of each column in whole numbers, and what one more of each row would cost."""

    values: list[int]
    prices: dict[str, float]


class Flow:
    """A linear programme: equations for rows, columns between 0 and a limit. The same one has the same corner."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.sides: list[float] = []
        self.costs: list[float] = []
        self.limits: list[float] = []
        self.starts: list[int] = [0]
        self.index: list[int] = []
        self.value: list[float] = []

    def row(self, name: str, side: float) -> None:
        """An equation: what its columns come to."""
        self.rows[name] = len(self.sides)
        self.sides.append(float(side))

    def column(self, parts: dict[str, float], cost: float, limit: float = 1.0) -> None:
        """What is to be found: in which rows it counts, and what each unit of it costs."""
        self.index += [self.rows[name] for name in parts]
        self.value += parts.values()
        self.starts.append(len(self.index))
        self.costs.append(float(cost))
        self.limits.append(float(limit))

    def solved(self) -> Corner:
        """The corner of least cost."""
        import highspy  # here, because it takes memory that most processes never need

        solver = highspy.Highs()
        for option, value in (("output_flag", False), ("solver", "simplex"), ("threads", 1), ("random_seed", 0)):
            solver.setOptionValue(option, value)
        solver.passModel(self._programme())
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise ArithmeticError(f"HiGHS ended with {solver.getModelStatus()}.")
        solution = solver.getSolution()
        values = [round(it) for it in solution.col_value]
        self._check(values)
        return Corner(values, dict(zip(self.rows, solution.row_dual, strict=True)))

    def _programme(self):  # type: ignore[no-untyped-def]
        import highspy
        import numpy

        programme = highspy.HighsLp()
        programme.num_col_, programme.num_row_ = len(self.costs), len(self.sides)
        programme.col_cost_ = numpy.array(self.costs)
        programme.col_lower_, programme.col_upper_ = numpy.zeros(len(self.costs)), numpy.array(self.limits)
        programme.row_lower_ = programme.row_upper_ = numpy.array(self.sides)
        programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        programme.a_matrix_.start_ = numpy.array(self.starts)
        programme.a_matrix_.index_ = numpy.array(self.index)
        programme.a_matrix_.value_ = numpy.array(self.value)
        return programme

    def _check(self, values: list[int]) -> None:
        """Rounded to whole numbers, every equation still holds, and no column is below 0 or above its limit."""
        sums = [0.0] * len(self.sides)
        for column, value in enumerate(values):
            for at in range(self.starts[column], self.starts[column + 1]):
                sums[self.index[at]] += self.value[at] * value
        if sums != self.sides or not all(0 <= it <= most for it, most in zip(values, self.limits, strict=True)):
            raise ArithmeticError("The solution of HiGHS is not one in whole numbers.")
