"""By what right somebody asks for a mentor: their institution is a member of the network, and they work there."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from members.models import Affiliation, Clause, Initiative, Person
from members.models.audience import Addressed
from members.taking_part import Right, right_through


@dataclass(frozen=True)
class Mentorship:
    """Mentorship as members open it to their people: one thing for all of them."""

    right: str = Clause.Right.MENTORSHIP
    admits: str = Addressed.Admits.MEMBERS


MENTORSHIP = Mentorship()


def rights_to_ask(person: Person, day: date) -> list[Right]:
    """What each of somebody's places of work says on a day, the ones that give the right first."""
    working = [it for it in person.active_affiliations if it.role != Affiliation.Role.STUDENT]
    rights = [right_through(it, MENTORSHIP, day) for it in working]
    return sorted(rights, key=lambda it: not it.holds)


def right_to_ask(person: Person, day: date) -> Right:
    """The right to ask for a mentor, or what is missing."""
    rights = rights_to_ask(person, day)
    if rights:
        return rights[0]
    if person.active_affiliations:
        missing = _("Teachers ask for a mentor, also for their students. Ask a teacher of yours.")
        return Right(person.active_affiliations[0], missing=missing, at_affiliation=True)
    return Right(missing=_("You do not belong to an institution yet. Ask your institution to admit you."))


def initiatives_for(affiliation: Affiliation):
    """The initiatives for which somebody can ask from there: under way, and their institution is in them."""
    return Initiative.objects.under_way().of_institution(affiliation.institution).order_by("title", "pk")
