"""The figures of mentorship in words: tables that the desk shows and a spreadsheet holds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from members.few_people import is_few
from members.models import Institution
from mentorship.clock import Owes
from mentorship.figures import Ages, Load, Pairs
from mentorship.models import Mentor, Outcome
from mentorship.statistics import Waits

Cell = str | int


@dataclass(frozen=True)
class Table:
    """A small table: the first heading stands above what its rows are about."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    @property
    def lines(self) -> Iterator[tuple[Cell, list[tuple[str, Cell]]]]:
        """Each row as its head, and its cells with their headings."""
        for head, *cells in self.rows:
            yield head, list(zip(self.headings[1:], cells, strict=True))

    @property
    def sheet(self) -> tuple[str, Sequence[str], Sequence[Sequence[Cell]]]:
        """The same for a spreadsheet."""
        return self.title, self.headings, self.rows


def days_in_words(days: int | None, none: str) -> str:
    """A number of days; `none` where there is no number."""
    if days is None:
        return none
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days} if days else _("the same day")


def ages_table(ages: Ages) -> Table:
    """Who owes how many answers, and for how long."""
    owners = [Owes.COORDINATOR, Owes.MENTOR, Owes.TEACHER]
    words = {Owes.COORDINATOR: _("coordinator"), Owes.MENTOR: _("mentor"), Owes.TEACHER: _("teacher")}
    heads = [*_spans(ages.limits), _("past the time to answer")]
    rows: list[list[Cell]] = [
        [head, *(counted[owner] for owner in owners), sum(counted.values())]
        for head, counted in zip(heads, ages.classes, strict=True)
    ]
    note = ""
    if ages.longest is not None:
        note = ngettext(
            "Whoever waits longest for a mentor asked %(n)d day ago.",
            "Whoever waits longest for a mentor asked %(n)d days ago.",
            ages.longest,
        ) % {"n": ages.longest}
    headings = [_("The answer is owed for"), *(capfirst(words[owner]) for owner in owners), _("All")]
    return Table(_("What waits for an answer"), headings, rows, note)


def _spans(limits: Sequence[int]) -> list[str]:
    firsts = [0, *(limit + 1 for limit in limits[:-1])]
    spans = zip(firsts, limits, strict=True)
    return [_("%(first)d to %(last)d days") % {"first": first, "last": last} for first, last in spans]


def times_table(first: Waits, agreement: Waits) -> Table:
    """How long answers take."""
    headings = [_("From asking"), _("Requests"), _("Answered"), _("Half of them within"), _("Nine of ten within")]
    rows = [
        _times(_("until a mentor is asked, or the search ends"), first),
        _times(_("until mentor and teacher agree"), agreement),
    ]
    note = _("Requests that still wait count with the time they have waited so far, so slow answers are not left out.")
    return Table(_("How long it takes"), headings, rows, note)


def _times(title: str, waits: Waits) -> list[Cell]:
    if waits.are_few:
        return [title, waits.count, waits.answered, _("too few answers"), _("too few answers")]
    said = [days_in_words(it, none=_("not yet")) for it in (waits.median, waits.p90)]
    return [title, waits.count, waits.answered, *said]


def load_table(load: Load) -> Table:
    """How many mentors are how full."""
    rows: list[list[Cell]] = [
        [_("have no place free"), load.full],
        [_("have taken on somebody, and have places free"), load.some],
        [_("have nobody yet"), load.free],
        [_("take nobody at the moment (paused)"), load.paused],
    ]
    return Table(_("Load of mentors"), [_("Mentors who"), _("How many")], rows)


def pairs_table(pairs: Pairs) -> Table:
    """How the pairings go."""
    rows: list[list[Cell]] = [
        [_("are under way"), pairs.active],
        [_("were asked whether they meet"), pairs.nudged],
        [_("do not meet"), pairs.stalled],
        [_("were completed"), pairs.completed],
        [_("were ended early"), pairs.dissolved],
    ]
    return Table(_("Pairings"), [_("Pairings that"), _("How many")], rows)


def outcomes_table(found: dict[str, Any]) -> Table:
    """What students reached, by level and place; it says how often, not who."""
    level, place = dict(Outcome.Level.choices), dict(Outcome.Place.choices)
    rows: list[list[Cell]] = [
        [str(level[key]), *(counted[one] for one in place), sum(counted.values())] for key, counted in found.items()
    ]
    headings = [pgettext("contest", "Level"), *(str(word) for word in place.values()), _("All")]
    return Table(_("Outcomes"), headings, rows)


def students_in_words(count: int) -> Cell:
    """How many students; one or two are not counted out, because they could be recognised."""
    return _("1 or 2") if is_few(count) else count


def institutions_table(institutions: Iterable[Institution]) -> Table:
    """What each institution asked for, and what came of it (`institutions_of`)."""
    headings = [
        _("Institution"), _("Kind"), _("Requests"), _("with a mentor"), _("wait"), _("Its mentors"), _("Outcomes"),
        _("Students in them"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [it.name, str(it.get_kind_display()), *_numbers(it), students_in_words(getattr(it, "student_count", 0))]
        for it in institutions
    ]
    return Table(_("Institutions"), headings, rows)


def _numbers(it: Any) -> list[Cell]:
    return [it.asked, it.served, it.waiting, it.mentor_count, it.outcome_count]


def mentors_table(mentors: Iterable[Mentor]) -> Table:
    """How full each mentor (`with_loads`, `with_people`) is."""
    headings = [
        pgettext("person", "Name"), _("Institution"), _("State"), _("Taken"), _("Places"), _("Hours a month"),
        _("Cleared for minors until"),
    ]  # fmt: skip
    return Table(_("Mentors"), headings, [_mentor(it) for it in mentors])


def _mentor(it: Any) -> list[Cell]:
    work = ", ".join(str(one.institution) for one in it.person.current)
    until = it.clearance_until.isoformat() if it.clearance_until else ""
    return [it.person.full_name, work, str(it.get_state_display()), it.taken, it.places, it.hours_a_month, until]
