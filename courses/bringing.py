"""Who of a class can be brought to a run, and how many places are free for them: one answer for page and action."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.allotment import Allotment
from courses.models import Pool, Run
from courses.opening import why_not_now
from members.audience import (
    has_stages,
    roles_in_words,
    stages_in_words,
    stages_of,
    why_institution_not_addressed,
    why_not_of_this_stage,
)
from members.consent import State, children_among, states_of, without_guardian
from members.models import Affiliation, Cluster, Group, Person, Purpose
from members.taking_part import Right, right_through
from members.traffic_lights import children_of

Role = Affiliation.Role
OTHERS_SHOWN, OTHERS_READ = 5, 20


@dataclass(frozen=True)
class ClassStudent:
    """Somebody of a class: through which affiliation they would take part, or why they cannot.

    `consent` is where the consent to taking part stands; None for those who need none. `unguarded`: a guardian
    decides, and nobody is named.
    """

    person: Person
    affiliation: Affiliation | None
    why_not: str
    consent: State | None
    unguarded: bool

    @property
    def fits(self) -> bool:
        return not self.why_not


def may_bring(person: Person, run: Run) -> bool:
    """Whether the page of a run offers to bring a class: to those who may keep one, while students can enrol."""
    works = person.is_coordinator or any(it.role != Role.STUDENT for it in person.active_affiliations)
    return works and not why_not_now(run, now()) and (not run.roles or Role.STUDENT in run.roles)


def students_of(run: Run, group: Group) -> list[ClassStudent]:
    """Each student of a class, by name, and whether they can be brought to a run: in a fixed number of queries."""
    people = children_of(group)
    keys = [it.pk for it in people]
    there = Affiliation.objects.active().filter(person__in=keys, institution=group.institution_id, role=Role.STUDENT)
    affiliations = {it.person_id: it for it in there}
    stages = stages_of(keys) if has_stages(run) else {}
    in_run = set(run.enrolments.live().filter(person__in=keys).values_list("person", flat=True))
    refused = set(run.enrolments.not_approved().filter(person__in=keys).values_list("person", flat=True))
    children, unguarded = set(children_among(keys)), without_guardian(people)
    states = states_of(keys, [Purpose.TAKING_PART])
    students = []
    for person in people:
        consent = states[person.pk, Purpose.TAKING_PART] if person.pk in children else None
        if person.pk in in_run:
            why_not = _("Is in this run already.")
        elif person.pk in refused:
            why_not = _("Was not approved here.")
        elif person.pk not in affiliations:
            why_not = _("Is not a student of the institution any more.")
        elif why_not_of_this_stage(stages.get(person.pk, set()), run):
            why_not = _("The run is for %(stages)s.") % {"stages": stages_in_words(run)}
        elif consent in {State.REFUSED, State.WITHDRAWN}:
            why_not = _("Consent to taking part was refused.")
        else:
            why_not = ""
        is_unguarded = person.pk in children and person.pk in unguarded
        students.append(ClassStudent(person, affiliations.get(person.pk), why_not, consent, is_unguarded))
    return students


def right_of_class(run: Run, group: Group) -> Right:
    """The right by which students of an institution take part in a run now, or why no class of it can be brought."""
    if closed := why_not_now(run, now()):
        return Right(missing=closed)
    if run.roles and Role.STUDENT not in run.roles:
        said = _("This run is for: %(roles)s. No class can be brought to it.")
        return Right(missing=said % {"roles": roles_in_words(run)})
    if elsewhere := why_institution_not_addressed(group.institution, run):
        return Right(missing=elsewhere)
    student = Affiliation(institution=group.institution, role=Role.STUDENT, state=Affiliation.State.ACTIVE)
    return right_through(student, run, Cluster.current().today())


def free_places(pool: Pool, group: Group, right: Right) -> int:
    """How many places of a pool are free for students of the class's institution."""
    return Allotment(pool, Cluster.current().today()).free_for(group.institution_id, right.limit)


def others_with_room(run: Run, group: Group, wanted: int) -> list[tuple[Run, int]]:
    """Other runs of the course that the class could be brought to as a whole, each with its free places.

    Of those with room at all the first are looked at closely: each asks for the right, and whose its places are.
    """
    found = []
    with_room = Pool.objects.filter(places__gte=F("taken") + wanted).order_by()
    others = run.course.runs.open_on(now()).filter(pools__in=with_room).exclude(pk=run.pk).distinct()
    for other in others.for_lists().order_by("first_start", "pk")[:OTHERS_READ]:
        other.course = run.course
        right = right_of_class(other, group)
        if right.holds:
            free = max((free_places(pool, group, right) for pool in other.pools.all()), default=0)
            if free >= wanted:
                found.append((other, free))
        if len(found) == OTHERS_SHOWN:
            break
    return found


def too_few_places(free: int, wanted: int, group: Group) -> str:
    """What is said when a class does not fit as a whole: how many places there are, and what helps."""
    counts = {"free": free, "wanted": wanted, "institution": group.institution}
    if not free:
        said = _(
            "No place is free here for %(institution)s. Choose another run of the course, or ask who organises it."
        )
    else:
        said = ngettext(
            "%(free)s place is free here for %(institution)s, and you chose %(wanted)s students."
            " Choose fewer, or another run of the course.",
            "%(free)s places are free here for %(institution)s, and you chose %(wanted)s students."
            " Choose fewer, or another run of the course.",
            free,
        )
    return said % counts


def chosen_among(students: Sequence[ClassStudent], chosen: Sequence[Person]) -> list[ClassStudent]:
    """Of the students of a class those who were chosen and fit."""
    keys = {it.pk for it in chosen}
    return [it for it in students if it.person.pk in keys and it.fits]
