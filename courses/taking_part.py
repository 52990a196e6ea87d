"""May this person take part in this run, and by which document? One answer for the page, the chain and the action.

The chain is agreement → clause → affiliation; the first link that does not hold is named in words.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cluster_portal.zones import zone_name
from courses.audience import why_not_addressed
from courses.models import Run
from members.models import Affiliation, Clause, Institution, Party, Person
from members.models.grounds import Ground, ground_of, membership_ended_on


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


def right_to_take_part(person: Person, run: Run, day: date) -> Right:
    """The right of a person on a day: the first of their affiliations that gives one, or the broken link."""
    wrong = {it.pk: why_not_addressed(it, run) for it in person.active_affiliations}
    fitting = [it for it in person.active_affiliations if not wrong[it.pk]]
    if run.admits == Run.Admits.EVERYONE and (fitting or not (run.is_addressed or person.active_affiliations)):
        return Right(affiliation=fitting[0] if fitting else None)
    if not person.active_affiliations:
        return Right(missing=_("You do not belong to an institution yet. Ask your institution to admit you."))
    if not fitting:
        first = person.active_affiliations[0]
        return Right(affiliation=first, missing=wrong[first.pk], at_affiliation=True)
    rights = [right_through(affiliation, run, day) for affiliation in fitting]
    return next((right for right in rights if right.holds), rights[0])


def right_through(affiliation: Affiliation, run: Run, day: date) -> Right:
    """The right that one affiliation gives on a day, whatever its role, or why it gives none."""
    institution = affiliation.institution
    if affiliation.state != Affiliation.State.ACTIVE:
        return Right(affiliation, missing=_no_more_there(affiliation), at_affiliation=True)
    ground = ground_of(institution, run.course.kind, day)
    has_begun = ground is not None and ground.later is None
    if has_begun or run.admits == Run.Admits.EVERYONE or _is_admitted_partner(run, institution, day):
        return Right(affiliation, ground)
    if ground is not None and ground.later is not None:
        return Right(affiliation, ground, missing=_not_yet(ground.later, institution))
    return Right(affiliation, missing=_not_a_member(institution, day))


def why_not_now(run: Run, at: datetime) -> str:
    """The sentence that says why nobody can enrol at an instant, or nothing."""
    if run.state == Run.State.CANCELLED:
        return _("This run was cancelled. Look in the programme for another one.")
    over = _("This run is over. Look in the programme for the next one.")
    if run.state == Run.State.CLOSED:
        return over
    if run.state == Run.State.DRAFT:
        return _("This run is not published yet.")
    if at < run.enrol_from:
        return _("Enrolment opens on %(when)s.") % {"when": in_run_zone(run, run.enrol_from)}
    if at >= run.enrol_until:
        return _("Enrolment closed on %(when)s. Look in the programme for the next run.") % {
            "when": in_run_zone(run, run.enrol_until)
        }
    return over if run.is_over_at(at) else ""


def in_run_zone(run: Run, at: datetime) -> str:
    """An instant in the words of the run's own zone, with the zone named."""
    return f"{date_format(localtime(at, run.zone), 'j E Y, H:i')}, {zone_name(run.zone)}"


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


def _is_admitted_partner(run: Run, institution: Institution, day: date) -> bool:
    if run.admits != Run.Admits.PARTNERS:
        return False
    return Party.objects.binding_on(day, network=False).filter(institution=institution).exists()
