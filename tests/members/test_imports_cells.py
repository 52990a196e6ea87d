"""One bad cell costs its own row, and no other."""

import pytest

from members.imports import cells
from tests.members.test_imports import HERE, NEW, loaded

pytestmark = pytest.mark.django_db

LONG = "a" * 60 + "@" + ".".join(["b" * 60] * 3) + ".example.org"


def test_one_cell_that_is_far_too_long_costs_its_own_row_only(cast):
    text = HERE + "a@example.org;Aa;B;;\n" + f"{LONG};Bb;C;;\n" + "c@example.org;Cc;D;;\n"
    assert len(LONG) == 254 + 1
    assert [sort for sort, _said in loaded("people", text, cast.contact, cast.school)] == ["new", "rejected", "new"]


def test_a_row_that_the_database_cannot_keep_is_rejected_with_its_reason(cast, monkeypatch):
    monkeypatch.setattr(cells, "is_address", lambda text: True)
    text = HERE + f"{LONG};Bb;C;;\n" + "c@example.org;Cc;D;;\n"
    rows = loaded("people", text, cast.contact, cast.school)
    assert rows == [
        ("rejected", "The portal cannot keep this row as it is. Look for a cell that is far too long."),
        NEW,
    ]
