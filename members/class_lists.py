"""What comes of a pasted class list, line by line, before anybody is entered."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cluster_portal.search import folded
from members.models import Group, Person
from members.pasted import PastedPerson, pasted_lines, read_student, twice


@dataclass(frozen=True)
class Listed:
    """One line and its verdict. `well` lines are entered; the others stay in the list, to be corrected."""

    said: PastedPerson
    well: bool
    verdict: str
    tone: str


def judge_class_list(text: str, group: Group) -> list[Listed]:
    """A verdict for each line of a pasted class list."""
    people = [read_student(line) for line in pasted_lines(text)]
    known: dict[str, list[Person]] = {}
    for it in Person.objects.students_of(group.institution):
        known.setdefault(folded(it.family_name, it.given_name), []).append(it)
    here = set(group.memberships.now().values_list("person", flat=True))
    again = twice(people, _who)
    return [_judge(it, number in again, known.get(_who(it)[0], []), here) for number, it in enumerate(people)]


def _who(it: PastedPerson) -> tuple:
    return folded(it.family_name, it.given_name), it.birth_date


def _judge(it: PastedPerson, again: bool, named: list[Person], here: set[int]) -> Listed:
    if it.problem:
        return Listed(it, False, it.problem, "bad")
    if again:
        return Listed(it, False, _("Twice in this list."), "neutral")
    known = same_among(named, it)
    if len(known) > 1:
        return Listed(it, False, _("Several students are called like that. Give the birth date."), "attention")
    if known and known[0].pk in here:
        return Listed(it, False, _("Is in the class already."), "neutral")
    if known:
        return Listed(it, True, _("A student of the institution already: is put into the class."), "good")
    if it.birth_date is None:
        return Listed(it, True, _("Will be entered. The age stays unknown."), "attention")
    return Listed(it, True, _("Will be entered."), "good")


def same_among(named: list[Person], said: PastedPerson) -> list[Person]:
    """Of people with the same name those who are meant: by birth date where both are known."""
    exact = [it for it in named if it.birth_date and it.birth_date == said.birth_date]
    return exact or [it for it in named if it.birth_date is None or said.birth_date is None]
