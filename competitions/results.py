"""How a competition stands: what each entry got, who is tied with whom, which places are planned, what is missing."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from competitions.models import Competition, Criterion, Entry, Review
from competitions.scoring import Judgement, Standing, score_of, shares_of, standings, tied_groups
from members.models import Person

WINNING = (Entry.Place.FIRST, Entry.Place.SECOND, Entry.Place.THIRD)
LAUREATES = 6  # ranks four to six of a nomination, as they are proposed


@dataclass(frozen=True)
class Line:
    """One admitted entry with what the jury said of it; `standing` is None until a review counts."""

    entry: Entry
    standing: Standing | None
    open_reviews: int = 0

    @property
    def is_judged(self) -> bool:
        return self.standing is not None


def who_judged(competition: Competition) -> QuerySet[Person]:
    """Whoever gave a review that counts, also when they left the jury afterwards; by name. Not who was erased."""
    given = Review.objects.completed().filter(juror__competition=competition).values("juror__person")
    return Person.objects.filter(pk__in=given, erased_at=None).order_by("sort_name", "pk")


@dataclass(frozen=True)
class Results:
    """Everything about the results of one competition, the best entry first."""

    competition: Competition
    lines: list[Line]
    judgements: list[Judgement] = field(repr=False)

    @property
    def adjusted(self) -> bool:
        """Whether there are adjusted scores."""
        return any(it.standing and it.standing.adjusted is not None for it in self.lines)

    @cached_property
    def tied(self) -> list[tuple[str, int, int]]:
        """For each nomination the places by the adjusted score between which nobody can tell who is better."""
        judged: dict[str, list[Standing]] = defaultdict(list)
        for it in self.lines:
            if it.standing:
                judged[it.entry.nomination.title if it.entry.nomination else ""].append(it.standing)
        return [(title, *group) for title, rows in judged.items() for group in tied_groups(rows, self.judgements)]

    def by_rank(self, adjusted: bool) -> list[Line]:
        """The judged lines in the order of their means, or of their adjusted scores."""
        judged = [it for it in self.lines if it.standing]
        return sorted(judged, key=lambda it: (_rank(it.standing, adjusted), it.entry.pk))


def _rank(standing: Standing | None, adjusted: bool) -> int:
    if standing is None:
        return 0
    return standing.adjusted_rank or standing.rank if adjusted else standing.rank


def results_of(competition: Competition) -> Results:
    """How the admitted entries of a competition stand now."""
    criteria = list(competition.criteria.all())
    entries = list(entries_to_judge(competition))
    judgements = judgements_of(competition, criteria)
    found = {it.entry: it for it in standings(judgements, criteria, competition.tie_rule)}
    waiting = Counter(
        Review.objects.assigned().filter(entry__in=[it.pk for it in entries]).values_list("entry", flat=True)
    )
    lines = [Line(it, found.get(it.pk), waiting[it.pk]) for it in entries]
    return Results(competition, sorted(lines, key=_best_first), judgements)


def entries_to_judge(competition: Competition) -> Any:
    """The admitted entries of a competition with their authors."""
    authors = Prefetch("authorships", to_attr="authors", queryset=confirmed_authors())
    return competition.entries.admitted().select_related("nomination").prefetch_related(authors).order_by("pk")


def confirmed_authors() -> Any:
    """Authorships as a list of entries shows them."""
    from competitions.models import Authorship

    rows = Authorship.objects.confirmed().select_related("person", "affiliation__institution")
    return rows.order_by("position", "pk")


def judgements_of(competition: Competition, criteria: list[Criterion]) -> list[Judgement]:
    """The reviews that count, of the entries in the running; one without a score on some criterion is left out."""
    rows = Review.objects.completed().filter(entry__in=competition.entries.admitted())
    given: dict[int, dict[int, int]] = defaultdict(dict)
    for review, criterion, value in rows.values_list("pk", "scores__criterion", "scores__value"):
        given[review][criterion] = value
    wanted = {it.pk for it in criteria}
    return [
        Judgement(entry, juror, score_of(given[pk], criteria), shares_of(given[pk], criteria))
        for pk, entry, juror in rows.order_by("entry", "juror").values_list("pk", "entry", "juror")
        if wanted and wanted <= given[pk].keys()
    ]


def _best_first(line: Line) -> tuple[bool, int, int]:
    return line.standing is None, _rank(line.standing, adjusted=False), line.entry.pk


def proposed_places(results: Results, adjusted: bool) -> dict[int, str]:
    """A place for each judged entry (by key): in each nomination the first three, then laureates, then participants.

    Ranks are counted within the nomination; who shares a rank shares the place.
    """
    places: dict[int, str] = {}
    by_nomination: dict[int | None, list[Line]] = defaultdict(list)
    for line in results.by_rank(adjusted):
        by_nomination[line.entry.nomination_id].append(line)
    for lines in by_nomination.values():
        ranks = [_rank(line.standing, adjusted) for line in lines]
        for line, rank in zip(lines, ranks, strict=True):
            places[line.entry.pk] = _place_at(1 + sum(other < rank for other in ranks))
    return places


def _place_at(rank: int) -> str:
    if rank <= len(WINNING):
        return WINNING[rank - 1]
    return Entry.Place.LAUREATE if rank <= LAUREATES else Entry.Place.PARTICIPANT


def what_is_missing(results: Results) -> list[str]:
    """The sentences that say why the results cannot be published now; none when they can."""
    competition, said = results.competition, []
    if unchecked := competition.entries.submitted().count():
        said.append(
            ngettext(
                "%(n)d entry was neither admitted nor disqualified.",
                "%(n)d entries were neither admitted nor disqualified.",
                unchecked,
            )
            % {"n": unchecked}
        )
    if not results.lines:
        said.append(_("No entry is admitted."))
    if unread := sum(not it.is_judged for it in results.lines):
        said.append(
            ngettext("%(n)d entry has no review yet.", "%(n)d entries have no review yet.", unread) % {"n": unread}
        )
    if unplaced := sum(not it.entry.planned_place for it in results.lines):
        said.append(
            ngettext("%(n)d entry has no place yet.", "%(n)d entries have no place yet.", unplaced) % {"n": unplaced}
        )
    return said
