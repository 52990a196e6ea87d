"""What comes of a pasted class list, line by line, before anybody is entered."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from cluster_portal.search import folded
from members.models import Group, GroupMember, Person
from members.pasted import PastedPerson, pasted_lines, read_student, twice


@dataclass(frozen=True)
class Listed:
    """One line and its verdict. `well` lines are entered; the others stay in the list, to be corrected."""

    said: PastedPerson
    well: bool
    verdict: str
    tone: str


def judge_class_list(text: str, group: Group, by: Person) -> list[Listed]:
    """A verdict for each line of a pasted class list, as the action that enters them would decide."""
    people = [read_student(line) for line in pasted_lines(text)]
    students, known = Person.objects.students_of(group.institution), defaultdict(list)
    for it in students:
        known[folded(it.family_name, it.given_name)].append(it)
    here = set(group.memberships.now().values_list("person", flat=True))
    far, again = only_with_others(students.values("pk"), by), twice(people, _who)
    return [_judge(it, number in again, known[_who(it)[0]], here, far) for number, it in enumerate(people)]


def _who(it: PastedPerson) -> tuple:
    return folded(it.family_name, it.given_name), it.birth_date


def _judge(it: PastedPerson, again: bool, named: list[Person], here: set[int], far: set[int]) -> Listed:
    if it.problem:
        return Listed(it, False, it.problem, "bad")
    if again:
        return Listed(it, False, _("Twice in this list."), "neutral")
    known = same_among(named, it.birth_date)
    if len(known) > 1:
        return Listed(it, False, _("Several students are called like that. Give the birth date."), "attention")
    if known and known[0].pk in far and not is_proved(known[0], it):
        return Listed(it, False, in_classes_of_others(), "attention")
    if known and known[0].pk in here:
        return Listed(it, False, _("Is in the class already."), "neutral")
    if known:
        return Listed(it, True, _("A student of the institution already: is put into the class."), "good")
    if it.birth_date is None:
        return Listed(it, True, _("Will be entered. The age stays unknown."), "attention")
    return Listed(it, True, _("Will be entered."), "good")


def only_with_others(people: Any, by: Person) -> set[int]:
    """Of these students (by key), those who stand in classes of others only: a name gives nobody their record."""
    groups, there = Group.objects.current(), GroupMember.objects.now().filter(person__in=people)
    visible = there.filter(group__in=groups.visible_to(by)).values_list("person", flat=True)
    return set(there.filter(group__in=groups).values_list("person", flat=True)) - set(visible)


def in_classes_of_others() -> str:
    """What somebody is told who names such a student without the birth date."""
    return _("This student is in a class of other teachers. Give the right birth date, or ask your contact person.")


def is_proved(person: Person, said: PastedPerson) -> bool:
    """Whether somebody who says this knows the student: by the birth date, which a name alone does not give."""
    return person.birth_date is not None and person.birth_date == said.birth_date


def same_among(named: list[Person], born: date | None) -> list[Person]:
    """Of people with the same name those who are meant: by birth date where both are known."""
    exact = [it for it in named if it.birth_date and it.birth_date == born]
    return exact or [it for it in named if it.birth_date is None or born is None]
