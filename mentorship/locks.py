"""The order in which actions lock what belongs together: requests, mentors, pairings, each by key."""

from collections.abc import Collection

from django.db.models import Q

from members.models import Person
from mentorship.models import Mentor, MentorRequest, Pairing


def lock_pairing(pairing: Pairing) -> Pairing:
    """A pairing for a change of what is in it, with the people it is about."""
    return Pairing.objects.select_for_update(no_key=True, of=("self",)).with_people().get(pk=pairing.pk)


def lock_whole_pairing(pairing: Pairing) -> Pairing:
    """A pairing for a change that its request and its mentor feel too: those first."""
    MentorRequest.objects.select_for_update(no_key=True).get(pk=pairing.request_id)
    Mentor.objects.select_for_update(no_key=True).get(pk=pairing.mentor_id)
    return lock_pairing(pairing)


def lock_with_mentor(pairing: Pairing) -> Pairing:
    """A pairing for a change that rests on what its mentor is, or says, at this moment.

    The mentor first: whoever takes a clearance away holds them, and what is read after that wait is as it is by then.
    """
    Mentor.objects.select_for_update(no_key=True).get(pk=pairing.mentor_id)
    return lock_pairing(pairing)


def lock_under_way_of(person: Person) -> list[Pairing]:
    """The pairings under way of a mentor or a teacher, once whoever changes them at this moment is through."""
    theirs = Pairing.objects.active().filter(Q(mentor__person=person) | Q(request__by=person))
    return list(theirs.select_for_update(no_key=True, of=("self",)).order_by("pk"))


def lock_all_of(people: Collection[Person]) -> None:
    """Everything that waits or is under way of these people, before it is ended one by one, in whatever order."""
    theirs = Q(mentor__person__in=people) | Q(request__by__in=people) | Q(students__person__in=people)
    live = Pairing.objects.live().filter(theirs).order_by()
    asked = Q(pk__in=live.values("request")) | Q(by__in=people, state__in=MentorRequest.LIVE)
    helping = Q(pk__in=live.values("mentor")) | Q(person__in=people)
    for rows in (
        MentorRequest.objects.filter(asked),
        Mentor.objects.filter(helping),
        Pairing.objects.filter(pk__in=live.values("pk")),
    ):
        list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
