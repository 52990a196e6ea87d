"""Classes: kept once by their teachers, used again each term, moved up each year."""

import re
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils.timezone import now
from django.utils.translation import gettext as _

from cluster_portal.audit import record, record_changes
from cluster_portal.moves import Refused
from members.actions.affiliations import enter_affiliation
from members.actions.people import change_profile, enter_person
from members.class_lists import in_classes_of_others, is_proved, only_with_others, same_among
from members.models import Affiliation, Cluster, Group, GroupMember, Institution, Person
from members.pasted import PastedPerson


@transaction.atomic
def create_class(institution: Institution, by: Person, keepers: Sequence[Person] = (), **facts: Any) -> Group:
    """Begin a class list; whoever begins it as a teacher keeps it."""
    group = Group(institution=institution, **facts)
    _save(group)
    group.keepers.set(keepers)
    record("members.group.create", group, by=by)
    return group


@transaction.atomic
def change_class(group: Group, by: Person, **facts: Any) -> Group:
    """Rename a class, or correct its year."""
    group = lock_class(group)
    changed = [name for name, value in facts.items() if getattr(group, name) != value]
    for name in changed:
        setattr(group, name, facts[name])
    if changed:
        _save(group)
        record_changes("members.group.change", group, by=by, changed=changed)
    return group


@transaction.atomic
def add_student(group: Group, said: PastedPerson, by: Person) -> Person:
    """Put a student into a class: who is known at the institution is found again, anybody else is entered."""
    group = lock_class(group)
    if group.archived_at:
        raise Refused(_("This class is put away. Take it out again, then add students."))
    if said.problem:
        raise Refused(said.problem)
    known = same_students(group.institution, said)
    if len(known) > 1:
        raise Refused(_("Several students are called like that. Give the birth date."))
    if known and not is_proved(known[0], said) and only_with_others([known[0].pk], by):
        raise Refused(in_classes_of_others())
    person = known[0] if known else _enter_student(group.institution, said, by)
    if said.birth_date and person.birth_date is None and not person.has_claimed:
        change_profile(person, by=by, birth_date=said.birth_date)
    if GroupMember.objects.now().filter(group=group, person=person).exists():
        raise Refused(_("This student is in the class already."))
    GroupMember.objects.create(group=group, person=person, since=Cluster.current().today())
    record("members.group.add", group, by=by, reason=f"person {person.public_id}")
    return person


@transaction.atomic
def add_students(group: Group, people: Sequence[PastedPerson], by: Person) -> list[Person]:
    """Put everybody of a pasted list into a class; whoever cannot be put in any more is passed over."""
    group, added = lock_class(group), []
    for it in people:
        try:
            added.append(add_student(group, it, by))
        except Refused:  # put in by somebody else since the list was looked at
            continue
    return added


def same_students(institution: Institution, said: PastedPerson) -> list[Person]:
    """Students of an institution who are meant: the same name, and the same birth date where both are known."""
    named = Person.objects.students_of(institution).called(said.family_name, said.given_name)
    return same_among(list(named), said.birth_date)


def _enter_student(institution: Institution, said: PastedPerson, by: Person) -> Person:
    """A student needs no e-mail: a person who does not sign in."""
    person = enter_person(by, language=by.language, birth_date=said.birth_date, **said.names)
    today = Cluster.current().today()
    enter_affiliation(
        person, institution, Affiliation.Role.STUDENT, Affiliation.State.ACTIVE, by, invited_by=by, starts_on=today
    )
    return person


@transaction.atomic
def correct_student(person: Person, by: Person, **facts: Any) -> None:
    """Correct how a student is written, as long as they do not say it themselves. The birth date the school keeps."""
    names = {name for name, value in facts.items() if name != "birth_date" and value != getattr(person, name)}
    if person.has_claimed and names:
        raise Refused(_("This student signs in and keeps their own name. Ask them to correct it."))
    change_profile(person, by=by, **facts)


