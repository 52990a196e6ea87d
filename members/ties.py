"""Ties between people: written where they arise, read for conflicts of interest (competitions/conflicts.py)."""

from collections.abc import Collection
from itertools import combinations
from typing import Any

from cluster_portal.hooks import say_bonds_changed
from members.models import Person, Tie


def tie_together(people: Collection[Person], kind: str, about: Any) -> None:
    """Bind each of these people to each other, in the caller's transaction; those who are bound already stay so.

    `about` is where it arose: an entry, a pairing, a guardianship.
    """
    label, number = about._meta.label_lower, about.public_id
    keys = sorted({it.pk for it in people})
    Tie.objects.bulk_create(
        (Tie(first_id=a, second_id=b, kind=kind, about_model=label, about_id=number) for a, b in combinations(keys, 2)),
        ignore_conflicts=True,
    )
    say_bonds_changed(keys)


def merge_ties(kept: Person, gone: Person) -> None:
    """Whoever was bound to one of two entries of a person is bound to the one that is kept; nobody to themself."""
    for tie in Tie.objects.of(gone):
        other = tie.second_id if tie.first_id == gone.pk else tie.first_id
        if other != kept.pk:
            first, second = sorted([kept.pk, other])
            facts = {"kind": tie.kind, "about_model": tie.about_model, "about_id": tie.about_id}
            Tie.objects.get_or_create(first_id=first, second_id=second, **facts, defaults={"noted_at": tie.noted_at})
    Tie.objects.of(gone).delete()
