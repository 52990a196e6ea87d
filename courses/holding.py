"""What is still missing before a held place is certain: a guardian's consent, the coordinator's approval."""

from datetime import date, datetime, timedelta

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Enrolment, Run
from members.consent import State as Consent
from members.consent import children_among, deciders_of, state_of
from members.models import Person, Purpose


class Missing(models.TextChoices):
    """What a held enrolment waits for."""

    CONSENT = "consent", gettext_lazy("Consent to taking part")
    APPROVAL = "approval", gettext_lazy("The coordinator's approval")


def what_is_missing(enrolment: Enrolment) -> list[Missing]:
    """What has to come before this enrolment is confirmed; nothing when it can be at once."""
    missing = []
    if needs_consent(enrolment.person) and consent_of(enrolment.person) != Consent.GRANTED:
        missing.append(Missing.CONSENT)
    if enrolment.run.needs_approval and enrolment.approved_at is None:
        missing.append(Missing.APPROVAL)
    return missing


def needs_consent(person: Person) -> bool:
    """Whether somebody takes part by consent only: children, and everybody whom a class or guardian says to be one."""
    return person.pk in set(children_among([person.pk]))


def consent_of(person: Person) -> Consent:
    """Where the consent to taking part stands today."""
    return state_of(person, Purpose.TAKING_PART)


def was_refused(enrolment: Enrolment) -> bool:
    """Whether those who decide have said no. Where guardians disagree, a coordinator settles it first."""
    return needs_consent(enrolment.person) and consent_of(enrolment.person) in {Consent.REFUSED, Consent.WITHDRAWN}


def hold_until(run: Run, at: datetime) -> datetime:
    """Until when a place given at an instant is held: so many days, and not past the next session."""
    coming = run.sessions.planned().filter(starts_at__gt=at).values_list("starts_at", flat=True).first()
    latest = at + timedelta(days=run.hold_days)
    return min(latest, coming) if coming else latest


def why_not_of_this_age(person: Person, day: date) -> str:
    """The sentence that says what must be known first: an age, or who consents for a child."""
    child = needs_consent(person)
    if person.birth_date is None and not child:
        return _("We do not know your age, and a child needs the consent of a guardian. Add your birth date.")
    if child and deciders_of(person, day).guardians and not person.guarded_by.now().exists():
        return _("Somebody has to consent to your taking part. Name a parent or guardian first.")
    return ""
