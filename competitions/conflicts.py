"""Who must not judge what, and why: derived from facts whenever it is asked, stored nowhere but as declared.

By person: whoever competes here does not judge here; ties (co-authors, mentor and mentee, relatives), guardianships.
By institution: the same one now, or within three years. And what a juror has declared. Words name no author: they
stand in the audit, and on the page of an author nobody reads them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from competitions.models import Authorship, Competition, DeclaredConflict, Entry, Juror, Review
from members.models import Affiliation, Cluster, Guardianship, Tie

YEARS = 3
COMPETES = _("takes part in this competition as an author")
HAS_SEEN = _("was asked to be an author of it, or was one, and so knows whose it is")
SAME_INSTITUTION = _("belongs to the institution of an author, or did within three years")
TIES = {
    Tie.Kind.CO_AUTHOR: _("is a co-author of an author"),
    Tie.Kind.MENTOR: _("is or was mentor or mentee of an author"),
    Tie.Kind.RELATIVE: _("is a relative or guardian of an author"),
}
DECLARED = _("has declared a conflict of interest")
Pair = tuple[int, int]


@dataclass(frozen=True)
class Side:
    """What is known of one person: who they are, where they belong and did lately, to whom they are bound and how."""

    institutions: frozenset[int]
    ties: dict[int, Any]


def conflicts_between(
    jurors: Collection[Juror], entries: Collection[Entry], unchecked: bool = True
) -> dict[Pair, list[Any]]:
    """For each juror and entry (by their keys) that must not meet, the reasons in words; in eight queries.

    Without the `unchecked`: what was declared and not yet held against their reading does not count.
    """
    authors, of_entry = _authors_of(entries)
    competing, seen = _competing({it.competition_id for it in jurors}), _once_asked(entries)
    sides = _sides({it.person_id for it in jurors} | authors.keys())
    declared = _declared(jurors, unchecked)
    found: dict[Pair, list[Any]] = {}
    for juror in jurors:
        own = sides[juror.person_id]
        for entry in entries:
            facts = [(author, sides[author], of_entry[entry.pk]) for author in authors_of(entry, of_entry)]
            why = _declared_about(declared[juror.pk], entry, facts)
            if juror.person_id in competing[juror.competition_id]:
                why.append(COMPETES)
            if juror.person_id in seen[entry.pk]:
                why.append(HAS_SEEN)
            why += _between(juror.person_id, own, facts)
            if why:
                found[juror.pk, entry.pk] = list(dict.fromkeys(why))
    return found


def authors_of(entry: Entry, of_entry: dict[int, dict[int, set[int]]]) -> Iterable[int]:
    """The keys of an entry's authors, and of those who are asked to be."""
    return of_entry[entry.pk].keys()


def _authors_of(entries: Collection[Entry]) -> tuple[dict[int, None], dict[int, dict[int, set[int]]]]:
    """All authors; and for each entry its authors, each with the institution that they wrote it for."""
    of_entry: dict[int, dict[int, set[int]]] = defaultdict(dict)
    rows = Authorship.objects.standing().filter(entry__in=[it.pk for it in entries])
    for entry, person, institution in rows.values_list("entry", "person", "affiliation__institution"):
        of_entry[entry].setdefault(person, set()).update({institution} - {None})
    return dict.fromkeys(person for rows in of_entry.values() for person in rows), of_entry


