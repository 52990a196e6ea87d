"""A birth date says who decides about a consent: who may enter which, and who is told."""

from datetime import date

from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.moves import Refused
from cluster_portal.outbox import queue_mail
from members.consent import Deciders, deciders_at
from members.models import Affiliation, AgePolicy, Cluster, ConsentDecision, Person
from members.models.ages import day_of_age, years_between


def is_kept_by_others(person: Person) -> bool:
    """Whether a guardian, a class or a school answers for this person: then these keep the birth date."""
    learns = person.affiliations.active().filter(role=Affiliation.Role.STUDENT)
    return any(rows.exists() for rows in (person.guarded_by.now(), person.group_memberships.now(), learns))


def why_not_born(person: Person, born: date | None, by: Person) -> str:
    """Why `by` may not enter this birth date, in a sentence; nothing when they may. Coordinators of the child may."""
    if born == person.birth_date or by.has_perm("members.overrule_guardian", person):
        return ""
    if by.pk == person.pk and is_kept_by_others(person) and not _is_first_of_a_child(person, born):
        return _("Your school keeps your birth date. Ask your teacher or a coordinator to correct it.")
    is_too_much = _makes_oneself_older if by.pk == person.pk else _takes_a_voice_away
    if not is_too_much(person, born):
        return ""
    if _deciders(person.birth_date) == _deciders(born):
        return _("By this birth date, others would decide about consent sooner. Ask a coordinator to enter it.")
    return _("By this birth date, others would decide about consent than now. Ask a coordinator to enter it.")


def refuse_birth_date(person: Person, born: date | None, by: Person) -> None:
    """Raise Refused unless `by` may enter this birth date."""
    if why := why_not_born(person, born, by):
        raise Refused(why)


def tell_guardians(child: Person, born: date | None, by: Person) -> None:
    """Write to the guardians where a new birth date changes who decides about their child, now or sooner."""
    if not _changes_who_decides(child.birth_date, born):
        return
    for it in child.guarded_by.now().exclude(guardian=by).select_related("guardian"):
        queue_mail("members/birth_date_changed", about=it, to=it.guardian, occasion=now().isoformat())


def _is_first_of_a_child(person: Person, born: date | None) -> bool:
    """Whether a child fills in what the school left out, and the guardians keep the say."""
    return person.birth_date is None and born is not None and _deciders(born).guardians


def _makes_oneself_older(person: Person, born: date | None) -> bool:
    """Whether somebody would pass an age of the country by their own second word."""
    if person.birth_date is None:
        return False
    if born is None:
        return _deciders(person.birth_date).guardians
    return _changes_who_decides(person.birth_date, born)


def _takes_a_voice_away(child: Person, born: date | None) -> bool:
    """Whether a keeper would lift what was said, or the say of a guardian. A first birth date may add the child's."""
    if not _changes_who_decides(child.birth_date, born):
        return False
    if ConsentDecision.objects.about([child.pk]).exists():
        return True
    adds_only = child.birth_date is None and _deciders(born).guardians
    return not adds_only and child.guarded_by.now().exists()


def _changes_who_decides(before: date | None, after: date | None) -> bool:
    """Whether others decide today, or from an earlier day on: of a birthday that is still to come."""
    if _deciders(before) != _deciders(after):
        return True
    if before is None or after is None:
        return False
    today, policy = Cluster.current().today(), AgePolicy.current()
    ages = [it for it in (policy.together_from, policy.alone_from) if years_between(before, today) < it]
    return any(day_of_age(after, it) < day_of_age(before, it) for it in ages)


def _deciders(born: date | None) -> Deciders:
    return deciders_at(years_between(born, Cluster.current().today()) if born else None, AgePolicy.current())
