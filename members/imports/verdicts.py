"""What the portal thinks of one row of a list."""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from members.imports.cells import Unusable
from members.imports.reading import is_filled
from members.models import ImportRow

Sort = ImportRow.Sort


@dataclass
class Judged:
    """One row: where it stands, what it says, what comes of it and why."""

    number: int
    row: list[Any]
    facts: dict[str, Any] = field(default_factory=dict)
    sort: Sort = Sort.NEW
    said: str = ""
    known: Any = None
    changes: dict[str, Any] = field(default_factory=dict)
    mails: bool = False

    @property
    def shown(self) -> str:
        """What the row says, in a line; the row as it came where nothing could be made of it."""
        plain = " · ".join(str(value) for value in self.row if is_filled(value))[:120]
        return str(self.facts.get("shown", "")) or plain

    def reject(self, why: str) -> None:
        self.sort, self.said, self.mails = Sort.REJECTED, why, False


def check_fields(model: type[models.Model], values: dict[str, Any], labels: dict[str, str]) -> None:
    """What the model itself says about single values: their length, and signs that do not belong there."""
    for name, value in values.items():
        if value:
            try:
                model._meta.get_field(name).clean(value, None)
            except ValidationError as error:
                raise Unusable(f"{labels[name]}: {error.messages[0]}") from None
