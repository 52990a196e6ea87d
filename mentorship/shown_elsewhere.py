"""What pages outside of mentorship show of it: the front page, search, and everybody's own page."""

from dataclasses import dataclass

from django.db.models import CharField, Count, F, Func, Q, QuerySet, Value

from cluster_portal.search import folded_columns, found
from members.models import Direction, Person
from mentorship.models import Mentor, MentorRequest, Pairing
from mentorship.words import owed_in_words

MOST = 10


@dataclass(frozen=True)
class Waiting:
    """What somebody is asked: to mentor, to agree to a mentor; and their own requests that wait for an answer."""

    asked: list[Pairing]
    to_agree: list[Pairing]
    requests: list[MentorRequest]


def mentors_by_theme() -> QuerySet[Direction]:
    """Themes with how many mentors take requests for each (`mentor_count`); who they are is not said."""
    taking = Count("mentors", Q(mentors__in=Mentor.objects.taking()))
    return Direction.objects.annotate(mentor_count=taking).filter(mentor_count__gt=0).order_by("name", "pk")


def waiting_for(person: Person) -> Waiting:
    """What somebody's own page says of mentorship before anything else."""
    mine = Q(mentor__person=person, state=Pairing.State.PROPOSED) | Q(request__by=person, state=Pairing.State.ACCEPTED)
    pairings = list(Pairing.objects.filter(mine).select_related("request", "mentor").order_by("answer_by", "pk"))
    requests = list(person.mentor_requests.live().order_by("-asked_at", "-pk")[:MOST])
    for it in requests:
        it.owed = owed_in_words(it, own=True)
    return Waiting(
        asked=[it for it in pairings if it.state == Pairing.State.PROPOSED],
        to_agree=[it for it in pairings if it.state == Pairing.State.ACCEPTED],
        requests=requests,
    )


def found_requests(person: Person, query: str) -> QuerySet[MentorRequest]:
    """The requests that somebody may see and that say this in their title, or name such a competition."""
    rows = MentorRequest.objects.filter(pk__in=MentorRequest.objects.visible_to(person).values("pk"))
    return found(rows.annotate(words=folded_columns("title", "contest")), query)[:MOST]


def found_mentors(person: Person, query: str) -> QuerySet[Mentor]:
    """The mentors whom somebody may know, by name or by the competitions that they know."""
    rows = Mentor.objects.admitted().filter(pk__in=Mentor.objects.visible_to(person).values("pk"))
    return found(rows.annotate(contest_words=_joined("contests"), words=_WORDS).select_related("person"), query)[:MOST]


def _joined(column: str) -> Func:
    return Func(F(column), Value(" "), function="array_to_string", output_field=CharField())


_WORDS = folded_columns("person__family_name", "person__given_name", "person__patronymic", "contest_words")
