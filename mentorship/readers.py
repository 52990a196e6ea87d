"""The facts behind channels.py, as the database has them today, and what they give to one person."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from members.consent import State as Consent
from members.consent import first_name_and_initial, states_of
from members.models import Affiliation, Cluster, Coordinator, Person, Purpose
from mentorship.channels import ENDED, Access, Facts, Learner, access_in, may_not_meet
from mentorship.leaving import has_left
from mentorship.models import Mentor, MentorRequest, Pairing, PairingFile, PairingStudent
from mentorship.students import deciding_for, is_let_in

# A student whom nobody has asked about a purpose, or not yet answered for, has the approval of the mentor to go by.
NO_CONSENT = {Consent.REFUSED, Consent.WITHDRAWN, Consent.CONFLICT, Consent.EXPIRED}


@dataclass
class Channel:
    """A pairing with what each person may do in it now."""

    pairing: Pairing
    facts: Facts
    access: dict[int, Access]
    students: list[PairingStudent]
    has_mentor: bool = True  # who has not left the cluster

    def of(self, person: Person) -> Access:
        """What somebody may do here."""
        return self.access.get(person.pk, Access.NOTHING)

    def may(self, person: Person, wanted: Access) -> bool:
        """Whether somebody may do all of this."""
        return wanted in self.of(person)

    def files_for(self, reader: Person) -> QuerySet[PairingFile]:
        """The files that a reader of the pairing opens; those taken back or hidden only for whoever watches over it."""
        files = self.pairing.files
        return files.all() if self.may(reader, Access.KEPT) else files.shown()

    @cached_property
    def learners(self) -> list[Person]:
        """The students who are let in now."""
        keys = {it.person for it in self.facts.students if it.takes_part}
        return [it.person for it in self.students if it.person_id in keys & self.access.keys()]

    @property
    def members(self) -> list[Person]:
        """Who meets: mentor, teacher and the students who are let in, each once."""
        people = [self.pairing.mentor.person, self.pairing.request.by, *self.learners]
        return list({it.pk: it for it in people if it.pk in self.access}.values())

    @property
    def has_minors(self) -> bool:
        """Whether minors are let in."""
        return bool(self.facts.minors & self.access.keys())

    def name_of(self, person: Person, reader: Person) -> str:
        """What somebody reads for another: of a student the whole name only who knows it, the others an initial."""
        adults = {self.facts.mentor, self.facts.teacher}
        knows = reader.pk == person.pk or (reader.pk == self.facts.teacher and self.facts.is_accompanied)
        if person.pk in adults or knows or person in self.children_of(reader):
            return person.full_name
        return first_name_and_initial(person)

    def must_not_meet(self, at: datetime) -> bool:
        """Whether minors would meet the mentor at an instant without a clearance on that day, or a teacher."""
        return self.must_not_meet_on(at.astimezone(Cluster.current().zone).date())

    def must_not_meet_on(self, day: date) -> bool:
        """The same for a day of the cluster."""
        cleared = self.has_mentor and _is_cleared_mentor(self.pairing.mentor, day)
        return self.has_minors and not (cleared and self.facts.is_accompanied)

    @property
    def why_not_meet(self) -> str:
        """Why minors and the mentor do not meet now, and do not write to each other; nothing where they may."""
        if not may_not_meet(self.facts, self.access):
            return ""
        if self.facts.is_cleared:
            return _(
                "The teacher is not at this school at the moment: no meetings and no messages with students. "
                "The coordinator decides how it goes on."
            )
        return why_not_cleared(self.pairing)

    def children_of(self, person: Person) -> list[Person]:
        """The students who are let in for whom this person decides as a guardian."""
        keys = {it.person for it in self.facts.students if person.pk in it.guardians}
        return [it for it in self.learners if it.pk in keys]

    def refuse_unless(self, person: Person, wanted: Access) -> None:
        """Refuse whoever may not do this now, with the reason."""
        if not self.may(person, wanted):
            raise Refused(self.why_not(person, wanted))

    def refuse_if_unsafe(self, person: Person) -> None:
        """Refuse whoever must not write now what minors read, also after the end: all but a teacher who is there."""
        if self.why_not_meet and not (person.pk == self.facts.teacher and self.facts.is_accompanied):
            raise Refused(self.why_not_meet)

    def why_not(self, person: Person, wanted: Access) -> str:
        """The sentence that says why somebody may not do this now, or nothing."""
        if self.may(person, wanted):
            return ""
        if self.facts.state in ENDED:
            return _("This pairing is ended. What is in it stays here to be read.")
        if self.facts.state != Pairing.State.ACTIVE:
            return _("This pairing is not under way. It begins when mentor and teacher have both agreed.")
        keeps = person.pk in {self.facts.mentor, self.facts.teacher}
        if self.why_not_meet and (wanted == Access.WRITE or (wanted == Access.PLAN and keeps)):
            return self.why_not_meet
        return _("You read here, and others write. The mentor and the teacher keep this pairing.")


def channel_of(pairing: Pairing) -> Channel:
    """A pairing (`with_people`) as it stands today."""
    return channels_of([pairing])[pairing.pk]


def channels_of(pairings: Iterable[Pairing]) -> dict[int, Channel]:
    """Pairings (`with_people`, by key) as they stand today: as many questions for many as for one."""
    rows = {it.pk: it for it in pairings}
    if not rows:
        return {}
    students: dict[int, list[PairingStudent]] = defaultdict(list)
    for one in PairingStudent.objects.filter(pairing__in=rows).select_related("person").order_by("pk"):
        one.pairing = rows[one.pairing_id]
        students[one.pairing_id].append(one)
    around = _around(list(rows.values()), students)
    return {key: around.channel(it, students[key]) for key, it in rows.items()}


def own_pairings(person: Person, most: int = 20) -> list[Pairing]:
    """The pairings that one's own page lists: not those in which a student is not let in at the moment."""
    rows = list(Pairing.objects.for_own_page(person)[:most])
    as_student = channels_of(it for it in rows if person.pk not in {it.mentor.person_id, it.request.by_id})
    return [it for it in rows if it.pk not in as_student or as_student[it.pk].may(person, Access.RECORD)]


