"""What students of a pairing reached in a competition elsewhere: entered, corrected, removed; also after its end."""

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from cluster_portal.audit import record
from cluster_portal.moves import Refused
from members.models import Cluster, Person
from mentorship.actions.kept import keep_words
from mentorship.locks import lock_pairing
from mentorship.models import Outcome, Pairing, PairingFile, PairingStudent, TakenBack
from mentorship.outcomes import in_a_line
from mentorship.readers import channel_of
from mentorship.rules import coordinates_the_pairing, keeps_the_pairing

MOST_OUTCOMES = 60


@transaction.atomic
def enter_outcome(
    pairing: Pairing,
    by: Person,
    *,
    contest: str,
    level: str,
    place: str,
    day: date,
    students: Collection[PairingStudent] = (),
    evidence: PairingFile | None = None,
    evidence_link: str = "",
) -> Outcome:
    """Enter what students of the pairing reached, with what shows it."""
    it = _kept(pairing, by)
    if it.outcomes.count() >= MOST_OUTCOMES:
        raise Refused(_("A pairing has 60 outcomes at most. Remove one that was entered by mistake."))
    facts = {"contest": contest, "level": level, "place": place, "day": day}
    facts |= {"evidence": evidence, "evidence_link": evidence_link}
    fresh = Outcome(pairing=it, by=by, **facts)
    _refuse_what_cannot_be(fresh, students)
    fresh.save(force_insert=True)
    fresh.students.set(students)
    record("mentorship.outcome.add", fresh, by=by)
    return fresh


@transaction.atomic
def change_outcome(
    outcome: Outcome,
    by: Person,
    *,
    contest: str,
    level: str,
    place: str,
    day: date,
    students: Collection[PairingStudent] = (),
    evidence: PairingFile | None = None,
    evidence_link: str = "",
) -> None:
    """Correct an outcome; mentor and teacher both may."""
    it = _there(_kept(outcome.pairing, by), outcome)
    facts = {"contest": contest, "level": level, "place": place, "day": day}
    facts |= {"evidence": evidence, "evidence_link": evidence_link}
    changed = [name for name, value in facts.items() if getattr(it, name) != value]
    before = f"{in_a_line(it)}\n{it.evidence_link}"
    for name in changed:
        setattr(it, name, facts[name])
    _refuse_what_cannot_be(it, students)
    if {one.pk for one in students} != set(it.students.values_list("pk", flat=True)):
        it.students.set(students)
        changed.append("students")
    if changed:
        keep_words(channel_of(it.pairing), TakenBack.Kind.OUTCOME, before, by)
        it.save(update_fields=[name for name in changed if name in facts])
        record("mentorship.outcome.change", it, by=by, fields=sorted(changed))


@transaction.atomic
def remove_outcome(outcome: Outcome, by: Person) -> None:
    """Take out an outcome that was entered by mistake: mentor, teacher, coordinator."""
    pairing = lock_pairing(outcome.pairing)
    if not keeps_the_pairing(by, pairing) and not coordinates_the_pairing(by, pairing):
        raise Refused(_("Mentor, teacher and coordinator remove outcomes. Tell one of them what is wrong."))
    it = _there(pairing, outcome)
    keep_words(channel_of(pairing), TakenBack.Kind.OUTCOME, f"{in_a_line(it)}\n{it.evidence_link}", by)
    record("mentorship.outcome.remove", it, by=by)
    it.delete()


def _kept(pairing: Pairing, by: Person) -> Pairing:
    """The locked pairing, whose outcomes this person enters."""
    it = lock_pairing(pairing)
    if not keeps_the_pairing(by, it):
        raise Refused(_("Mentor and teacher enter what came of a pairing. Tell one of them."))
    if it.state not in Pairing.BEGUN:
        raise Refused(_("This pairing is not under way. It begins when mentor and teacher have both agreed."))
    channel_of(it).refuse_if_unsafe(by)
    return it


def _there(pairing: Pairing, outcome: Outcome) -> Outcome:
    it = pairing.outcomes.filter(pk=outcome.pk).first()
    if it is None:
        raise Refused(_("This outcome was removed meanwhile. Reload the page."))
    it.pairing = pairing
    return it


def _refuse_what_cannot_be(it: Outcome, students: Collection[PairingStudent]) -> None:
    """Refuse an outcome that the pairing cannot have. The caller holds the pairing."""
    _refuse_the_day(it)
    _refuse_without_evidence(it)
    there = {one.pk for one in it.pairing.students.approved()}
    if it.pk is not None:
        there |= set(it.students.values_list("pk", flat=True))
    if any(one.pk not in there for one in students):
        raise Refused(
            _("Choose students who take part in this pairing. Who left, or was not approved, does not stand.")
        )
    again = it.pairing.outcomes.filter(contest=it.contest, level=it.level, day=it.day, place=it.place)
    if again.exclude(pk=it.pk).exists():
        raise Refused(_("This outcome is entered already. Add the students to it."))


def _refuse_the_day(it: Outcome) -> None:
    if it.day > Cluster.current().today():
        raise Refused(_("This day is still to come. Enter the outcome when it is known."))
    if it.pairing.began_on and it.day < it.pairing.began_on:
        raise Refused(_("This day is before your pairing began. Check the date."))


def _refuse_without_evidence(it: Outcome) -> None:
    stood = it.pairing.outcomes.filter(pk=it.pk, evidence=it.evidence)  # what was hidden since shows it still
    if it.evidence and not it.pairing.files.shown().filter(pk=it.evidence.pk).exists() and not stood.exists():
        raise Refused(_("This file is not among the files of the pairing any more. Choose another, or enter a page."))
    if it.place != Outcome.Place.PART and not it.evidence and not it.evidence_link:
        raise Refused(_("Say what shows it: choose a file of this pairing, or enter the page of the organisers."))
