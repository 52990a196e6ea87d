"""The students of a pairing: whom a teacher may add, who decides for each, and what their words come to."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from members.consent import Deciders, children_kept_by, deciders_at
from members.models import Affiliation, AgePolicy, Cluster, Group, GroupMember, Guardianship, Person
from mentorship.models import Mentor, MentorApproval, Pairing, PairingStudent

State = PairingStudent.State
SHOWN_TO_GUARDIANS = ("about", "help", "contests", "languages", "formats", "weekdays", "hours_a_month")


def come_to(deciders: Deciders, guardians: Collection[int], said: dict[int, bool], own: int) -> State:
    """What the last words (person → yes or no) come to.

    One guardian's yes suffices, of those who decide today. Any no blocks while guardians decide, also of who is a
    guardian no more: else ending a guardianship would be a way around it. From the age on at which a student decides
    too, their own word counts beside it, and alone once they are of age.
    """
    no_of_guardian = deciders.guardians and any(not yes for person, yes in said.items() if person != own)
    if no_of_guardian or (deciders.themself and said.get(own) is False):
        return State.REFUSED
    guardian_is_missing = deciders.guardians and not any(said.get(it) for it in guardians if it != own)
    own_is_missing = deciders.themself and not said.get(own)
    return State.ASKED if guardian_is_missing or own_is_missing else State.APPROVED


@dataclass(frozen=True)
class Deciding:
    """Who decides for one student today (`guardians` by key, and whether they themself), and what each said last."""

    own: int
    deciders: Deciders
    guardians: frozenset[int]
    said: dict[int, bool] = field(default_factory=dict)
    profiles: dict[int, str] = field(default_factory=dict)  # what each of these words was about (`profile_of`)

    @property
    def people(self) -> set[int]:
        """Everybody whose word counts."""
        guardians = set(self.guardians) if self.deciders.guardians else set()
        return guardians | ({self.own} if self.deciders.themself else set())

    @property
    def silent(self) -> set[int]:
        """Whose word is missing."""
        return self.people - self.said.keys()

    @property
    def state(self) -> State:
        """What the words come to."""
        return come_to(self.deciders, self.guardians, self.said, self.own)

    @property
    def lacks_guardian(self) -> bool:
        """Whether a guardian decides, and there is none who can: the mentor's own word is none."""
        return self.deciders.guardians and not self.guardians

    def agreed_to(self, profile: str) -> set[int]:
        """Who said yes to a mentor who says something else of themself today."""
        return {it for it in self.people if self.said.get(it) and self.profiles.get(it, profile) != profile}


def profile_of(mentor: Mentor) -> str:
    """A digest of what guardians read of a mentor before they decide."""
    said = {name: getattr(mentor, name) for name in SHOWN_TO_GUARDIANS}
    said["directions"] = sorted(it.pk for it in mentor.directions.all())
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _guardians_of(children: Collection[int]) -> dict[int, frozenset[int]]:
    """Of these people (by key) the guardians of each who are there: a yes of who is kept out counts no more."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = Guardianship.objects.now().filter(child__in=children, guardian__suspended_at=None, guardian__erased_at=None)
    for child, guardian in rows.values_list("child", "guardian"):
        found[child].add(guardian)
    return {child: frozenset(people) for child, people in found.items()}


def deciding_for(students: Collection[PairingStudent]) -> dict[int, Deciding]:
    """Of these students (by key of the row) who decides and what they said, in two queries whatever their number.

    The mentor decides about no student of theirs, whoever's guardian they are.
    """
    today, policy = Cluster.current().today(), AgePolicy.current()
    deciders = {it.person_id: deciders_at(it.person.age_on(today), policy) for it in students}
    guardians = _guardians_of([child for child, theirs in deciders.items() if theirs.guardians])
    words = _words_about(students)
    return {
        it.pk: Deciding(
            it.person_id,
            deciders[it.person_id],
            guardians.get(it.person_id, frozenset()) - {it.pairing.mentor.person_id},
            {person: word.granted for person, word in words[it.pk].items()},
            {person: word.profile for person, word in words[it.pk].items() if word.profile},
        )
        for it in students
    }


def _words_about(students: Collection[PairingStudent]) -> dict[int, dict[int, MentorApproval]]:
    """The last word of each person about each student (by key of the row), of those that count."""
    rows = {it.pk: it for it in students}
    last = MentorApproval.objects.filter(student__in=list(rows)).order_by("student_id", "by_id", "-at", "-pk")
    words: dict[int, dict[int, MentorApproval]] = defaultdict(dict)
    for it in last.distinct("student_id", "by_id"):
        since = rows[it.student_id].yes_counts_from if it.granted else rows[it.student_id].no_counts_from
        if since is None or it.at >= since:
            words[it.student_id][it.by_id] = it
    return words


def noes_of(students: Collection[PairingStudent]) -> dict[int, set[int]]:
    """Who (by key) says no about each of these students (by key of the row), whoever decides today."""
    words = _words_about(students)
    return {it.pk: {person for person, word in words[it.pk].items() if not word.granted} for it in students}


def is_let_in(student: PairingStudent, deciding: Deciding) -> bool:
    """Whether a student takes part as far as words go: the state, and while it is under way the words of today.

    A suspended guardian's yes, or a birthday, is so counted before the state has followed.
    """
    stands = student.pairing.state != Pairing.State.ACTIVE or deciding.state == State.APPROVED
    return student.state == State.APPROVED and stands


def may_be_added(pairing: Pairing) -> QuerySet[Person]:
    """The students whom the teacher of a pairing keeps in classes, or at the school that asked; who is not in it."""
    teacher, school = pairing.request.by, pairing.request.affiliation.institution_id
    members = GroupMember.objects.now().filter(Q(group__keepers=teacher) | Q(group__institution=school))
    learners = Affiliation.objects.active().filter(role=Affiliation.Role.STUDENT, institution=school)
    near = Q(pk__in=members.values("person")) | Q(pk__in=learners.values("person"))
    there = pairing.students.not_left().values("person")
    kept = children_kept_by(teacher).active().filter(near)
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
