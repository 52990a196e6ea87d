"""May this person enter this competition now, by which right, how many times more: for the page and the action."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster_portal.zones import zone_name
from competitions.models import Authorship, Competition, Entry, Juror
from members.audience import why_not_addressed
from members.models import Affiliation, Person
from members.taking_part import Right, right_through, right_to_take_part


@dataclass(frozen=True)
class Entering:
    """The answer: `missing` is the sentence that says what speaks against it, or nothing."""

    right: Right
    missing: str = ""

    @property
    def may(self) -> bool:
        return not self.missing


def entering(competition: Competition, person: Person, at: datetime) -> Entering:
    """Whether somebody may begin an entry at an instant."""
    right = right_to_enter(person, competition, localtime(at, competition.zone).date())
    missing = (
        why_not_now(competition, at)
        or right.missing
        or why_not_as_juror(competition, person)
        or why_not_as_keeper(competition, person)
        or why_no_more_of_person(competition, person)
        or why_no_more_of_institution(competition, right)
    )
    return Entering(right, missing)


def why_not_now(competition: Competition, at: datetime) -> str:
    """The sentence that says why nothing is taken at an instant, or nothing."""
    if competition.state == Competition.State.CANCELLED:
        return _("This competition was cancelled. Look among the competitions for another one.")
    if competition.takes_entries_at(at):
        return ""
    if competition.state == Competition.State.DRAFT:
        return _("This competition is not published yet.")
    if at < competition.opens_at:
        return _("Entries are taken from %(when)s on.") % {"when": said_instant(competition, competition.opens_at)}
    return _("Entries were taken until %(when)s.") % {"when": deadline_in_words(competition)}


def deadline_in_words(competition: Competition) -> str:
    """The last second that counts, in the competition's zone, with the zone named."""
    return said_instant(competition, competition.last_second, seconds=True)


def judging_end_in_words(competition: Competition) -> str:
    """The last second in which a review is on time, in the competition's zone, with the zone named."""
    return said_instant(competition, competition.judged_until - timedelta(seconds=1), seconds=True)


def said_instant(competition: Competition, at: datetime, seconds: bool = False) -> str:
    """An instant in the words of the competition's zone, with the zone named."""
    written = date_format(localtime(at, competition.zone), "j E Y, H:i:s" if seconds else "j E Y, H:i")
    return f"{written}, {zone_name(competition.zone)}"


def right_to_enter(person: Person, competition: Competition, day: date) -> Right:
    """The right to take part. Students, mostly children, enter only what names them; open to any role does not."""
    right = right_to_take_part(person, competition, day)
    if not _enters_as_student(right, competition):
        return right
    others = [it for it in person.active_affiliations if it.role != Affiliation.Role.STUDENT]
    fitting = [it for it in others if not why_not_addressed(it, competition)]
    rights = (right_through(it, competition, day) for it in fitting)
    held = next((it for it in rights if it.holds), None)
    return held or replace(right, missing=_("This competition is for adults. Ask for one that students may enter."))


def _enters_as_student(right: Right, competition: Competition) -> bool:
    is_student = right.affiliation is not None and right.affiliation.role == Affiliation.Role.STUDENT
    return right.holds and is_student and Affiliation.Role.STUDENT not in competition.roles


def why_not_as_juror(competition: Competition, person: Person) -> str:
    """The sentence for somebody of the jury; they alone read it, because authors do not learn who judges."""
    if Juror.objects.bound().filter(competition=competition, person=person).exists():
        return _("You are in the jury of this competition, or asked to be. Leave the jury before you enter.")
    return ""


def why_not_as_keeper(competition: Competition, person: Person) -> str:
    """The sentence for the last coordinator who could keep the competition: whoever competes keeps nothing of it."""
    if not person.is_coordinator or others_decide(competition, person):
        return ""
    return _(
        "You keep this competition, and whoever competes sees neither its jury nor its results before they are out. "
        "Appoint another coordinator first."
    )


def others_decide(competition: Competition, person: Person) -> bool:
    """Whether somebody else keeps a competition who neither judges nor competes in it."""
    region = competition.host.region_id if competition.host else None
    jury = competition.jurors.bound().values("person")
    authors = Authorship.objects.confirmed().filter(entry__in=competition.entries.counted()).values("person")
    others = Person.objects.coordinating_region(region).exclude(pk=person.pk)
    return others.exclude(pk__in=jury).exclude(pk__in=authors).exists()


def why_no_more_of_person(competition: Competition, person: Person) -> str:
    """The sentence for whoever is an author of as many entries as one person may have."""
    limit = competition.author_limit
    if limit is None or Entry.objects.counted().of_author(competition, person).count() < limit:
        return ""
    return ngettext(
        "One person can be an author of %(limit)s entry here, and you are. Withdraw it before you begin another.",
        "One person can be an author of %(limit)s entries here, and you are. Withdraw one before you begin another.",
        limit,
    ) % {"limit": limit}


def limit_of_institution(competition: Competition, right: Right) -> int | None:
    """How many entries one institution may have: by the competition, by the clause that gives the right; the fewer."""
    limits = [it for it in (competition.institution_limit, right.limit) if it is not None]
    return min(limits, default=None)


def why_no_more_of_institution(competition: Competition, right: Right, but: Entry | None = None) -> str:
    """The sentence for an institution that has as many entries as it may have; `but` counts as one of them already."""
    limit = limit_of_institution(competition, right)
    if limit is None or right.affiliation is None:
        return ""
    institution = right.affiliation.institution
    taken = Entry.objects.counted().of_institution(competition, institution)
    if but is not None and taken.filter(pk=but.pk).exists():
        return ""
    if taken.count() < limit:
        return ""
    facts = {"limit": limit, "institution": institution}
    if right.clause is not None and right.limit == limit:
        said = ngettext(
            "§ %(clause)s of the %(agreement)s gives %(institution)s %(limit)s entry, and it is taken.",
            "§ %(clause)s of the %(agreement)s gives %(institution)s %(limit)s entries, and all are taken.",
            limit,
        )
        return said % (facts | {"clause": right.clause.number, "agreement": right.clause.agreement})
    said = ngettext(
        "%(institution)s can have %(limit)s entry here, and has it. Ask your colleagues whether theirs goes on.",
        "%(institution)s can have %(limit)s entries here, and has them. Ask your colleagues whether all go on.",
        limit,
    )
    return said % facts
