"""Lists that leave the portal as spreadsheets."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.links import absolute
from cluster_portal.sheets import as_csv, as_xlsx
from members.models import Institution


class DirectorySheet:
    """Institutions, a line each. `columns` pairs each heading with what it shows: nothing that the page does not."""

    def __init__(self, institutions: Iterable[Institution]):
        self.institutions = institutions

    def columns(self) -> list[tuple[str, Any]]:
        return [
            (_("Name"), lambda it: it.name),
            (_("Short name"), lambda it: it.short_name),
            (_("Kind"), lambda it: it.get_kind_display()),
            (_("Region"), lambda it: it.region.name if it.region else ""),
            (_("Themes"), lambda it: ", ".join(direction.name for direction in it.directions.all())),
            (_("Standing"), lambda it: Institution.Standing(it.standing).label),
            (_("Website"), lambda it: it.website),
            (_("Page"), lambda it: absolute(it.get_absolute_url())),
        ]

    def headings(self) -> list[str]:
        return [heading for heading, _value in self.columns()]

    def rows(self) -> Iterator[list[Any]]:
        columns = self.columns()
        for it in self.institutions:
            yield [value(it) for _heading, value in columns]

    def xlsx(self) -> bytes:
        return as_xlsx(_("Members"), self.headings(), self.rows())

    def csv(self) -> bytes:
        return as_csv(self.headings(), self.rows())
