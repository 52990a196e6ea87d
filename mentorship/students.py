"""The students of a pairing: whom a teacher may add, who decides for each, and what their words come to."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from members.consent import Deciders, children_kept_by, deciders_at, first_name_and_initial
from members.models import AgePolicy, Cluster, Group, GroupMember, Guardianship, Person
from mentorship.models import MentorApproval, Pairing, PairingStudent

State = PairingStudent.State


def come_to(deciders: Deciders, guardians: Collection[int], said: dict[int, bool], own: int) -> State:
    """What the last words (person → yes or no) come to, of those who decide today.

    One guardian's yes suffices, any no blocks; from the age on at which a student decides too, their own word counts
    beside it, and alone once they are of age.
    """
    counting = {person: said[person] for person in _who(deciders, guardians, own) if person in said}
    if not all(counting.values()):
        return State.REFUSED
    guardian_is_missing = deciders.guardians and not any(counting.get(it) for it in guardians)
    own_is_missing = deciders.themself and not counting.get(own)
    return State.ASKED if guardian_is_missing or own_is_missing else State.APPROVED


def _who(deciders: Deciders, guardians: Collection[int], own: int) -> set[int]:
    return (set(guardians) if deciders.guardians else set()) | ({own} if deciders.themself else set())


@dataclass(frozen=True)
class Deciding:
    """Who decides for one student today (`guardians` by key, and whether they themself), and what each said last."""

    own: int
    deciders: Deciders
    guardians: frozenset[int]
    said: dict[int, bool] = field(default_factory=dict)

    @property
    def people(self) -> set[int]:
        """Everybody whose word counts."""
        return _who(self.deciders, self.guardians, self.own)

    @property
    def silent(self) -> set[int]:
        """Whose word is missing."""
        return self.people - self.said.keys()

    @property
    def state(self) -> State:
        """What the words come to."""
        return come_to(self.deciders, self.guardians, self.said, self.own)


def guardians_of(children: Iterable[Person]) -> dict[int, frozenset[int]]:
    """Of these people (by key) the guardians who decide for each today: none for who decides alone."""
    today, policy = Cluster.current().today(), AgePolicy.current()
    young = [it.pk for it in children if deciders_at(it.age_on(today), policy).guardians]
    found: dict[int, set[int]] = defaultdict(set)
    rows = Guardianship.objects.now().filter(child__in=young, guardian__suspended_at=None, guardian__erased_at=None)
    for child, guardian in rows.values_list("child", "guardian"):
        found[child].add(guardian)
    return {child: frozenset(people) for child, people in found.items()}


def deciding_for(students: Collection[PairingStudent]) -> dict[int, Deciding]:
    """Of these students (by key of the row) who decides and what they said, in two queries whatever their number."""
    today, policy = Cluster.current().today(), AgePolicy.current()
    guardians = guardians_of([it.person for it in students])
    last = MentorApproval.objects.filter(student__in=students).order_by("student_id", "by_id", "-at", "-pk")
    said: dict[int, dict[int, bool]] = defaultdict(dict)
    for it in last.distinct("student_id", "by_id"):
        said[it.student_id][it.by_id] = it.granted
    return {
        it.pk: Deciding(
            it.person_id,
            deciders_at(it.person.age_on(today), policy),
            guardians.get(it.person_id, frozenset()),
            said[it.pk],
        )
        for it in students
    }


def may_be_added(pairing: Pairing) -> QuerySet[Person]:
    """The students whom the teacher of a pairing keeps, and who are not in it."""
    kept = children_kept_by(pairing.request.by).active()
    there = pairing.students.not_left().values("person")
    return kept.exclude(pk__in=there).exclude(pk=pairing.mentor.person_id).order_by("sort_name", "pk")


def by_class(people: QuerySet[Person], teacher: Person, most: int) -> list[tuple[str, list[Person]]]:
    """The first of these people under the classes that the teacher keeps or sees, each once; who is in none last."""
    shown = {it.pk: it for it in people.order_by("sort_name", "pk")[:most]}
    members = GroupMember.objects.now().filter(group__in=Group.objects.current().visible_to(teacher), person__in=shown)
    found: dict[str, list[Person]] = {}
    for it in members.select_related("group").order_by("group__stage", "group__name", "person__sort_name", "pk"):
        if it.person_id in shown:
            found.setdefault(str(it.group), []).append(shown.pop(it.person_id))
    return [*found.items(), *([(_("In no class"), list(shown.values()))] if shown else [])]


def called(person: Person, reader: Person, teacher: Person, children: Collection[int] = ()) -> str:
    """What somebody in a pairing reads for a student: the whole name for whoever knows it, else name and initial."""
    knows = reader.pk in {person.pk, teacher.pk} or person.pk in children
    return person.full_name if knows else first_name_and_initial(person)