def is_cleared(pairing: Pairing) -> bool:
    """Whether the mentor may work with minors today: cleared, still a mentor, and still in the cluster."""
    return _is_cleared_mentor(pairing.mentor, Cluster.current().today()) and not has_left(pairing.mentor)


def _is_cleared_mentor(mentor: Mentor, day: date) -> bool:
    return mentor.state in Mentor.HERE and mentor.is_cleared_on(day)


def why_not_cleared(pairing: Pairing) -> str:
    """Why there are no meetings with minors, and no messages."""
    until = pairing.mentor.clearance_until
    if has_left(pairing.mentor):
        return _("The mentor has left the cluster: no meetings and no messages with students. The coordinator decides.")
    if until is None:
        return _("The mentor is not cleared for work with minors. Ask the coordinator to note the clearance.")
    said = _(
        "The mentor’s clearance for work with minors holds until %(day)s. "
        "Without it there are no meetings and no messages: ask the coordinator to note a new one."
    )
    return said % {"day": date_format(until)}


@dataclass(frozen=True)
class _Around:
    """What the facts of many pairings rest on, read once; all of it by keys."""

    today: date
    learners: dict[int, Learner]  # by the row of the student
    coordinators: dict[int | None, frozenset[int]]  # by region; by None those of the whole cluster
    contacts: dict[int, frozenset[int]]  # by institution
    left: frozenset[int]  # mentors who have left
    alone: frozenset[int]  # requests whose teacher is not at the school any more

    def channel(self, pairing: Pairing, students: list[PairingStudent]) -> Channel:
        there = [it for it in students if it.state != PairingStudent.State.LEFT]
        institution, mentor = pairing.request.affiliation.institution, pairing.mentor
        people = [mentor.person, pairing.request.by, *(it.person for it in there)]
        whole = self.coordinators.get(None, frozenset())
        facts = Facts(
            state=pairing.state,
            mentor=mentor.person_id,
            teacher=pairing.request.by_id,
            with_students=pairing.with_students or bool(students),
            is_cleared=mentor.pk not in self.left and _is_cleared_mentor(mentor, self.today),
            has_teacher=pairing.request_id not in self.alone,
            students=tuple(self.learners[it.pk] for it in there),
            coordinators=whole | self.coordinators.get(institution.region_id, frozenset()),
            contacts=self.contacts.get(institution.pk, frozenset()),
            gone=frozenset(it.pk for it in people if not it.is_active),
        )
        return Channel(pairing, facts, access_in(facts), there, mentor.pk not in self.left)


def _around(pairings: list[Pairing], students: dict[int, list[PairingStudent]]) -> _Around:
    there = [it for rows in students.values() for it in rows if it.state != PairingStudent.State.LEFT]
    requests = {it.request_id for it in pairings}
    here = MentorRequest.objects.of_who_is_there().filter(pk__in=requests)
    left = Mentor.objects.gone().filter(pk__in={it.mentor_id for it in pairings})
    return _Around(
        today=Cluster.current().today(),
        learners=_learners_of(there),
        coordinators=_coordinators(),
        contacts=_contacts({it.request.affiliation.institution_id for it in pairings}),
        left=frozenset(left.values_list("pk", flat=True)),
        alone=frozenset(requests - set(here.values_list("pk", flat=True))),
    )


def _coordinators() -> dict[int | None, frozenset[int]]:
    roles = Coordinator.objects.now().filter(person__in=Person.objects.active())
    found: dict[int | None, set[int]] = defaultdict(set)
    for region, person in roles.values_list("region", "person"):
        found[region].add(person)
    return {region: frozenset(people) for region, people in found.items()}


def _contacts(institutions: Collection[int]) -> dict[int, frozenset[int]]:
    rows = Affiliation.objects.speaking().filter(institution__in=institutions, person__in=Person.objects.active())
    found: dict[int, set[int]] = defaultdict(set)
    for institution, person in rows.values_list("institution", "person"):
        found[institution].add(person)
    return {institution: frozenset(people) for institution, people in found.items()}


def _learners_of(students: list[PairingStudent]) -> dict[int, Learner]:
    """Students of whatever pairings (by key of the row) as the rule needs to know them."""
    if not students:
        return {}
    today, deciding = Cluster.current().today(), deciding_for(students)
    states = states_of([it.person_id for it in students], [Purpose.TAKING_PART, Purpose.MESSAGES])
    return {
        it.pk: Learner(
            person=it.person_id,
            is_minor=not it.person.is_adult_on(today),
            is_approved=is_let_in(it, deciding[it.pk]),
            has_consent=states[it.person_id, Purpose.TAKING_PART] not in NO_CONSENT,
            has_messages=states[it.person_id, Purpose.MESSAGES] not in NO_CONSENT,
            guardians=deciding[it.pk].guardians,
        )
        for it in students
    }
