"""The order in which people count: region 2 before region 10."""

from django.db.models import Func, Value
from django.db.models.functions import Lower

DIGITS = 6


class _Replaced(Func):
    function = "regexp_replace"


def naturally(column: str) -> Func:
    """A column of names to order by: each number in it counts as a number."""
    longer = _Replaced(Lower(column), Value(r"(\d+)"), Value("0" * DIGITS + r"\1"), Value("g"))
    return _Replaced(longer, Value(rf"\d*(\d{{{DIGITS}}})(?!\d)"), Value(r"\1"), Value("g"))
