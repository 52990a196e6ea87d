"""May this person take part in this thing, and by which document? One answer for the page, the chain and the action.

The chain is agreement → clause → affiliation; the first link that does not hold is named in words.
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.audience import why_not_addressed
from members.models import Affiliation, Clause, Institution, Party, Person
from members.models.audience import Addressed
from members.models.grounds import Ground, ground_of, membership_ended_on


class Opened(Protocol):
    """What institutions open to their people by right: a run, a competition, mentorship as such."""

    @property
    def admits(self) -> str:
        """Whose people (`Addressed.Admits`)."""

    @property
    def right(self) -> str:
        """The right that a clause names for it."""


@dataclass(frozen=True)
class Right:
    """The right of a person to take part: through which affiliation, by which document; or what is missing.

    A document whose clause does not hold yet is there with what is missing.
    """

    affiliation: Affiliation | None = None
    ground: Ground | None = None
    missing: str = ""
    at_affiliation: bool = False

    @property
    def holds(self) -> bool:
        return not self.missing

    @property
    def clause(self) -> Clause | None:
        """The clause that pages cite, where the document has one."""
        return self.ground.clause if self.ground else None

    @property
    def limit(self) -> int | None:
        """How many places its clause gives one institution, if it says so."""
        return self.clause.places if self.clause else None


def right_to_take_part(person: Person, thing: Addressed, day: date) -> Right:
    """The right of a person on a day: the first of their affiliations that gives one, or the broken link."""
    wrong = {it.pk: why_not_addressed(it, thing) for it in person.active_affiliations}
    fitting = [it for it in person.active_affiliations if not wrong[it.pk]]
    admits_all = thing.admits == Addressed.Admits.EVERYONE
    if admits_all and (fitting or not (thing.is_addressed or person.active_affiliations)):
        return Right(affiliation=fitting[0] if fitting else None)
    if not person.active_affiliations:
        return Right(missing=_("You do not belong to an institution yet. Ask your institution to admit you."))
    if not fitting:
        first = person.active_affiliations[0]
        return Right(affiliation=first, missing=wrong[first.pk], at_affiliation=True)
    rights = [right_through(affiliation, thing, day) for affiliation in fitting]
    return next((right for right in rights if right.holds), rights[0])


def right_through(affiliation: Affiliation, thing: Opened, day: date) -> Right:
    """The right that one affiliation gives on a day, whatever its role, or why it gives none."""
    institution = affiliation.institution
    if affiliation.state != Affiliation.State.ACTIVE:
        return Right(affiliation, missing=_no_more_there(affiliation), at_affiliation=True)
    ground = ground_of(institution, thing.right, day)
    has_begun = ground is not None and ground.later is None
    if has_begun or thing.admits == Addressed.Admits.EVERYONE or _is_admitted_partner(thing, institution, day):
        return Right(affiliation, ground)
    if ground is not None and ground.later is not None:
        return Right(affiliation, ground, missing=_not_yet(ground.later, institution))
    return Right(affiliation, missing=_not_a_member(institution, day))


def _no_more_there(affiliation: Affiliation) -> str:
    return _("It ended on %(day)s. The coordinator decides whether the place stays.") % {
        "day": date_format(affiliation.ends_on) if affiliation.ends_on else ""
    }


def _not_yet(clause: Clause, institution: Institution) -> str:
    return _(
        "§ %(clause)s of the %(agreement)s opens this to %(institution)s from %(day)s on. Come back then, or look in "
        "the programme for something else."
    ) % {
        "clause": clause.number,
        "agreement": clause.agreement,
        "institution": institution,
        "day": date_format(clause.since) if clause.since else "",
    }


def _not_a_member(institution: Institution, day: date) -> str:
    if ended := membership_ended_on(institution, day):
        return _("%(institution)s is not a member since %(day)s. Its contact can tell you more.") % {
            "institution": institution,
            "day": date_format(ended),
        }
    return _("%(institution)s is not a member of the cluster. Its head can ask the coordinator how to join.") % {
        "institution": institution
    }


def _is_admitted_partner(thing: Opened, institution: Institution, day: date) -> bool:
    if thing.admits != Addressed.Admits.PARTNERS:
        return False
    return Party.objects.binding_on(day, network=False).filter(institution=institution).exists()