def _once_asked(entries: Collection[Entry]) -> dict[int, set[int]]:
    """For each entry, who said no to being its author or is none any more: they have read it under its names."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Authorship.objects.filter(entry__in=[it.pk for it in entries]).exclude(pk__in=Authorship.objects.standing())
    for entry, person in rows.values_list("entry", "person"):
        found[entry].add(person)
    return found


def _competing(competitions: set[int]) -> dict[int, set[int]]:
    """For each competition, whoever wrote what counts in it: they would judge their rivals."""
    found: dict[int, set[int]] = defaultdict(set)
    counted = Entry.objects.counted().filter(competition__in=competitions)
    rows = Authorship.objects.confirmed().filter(entry__in=counted)
    for competition, person in rows.values_list("entry__competition", "person"):
        found[competition].add(person)
    return found


def _sides(people: set[int]) -> dict[int, Side]:
    today = Cluster.current().today()
    institutions: dict[int, set[int]] = defaultdict(set)
    there = Affiliation.objects.filter(Q(state="active") | Q(state="ended", ends_on__gte=_years_before(today)))
    for person, institution in there.filter(person__in=people).values_list("person", "institution"):
        institutions[person].add(institution)
    ties: dict[int, dict[int, Any]] = defaultdict(dict)
    for one, other, said in _bound(people):
        ties[one][other] = ties[other][one] = said
    return {it: Side(frozenset(institutions[it]), ties[it]) for it in people}


def _bound(people: set[int]) -> Iterable[tuple[int, int, Any]]:
    rows = Tie.objects.filter(first__in=people, second__in=people)
    yield from ((one, other, TIES[Tie.Kind(kind)]) for one, other, kind in rows.values_list("first", "second", "kind"))
    said = TIES[Tie.Kind.RELATIVE]
    families = Guardianship.objects.filter(guardian__in=people, child__in=people)
    yield from ((one, other, said) for one, other in families.values_list("guardian", "child"))


def _years_before(day: date) -> date:
    return day.replace(year=day.year - YEARS, day=min(day.day, 28))


def _declared(jurors: Collection[Juror], unchecked: bool) -> dict[int, list[DeclaredConflict]]:
    found: dict[int, list[DeclaredConflict]] = defaultdict(list)
    for it in DeclaredConflict.objects.filter(juror__in=[it.pk for it in jurors]):
        if unchecked or it.checked_at or it.entry_id:
            found[it.juror_id].append(it)
    return found


def _declared_about(rows: list[DeclaredConflict], entry: Entry, authors: list) -> list[Any]:
    for it in rows:
        about_author = any(
            it.person_id == author or (it.institution_id and it.institution_id in side.institutions | own[author])
            for author, side, own in authors
        )
        if it.entry_id == entry.pk or about_author:
            return [DECLARED]
    return []


def _between(person: int, own: Side, authors: list) -> list[Any]:
    why = []
    for author, side, wrote_for in authors:
        if author == person:
            why.append(COMPETES)
        if own.institutions & (side.institutions | wrote_for[author]):
            why.append(SAME_INSTITUTION)
        if author in own.ties:
            why.append(own.ties[author])
    return why


def reviews_in_conflict(reviews: Iterable[Review]) -> dict[Review, list[Any]]:
    """Those of these reviews whose juror must not judge the entry, each with the reasons."""
    by_competition: dict[int, list[Review]] = defaultdict(list)
    for it in reviews:
        by_competition[it.juror.competition_id].append(it)
    found = {}
    for rows in by_competition.values():
        jurors, entries = {it.juror for it in rows}, {it.entry for it in rows}
        conflicts = conflicts_between(jurors, entries)
        found |= {it: why for it in rows if (why := conflicts.get((it.juror_id, it.entry_id)))}
    return found


def given_in_conflict(competition: Competition) -> list[tuple[Review, list[Any]]]:
    """Reviews that were given before a conflict of interest was known: somebody decides whether they count."""
    given = undecided_reviews().completed().filter(juror__competition=competition).select_related("juror__person")
    return list(reviews_in_conflict(given).items())


def undecided_reviews() -> Any:
    """Reviews that are asked for or given in competitions whose results are still to come."""
    rows = Review.objects.standing().filter(juror__competition__in=Competition.objects.undecided())
    return rows.select_related("juror", "entry").order_by("pk")


def reviews_touching(people: Collection[int]) -> Any:
    """Those of them that are given by one of these people (by key), or are about what one of them has written."""
    wrote = Authorship.objects.standing().filter(person__in=people).values("entry")
    competes = Authorship.objects.confirmed().filter(person__in=people).values("entry__competition")
    competing = Q(juror__person__in=people, juror__competition__in=competes)
    return undecided_reviews().filter(Q(juror__person__in=people) | Q(entry__in=wrote) | competing)