@transaction.atomic
def take_out(member: GroupMember, by: Person) -> None:
    """A student is not in the class any more from today; that they were stays."""
    today = max(Cluster.current().today(), member.since)
    if not GroupMember.objects.now().filter(pk=member.pk).update(until=today):
        raise Refused(_("This student has left the class already."))
    record("members.group.take_out", member.group, by=by, reason=f"person {member.person.public_id}")


@transaction.atomic
def add_keeper(group: Group, person: Person, by: Person) -> None:
    """Another teacher of the institution keeps the class too."""
    if not Person.objects.teaching_at(group.institution).filter(pk=person.pk).exists():
        raise Refused(_("Only teachers of %(institution)s keep its classes.") % {"institution": group.institution})
    group.keepers.add(person)
    record("members.group.add_keeper", group, by=by, reason=f"person {person.public_id}")


@transaction.atomic
def remove_keeper(group: Group, person: Person, by: Person) -> None:
    """A teacher keeps the class no more; the last one stays until another has come."""
    group = lock_class(group)
    if not group.keepers.exclude(pk=person.pk).exists():
        raise Refused(_("Somebody has to keep the class. Add another teacher first."))
    group.keepers.remove(person)
    record("members.group.remove_keeper", group, by=by, reason=f"person {person.public_id}")


@transaction.atomic
def archive_class(group: Group, by: Person) -> None:
    """Put a class away: it is kept, and offered no more; its students are in it no more."""
    if not Group.objects.current().filter(pk=group.pk).update(archived_at=now()):
        raise Refused(_("This class is put away already."))
    _end_memberships(group)
    record("members.group.archive", group, by=by)


@transaction.atomic
def restore_class(group: Group, by: Person) -> None:
    """Take a class out again, with whoever was put away with it, still learns there and is in no other class."""
    group = lock_class(group)
    if group.archived_at is None:
        raise Refused(_("This class is not put away."))
    group.archived_at = None
    _save(group)
    elsewhere = GroupMember.objects.now().filter(group__institution=group.institution_id).values("person")
    here = Person.objects.students_of(group.institution).exclude(pk__in=elsewhere)
    # Of two entries that became one person, one comes back.
    last = group.memberships.put_away().filter(person__in=here).order_by("person_id", "-pk").distinct("person_id")
    back = list(last.values_list("pk", flat=True))
    group.memberships.filter(pk__in=back).update(until=None, put_away=False)
    group.memberships.put_away().update(put_away=False)
    record("members.group.restore", group, by=by)


@transaction.atomic
def move_up(group: Group, by: Person, going: Sequence[Person]) -> Group:
    """Take those who go along into the class of the next school year, and put this one away."""
    group = lock_class(group)
    if group.archived_at:
        raise Refused(_("This class is put away already: it was moved up, or is over."))
    keepers, today = list(group.keepers.all()), Cluster.current().today()
    new = create_class(group.institution, by, keepers, **next_year(group))
    here = list(group.memberships.now().filter(person__in=going))
    GroupMember.objects.bulk_create(GroupMember(group=new, person_id=it.person_id, since=today) for it in here)
    archive_class(group, by)
    return new


def next_year(group: Group) -> dict[str, Any]:
    """How a class is called a year later: "7 B" becomes "8 B"."""
    name = re.sub(r"\d+", lambda found: str(int(found.group()) + 1), group.name, count=1)
    stage = group.stage + 1 if group.stage is not None else None
    return {"name": name[:40], "stage": stage, "school_year": group.school_year + 1}


def lock_class(group: Group) -> Group:
    """The class as it is now, locked until the end of the transaction."""
    return Group.objects.select_for_update(no_key=True, of=("self",)).select_related("institution").get(pk=group.pk)


def _end_memberships(group: Group) -> None:
    """Nobody is in a class any more from today; who was to begin later leaves on that day."""
    last_day = Greatest(Value(Cluster.current().today()), F("since"))
    group.memberships.now().update(until=last_day, put_away=True)


def _save(group: Group) -> None:
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as error:
        raise Refused(
            _("There is a class with this name in this school year. Use it, or choose another name.")
        ) from error
