"""The facts behind channels.py, as the database has them today, and what they give to one person."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from members.consent import State as Consent
from members.consent import states_of
from members.models import Cluster, Person, Purpose
from mentorship.channels import ENDED, Access, Facts, Learner, access_in, may_not_meet
from mentorship.leaving import has_left
from mentorship.models import Pairing, PairingStudent
from mentorship.students import guardians_of

# A student whom nobody has asked about a purpose, or not yet answered for, has the approval of the mentor to go by.
NO_CONSENT = {Consent.REFUSED, Consent.WITHDRAWN, Consent.CONFLICT, Consent.EXPIRED}


@dataclass
class Channel:
    """A pairing with what each person may do in it now."""

    pairing: Pairing
    facts: Facts
    access: dict[int, Access]
    students: list[PairingStudent]

    def of(self, person: Person) -> Access:
        """What somebody may do here."""
        return self.access.get(person.pk, Access.NOTHING)

    def may(self, person: Person, wanted: Access) -> bool:
        """Whether somebody may do all of this."""
        return wanted in self.of(person)

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

    def children_of(self, person: Person) -> list[Person]:
        """The students who are let in for whom this person decides as a guardian."""
        keys = {it.person for it in self.facts.students if person.pk in it.guardians}
        return [it for it in self.learners if it.pk in keys]

    def refuse_unless(self, person: Person, wanted: Access) -> None:
        """Refuse whoever may not do this now, with the reason."""
        if not self.may(person, wanted):
            raise Refused(self.why_not(person, wanted))

    def why_not(self, person: Person, wanted: Access) -> str:
        """The sentence that says why somebody may not do this now, or nothing."""
        if self.may(person, wanted):
            return ""
        if self.facts.state in ENDED:
            return _("This pairing is ended. What is in it stays here to be read.")
        if self.facts.state != Pairing.State.ACTIVE:
            return _("This pairing is not under way. It begins when mentor and teacher have both agreed.")
        if wanted == Access.WRITE and may_not_meet(self.facts, self.access):
            return why_not_cleared(self.pairing)
        return _("You read here, and others write. The mentor and the teacher keep this pairing.")


def channel_of(pairing: Pairing) -> Channel:
    """A pairing (`with_people`) as it stands today."""
    students = list(pairing.students.not_left().select_related("person").order_by("pk"))
    facts = _facts(pairing, students)
    return Channel(pairing, facts, access_in(facts), students)


def own_pairings(person: Person, most: int = 20) -> list[Pairing]:
    """The pairings that one's own page lists: not those in which a student is not let in at the moment."""
    rows = list(Pairing.objects.for_own_page(person)[:most])
    return [
        it
        for it in rows
        if person.pk in {it.mentor.person_id, it.request.by_id} or channel_of(it).may(person, Access.RECORD)
    ]


def is_cleared(pairing: Pairing, day=None) -> bool:
    """Whether the mentor may work with minors on a day: cleared, still a mentor, and still in the cluster."""
    mentor = pairing.mentor
    stands = mentor.state in {mentor.State.ACTIVE, mentor.State.PAUSED}
    return stands and mentor.is_cleared_on(day or Cluster.current().today()) and not has_left(mentor)


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


def _facts(pairing: Pairing, students: list[PairingStudent]) -> Facts:
    institution = pairing.request.affiliation.institution
    people = [it.person for it in students]
    both = [pairing.mentor.person, pairing.request.by]
    return Facts(
        state=pairing.state,
        mentor=pairing.mentor.person_id,
        teacher=pairing.request.by_id,
        with_students=pairing.with_students,
        is_cleared=bool(students) and is_cleared(pairing),  # it is about minors only
        students=_learners(students),
        coordinators=frozenset(Person.objects.coordinating_region(institution.region_id).values_list("pk", flat=True)),
        contacts=frozenset(Person.objects.speaking_for(institution).values_list("pk", flat=True)),
        gone=frozenset(it.pk for it in [*both, *people] if not it.is_active),
    )


def _learners(students: list[PairingStudent]) -> tuple[Learner, ...]:
    if not students:
        return ()
    today, guardians = Cluster.current().today(), guardians_of([it.person for it in students])
    states = states_of([it.person_id for it in students], [Purpose.TAKING_PART, Purpose.MESSAGES])
    return tuple(
        Learner(
            person=it.person_id,
            is_minor=not it.person.is_adult_on(today),
            is_approved=it.state == PairingStudent.State.APPROVED,
            has_consent=states[it.person_id, Purpose.TAKING_PART] not in NO_CONSENT,
            has_messages=states[it.person_id, Purpose.MESSAGES] not in NO_CONSENT,
            guardians=guardians.get(it.person_id, frozenset()),
        )
        for it in students
    )
