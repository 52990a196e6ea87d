"""What is still missing before a held place is certain: a guardian's consent, the coordinator's approval."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Enrolment, Run
from members.consent import (
    Awaited,
    children_among,
    children_in,
    deciders_of,
    first_name_and_initial,
    people_to_answer,
    state_of,
    states_of,
    without_guardian,
)
from members.consent import State as Consent
from members.models import ConsentDecision, Person, Purpose

NOES = {Consent.REFUSED, Consent.WITHDRAWN}


class Missing(models.TextChoices):
    """What a held enrolment waits for."""

    CONSENT = "consent", gettext_lazy("Consent to taking part")
    APPROVAL = "approval", gettext_lazy("The coordinator's approval")


def what_is_missing(enrolment: Enrolment) -> list[Missing]:
    """What has to come before this enrolment is confirmed; nothing when it can be at once."""
    return _missing(enrolment, needs_consent(enrolment.person) and consent_of(enrolment.person) != Consent.GRANTED)


def what_each_misses(enrolments: Collection[Enrolment]) -> dict[int, list[Missing]]:
    """The same for many, by the key of the person: in a fixed number of queries."""
    unconsented = unconsented_among([it.person_id for it in enrolments])
    return {it.person_id: _missing(it, it.person_id in unconsented) for it in enrolments}


def unconsented_among(people: Collection[int]) -> set[int]:
    """The children among these people (by key) to whose taking part nobody consents today."""
    children = set(children_among(people))
    states = states_of(children, [Purpose.TAKING_PART]) if children else {}
    return {pk for pk in children if states[pk, Purpose.TAKING_PART] != Consent.GRANTED}


def _missing(enrolment: Enrolment, consent: bool) -> list[Missing]:
    approval = enrolment.run.needs_approval and enrolment.approved_at is None
    return [what for what, lacks in ((Missing.CONSENT, consent), (Missing.APPROVAL, approval)) if lacks]


def who_has_it(enrolments: Collection[Enrolment], reader: Person | None = None) -> dict[int, list[str]]:
    """For each of these enrolments (by key) that is held, what is missing and who has it, a sentence each.

    The reader is spoken to as "you". A fixed number of queries, however many enrolments.
    """
    held = [it for it in enrolments if it.state == Enrolment.State.HELD]
    if not held:
        return {}
    children = {it.person_id: it.person for it in held}
    keys = list(children_among(list(children)))
    states = states_of(keys, [Purpose.TAKING_PART])
    alone = without_guardian([children[pk] for pk in keys])
    awaited: dict[int, list[Awaited]] = defaultdict(list)
    for it in people_to_answer(keys, purposes=[Purpose.TAKING_PART]):
        awaited[it.child].append(it)
    said = {}
    for it in held:
        consent, child = states.get((it.person_id, Purpose.TAKING_PART)), it.person_id
        is_missing = consent not in {None, Consent.GRANTED}
        said[it.pk] = _of_consent(consent, awaited[child], child in alone, reader) if is_missing else []
        if it.approval_is_missing:
            said[it.pk].append(_("Approval: waits for the answer of those who organise it."))
    return said


def _of_consent(state: Consent, awaited: list[Awaited], alone: bool, reader: Person | None) -> list[str]:
    """Who has the answer about one child."""
    if state == Consent.CONFLICT:
        return [_("Guardians disagree about consent to taking part: the coordinator talks to them.")]
    if state in NOES:
        return [_("Consent to taking part was refused or taken back.")]
    if alone:
        return [_("Nobody is named who can consent to taking part: a teacher or the coordinator enters a guardian.")]
    guardians = [it.reader for it in awaited if it.reader.pk != it.child]
    own = [it.reader for it in awaited if it.reader.pk == it.child]
    return [_waits_for(people, reader) for people in (guardians, own) if people]


def _waits_for(people: Sequence[Person], reader: Person | None) -> str:
    """That the answer of one of these people is awaited: "of Anna P. or Pavel P."."""
    if reader is not None and reader in people:
        return _("Consent to taking part: waits for your answer.")
    *most, last = [first_name_and_initial(it) for it in people]
    names = _("%(most)s or %(last)s") % {"most": ", ".join(most), "last": last} if most else last
    return _("Consent to taking part: waits for the answer of %(names)s") % {"names": names}


def needs_consent(person: Person) -> bool:
    """Whether somebody takes part by consent only: children, and everybody whom a class or guardian says to be one."""
    return person.pk in children_in([person])


def consent_of(person: Person) -> Consent:
    """Where the consent to taking part stands today."""
    return state_of(person, Purpose.TAKING_PART)


def may_still_come(person: Person) -> bool:
    """Whether nothing speaks against somebody's coming today: an adult, or a child with consent."""
    return not needs_consent(person) or consent_of(person) == Consent.GRANTED


def was_refused(enrolment: Enrolment) -> bool:
    """Whether those who decide have said no. Where guardians disagree, a coordinator settles it first."""
    return needs_consent(enrolment.person) and consent_of(enrolment.person) in NOES


def refused_among(people: Collection[int] | models.QuerySet) -> set[int]:
    """The same for many people (by key, or selected); those of whom nobody has said no cost nothing."""
    said = ConsentDecision.objects.filter(purpose=Purpose.TAKING_PART, decision__in=NOES)
    about = said.annotate(of_child=Coalesce("child__merged_into", "child")).filter(of_child__in=people)
    doubtful = set(children_among(set(about.values_list("of_child", flat=True))))
    states = states_of(doubtful, [Purpose.TAKING_PART]) if doubtful else {}
    return {child for (child, _purpose), state in states.items() if state in NOES}


def hold_until(run: Run, at: datetime) -> datetime:
    """Until when a place given at an instant is held: so many days, and not past a session that leaves some time."""
    wanted = timedelta(days=run.hold_days)
    return run.answer_by(at, wanted) or at + wanted


def why_not_of_this_age(person: Person, day: date) -> str:
    """The sentence that says what must be known first: an age, or who consents for a child."""
    if asks_for_guardian(person, day):
        return _("Somebody has to consent to your taking part. Name a parent or guardian first.")
    if person.birth_date is None and not needs_consent(person):
        return _("We do not know your age, and a child needs the consent of a guardian. Add your birth date.")
    return ""


def why_not_after_a_no(person: Person) -> str:
    """The sentence for a child to whose taking part somebody who decides has said no."""
    if needs_consent(person) and consent_of(person) in NOES:
        return _("Consent to taking part was refused or taken back. Whoever did so can agree anew, then enrol.")
    return ""


def why_not_after_a_refusal(newest: Enrolment | None, name: str = "") -> str:
    """The sentence for whom the coordinator did not approve, by their latest attempt; with `name` to another reader."""
    if newest is None or newest.is_live or not newest.refusal:
        return ""
    if name:
        return _("The enrolment of %(name)s was not approved: %(why)s") % {"name": name, "why": newest.refusal}
    return _("Your enrolment was not approved: %(why)s") % {"why": newest.refusal}


def asks_for_guardian(person: Person, day: date) -> bool:
    """Whether a guardian decides for this child, and nobody is named."""
    return needs_consent(person) and deciders_of(person, day).guardians and not person.guarded_by.now().exists()
