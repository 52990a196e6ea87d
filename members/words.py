"""Institutions in words: how many of each kind."""

from collections.abc import Iterable
from itertools import groupby

from django.utils.translation import ngettext

from members.models import Institution

Kind = Institution.Kind
COUNTED = {
    Kind.UNIVERSITY: lambda n: ngettext("%(n)s university", "%(n)s universities", n),
    Kind.METHODOLOGY_CENTRE: lambda n: ngettext("%(n)s methodology centre", "%(n)s methodology centres", n),
    Kind.SCHOOL: lambda n: ngettext("%(n)s school", "%(n)s schools", n),
    Kind.KINDERGARTEN: lambda n: ngettext("%(n)s kindergarten", "%(n)s kindergartens", n),
    Kind.COLLEGE: lambda n: ngettext("%(n)s college", "%(n)s colleges", n),
    Kind.SUPPLEMENTARY: lambda n: ngettext(
        "%(n)s centre of supplementary education", "%(n)s centres of supplementary education", n
    ),
    Kind.COMPANY: lambda n: ngettext("%(n)s company", "%(n)s companies", n),
    Kind.AUTHORITY: lambda n: ngettext("%(n)s public authority", "%(n)s public authorities", n),
    Kind.ASSOCIATION: lambda n: ngettext("%(n)s association", "%(n)s associations", n),
}


def counted(kind: str, number: int) -> str:
    """So many institutions of a kind: "7 schools"."""
    return COUNTED[Kind(kind)](number) % {"n": number}


def by_kind(institutions: Iterable[Institution]) -> list[dict]:
    """Institutions in groups of one kind, in the order in which the kinds are declared; each group with its words."""
    order = list(Kind)
    ordered = sorted(institutions, key=lambda it: order.index(Kind(it.kind)))
    groups = [(kind, list(rows)) for kind, rows in groupby(ordered, lambda it: it.kind)]
    return [{"kind": kind, "words": counted(kind, len(rows)), "institutions": rows} for kind, rows in groups]
