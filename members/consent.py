"""What the decisions about a child come to: one state for each person and purpose, never stored.

Who decides depends on the age on the day (AgePolicy): the guardians, the guardians and the child, the person. Of each
of them the last word counts, by its time. One guardian's grant suffices; any guardian's standing refusal blocks, and
is a conflict where another has granted. Words of former guardians, and of guardians once the person decides alone,
count no more: they stay as the proof of what was allowed when.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cluster_portal.tones import tone_of
from members.models import (
    Affiliation,
    AgePolicy,
    Cluster,
    ConsentDecision,
    ConsentRequest,
    Group,
    GroupMember,
    Guardianship,
    Person,
    Purpose,
)
from members.models.ages import latest_birth_date_of_an_adult, years_between

Decision = ConsentDecision.Decision


class State(models.TextChoices):
    """Where the consent of one person to one purpose stands on a day."""

    NOT_NEEDED = "not_needed", _("Not asked for")
    WAITING = "waiting", _("Waiting for an answer")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")
    CONFLICT = "conflict", _("Guardians disagree")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")

    @property
    def tone(self) -> str:
        """Its colour and shape on a page."""
        return tone_of(self.value)


LINK_AGE = timedelta(days=30)  # of the links by which guardians decide, mailed or printed
OPEN = {State.WAITING, State.EXPIRED}
GUARDIANS, THEMSELF = "guardians", "themself"
Key = tuple[int, str]
NOES = {Decision.REFUSED, Decision.WITHDRAWN}


@dataclass(frozen=True)
class Deciders:
    """Who decides for somebody of an age."""

    guardians: bool
    themself: bool


@dataclass(frozen=True)
class Word:
    """The last word of one person about one purpose."""

    by: int
    decision: str
    at: Any
    expires_on: date | None

    def counts_as(self, today: date) -> str:
        """Granted, refused, withdrawn; or expired, for a grant whose time is over."""
        over = self.decision == Decision.GRANTED and self.expires_on is not None and self.expires_on <= today
        return State.EXPIRED if over else self.decision


def deciders_at(age: int | None, policy: AgePolicy) -> Deciders:
    """Who decides at an age; of unknown age, somebody is taken for a child."""
    if age is None or age < policy.together_from:
        return Deciders(guardians=True, themself=False)
    return Deciders(guardians=age < policy.alone_from, themself=True)


def deciders_of(child: Person, today: date | None = None) -> Deciders:
    """Who decides for this person on a day."""
    return deciders_at(child.age_on(today or Cluster.current().today()), AgePolicy.current())


def guarded_now(person: Person) -> list[Person]:
    """The children for whom this person decides as a guardian today, by name: nobody who decides alone."""
    today, policy = Cluster.current().today(), AgePolicy.current()
    children = Person.objects.active().filter(guarded_by__in=person.guards.now()).order_by("sort_name")
    return [child for child in children if deciders_at(child.age_on(today), policy).guardians]


def may_decide(person: Person, child: Person) -> bool:
    """Whether this person's word counts for that child today."""
    return person.pk in who_decides(child)


def who_decides(child: Person) -> set[int]:
    """The people (by key) whose word about this child counts today."""
    deciders = deciders_of(child)
    guardians = set(child.guarded_by.now().values_list("guardian", flat=True)) if deciders.guardians else set()
    return guardians | ({child.pk} if deciders.themself else set())


def derived(sides: Iterable[State]) -> State:
    """What the guardians' word and the child's own come to, of those that are needed."""
    said = set(sides)
    for state in (State.CONFLICT, State.REFUSED, State.WITHDRAWN, State.WAITING, State.EXPIRED):
        if state in said:
            return state
    return State.GRANTED


def _sides(deciders: Deciders, guardians: Iterable[Word], own: Word | None, today: date) -> dict[str, State]:
    sides = {}
    if deciders.guardians:
        sides[GUARDIANS] = _side(list(guardians), today)
    if deciders.themself:
        sides[THEMSELF] = _side([own] if own else [], today)
    return sides


def _side(words: list[Word], today: date) -> State:
    """What several words of equal weight come to: a no blocks, and stands against a yes as a conflict."""
    noes = sorted((it for it in words if it.decision in NOES), key=lambda it: it.at)
    yes = [it for it in words if it.counts_as(today) == State.GRANTED]
    if noes:
        return State.CONFLICT if yes else State(noes[-1].decision)
    if yes:
        return State.GRANTED
    return State.EXPIRED if words else State.WAITING


def state_of(child: Person, purpose: str, today: date | None = None) -> State:
    """The state of one person's consent to one purpose on a day."""
    return states_of([child.pk], [purpose], today)[child.pk, str(purpose)]


def states_of(
    children: Collection[int], purposes: Collection[str] = tuple(Purpose), today: date | None = None
) -> dict[Key, State]:
    """The states of many people (by key) and purposes at once, in five queries whatever their number."""
    sides = sides_of(children, purposes, today)
    return {key: State.NOT_NEEDED if theirs is None else derived(theirs.values()) for key, theirs in sides.items()}


def sides_of(
    children: Collection[int], purposes: Collection[str] = tuple(Purpose), today: date | None = None
) -> dict[Key, dict[str, State] | None]:
    """What the guardians say and what the child says, of those whose word is needed; None where nobody asked."""
    today, policy = today or Cluster.current().today(), AgePolicy.current()
    asked = set(_asked(children, purposes))
    theirs: dict[Key, list[Word]] = defaultdict(list)
    own: dict[Key, Word] = {}
    for it in _last_words(children, purposes):
        key, word = (it.of_child, it.purpose), Word(it.said_by, it.decision, it.at, it.expires_on)
        asked.add(key)
        if it.said_by == it.of_child:
            own[key] = word
        elif it.counts:
            theirs[key].append(word)
    sides: dict[Key, dict[str, State] | None] = {}
    for pk, born in Person.objects.filter(pk__in=children).values_list("pk", "birth_date"):
        deciders = deciders_at(years_between(born, today) if born else None, policy)
        for purpose in map(str, purposes):
            key = (pk, purpose)
            sides[key] = _sides(deciders, theirs[key], own.get(key), today) if key in asked else None
    return sides


@dataclass(frozen=True)
class Awaited:
    """Somebody whose answer about a child is awaited."""

    reader: Person
    child: int

    @property
    def is_silent(self) -> bool:
        """Whether no mail reaches them: without an address, with one that fails, or kept out."""
        return not (self.reader.is_active and self.reader.address) or self.reader.address_failed_at is not None


def without_guardian(children: Iterable[Person]) -> set[int]:
    """Of these children those (by key) for whom a guardian decides, and nobody is named."""
    today, policy = Cluster.current().today(), AgePolicy.current()
    young = {child.pk for child in children if deciders_at(child.age_on(today), policy).guardians}
    return young - set(Guardianship.objects.now().filter(child__in=young).values_list("child", flat=True))


def people_to_answer(
    children: Collection[int], on: date | None = None, purposes: Collection[str] = tuple(Purpose)
) -> list[Awaited]:
    """Whose answer about these children (by key) is awaited today, or will be on a day: of guardians, and of the child.

    These are the ones whose word is missing, whoever else has spoken already.
    """
    asked = sides_of(children, purposes, today=on).items()
    sides = {key: theirs for key, theirs in asked if theirs and derived(theirs.values()) in OPEN}
    of_guardians = {child for (child, _purpose), theirs in sides.items() if theirs.get(GUARDIANS) in OPEN}
    own = {child for (child, _purpose), theirs in sides.items() if theirs.get(THEMSELF) in OPEN}
    rows = Guardianship.objects.now().filter(child__in=of_guardians).select_related("guardian").order_by("pk")
    people = Person.objects.filter(pk__in=own).order_by("pk")
    return [Awaited(it.guardian, it.child_id) for it in rows] + [Awaited(it, it.pk) for it in people]


def open_answers(children: Collection[int]) -> set[Key]:
    """The children and purposes for which an answer is awaited."""
    return {key for key, state in states_of(children).items() if state in OPEN}


def _asked(children: Collection[int], purposes: Collection[str]) -> Iterable[tuple[int, str]]:
    rows = ConsentRequest.objects.filter(child__in=children, purpose__in=purposes)
    return rows.values_list("child", "purpose")


def _last_words(children: Collection[int], purposes: Collection[str]) -> models.QuerySet:
    """The last decision of each person about each child and purpose; `counts` where it is a guardian's of today."""
    guards = Guardianship.objects.now().filter(guardian=OuterRef("said_by"), child=OuterRef("of_child"))
    rows = ConsentDecision.objects.about(children).filter(purpose__in=purposes)
    last_first = rows.order_by("of_child", "purpose", "said_by", "-at", "-pk")
    return last_first.distinct("of_child", "purpose", "said_by").annotate(counts=Exists(guards))


def without_consent(people: models.QuerySet, purpose: str, today: date) -> set[int]:
    """Of these people those (by key) who need a consent to a purpose on a day, and have none that stands.

    The database passes over everybody of whom nothing is in doubt: adults, and children whose guardian, and who
    themselves from the age on at which they decide too, said yes and nobody said no.
    """
    policy, outer = AgePolicy.current(), OuterRef("pk")
    words = ConsentDecision.objects.filter(Q(child=outer) | Q(child__merged_into=outer), purpose=purpose).annotate(
        said_by=Coalesce("decided_by__merged_into", "decided_by"), of_child=Coalesce("child__merged_into", "child")
    )
    grants = words.filter(decision=Decision.GRANTED).exclude(expires_on__lte=today)
    guards = Guardianship.objects.now().filter(guardian=OuterRef("said_by"), child=OuterRef("of_child"))
    young = Q(birth_date=None) | Q(birth_date__gt=latest_birth_date_of_an_adult(today, policy.together_from))
    clear = Exists(grants.filter(Exists(guards))) & ~Exists(words.filter(decision__in=NOES))
    clear &= young | Q(Exists(grants.filter(said_by=F("of_child"))))
    minors = Q(birth_date=None) | Q(birth_date__gt=latest_birth_date_of_an_adult(today, policy.alone_from))
    doubtful = people.filter(minors).exclude(clear).values_list("pk", flat=True)
    states = states_of(list(children_among(list(doubtful))), [purpose], today)
    return {pk for (pk, _purpose), state in states.items() if state != State.GRANTED}


def first_name_and_initial(person: Person) -> str:
    """As a link names a child before it is known who reads: "Ilya G."."""
    return f"{person.given_name or '…'} {person.family_name[:1]}."


def name_for(reader: Person, person: Person, children: Collection[Person]) -> str:
    """The full name to oneself and to whoever decides about a child (given); an initial to a former guardian."""
    reads_all = person.erased_at is not None or person == reader or person in children
    return person.full_name if reads_all else first_name_and_initial(person)


def children_kept_by(person: Person) -> models.QuerySet:
    """Who stands in the classes that this person keeps or answers for, and the students of their institutions."""
    groups = Group.objects.current().visible_to(person)
    in_class = GroupMember.objects.now().filter(group__in=groups).values("person")
    students = Affiliation.objects.visible_to(person).active().filter(role=Affiliation.Role.STUDENT).values("person")
    return Person.objects.filter(Q(pk__in=in_class) | Q(pk__in=students)).exclude(pk=person.pk)


def unpublishable(people: Collection[int], purpose: str = Purpose.NAME) -> set[int]:
    """Of these people (by key), those whose name, photo or work must not be shown to others today.

    A child is shown after a grant only; an adult is shown unless they were asked and did not grant.
    """
    states = states_of(people, [purpose])
    children = set(children_among(people))
    fine = {pk: {State.GRANTED} if pk in children else {State.GRANTED, State.NOT_NEEDED} for pk in people}
    return {pk for (pk, _purpose), state in states.items() if state not in fine[pk]}


def conceal_names(people: Iterable[Person], reader: Person | None = None) -> None:
    """Blank the names and addresses that must not be shown, in these objects and for this one drawing only.

    A reader is shown whom they keep all the same; what leaves the portal (no reader) is the same for everybody.
    """
    rows = list(people)
    hidden = unpublishable({it.pk for it in rows})
    if reader and hidden:
        hidden -= _known_to(reader, hidden)
    for it in rows:
        if it.pk in hidden:
            it.family_name, it.given_name, it.patronymic = gettext("(name not shown)"), "", ""
            it.email, it.contact_email = None, ""


def name_shown_to(reader: Person, person: Person) -> str:
    """The full name, or that it is not shown; the person given stays whole, for mails that follow."""
    drawn = copy(person)
    conceal_names([drawn], reader)
    return drawn.full_name


def _known_to(reader: Person, people: set[int]) -> set[int]:
    """Of these people (by key) those whom the reader keeps; whoever coordinates the whole cluster keeps everybody."""
    if reader.coordinates_whole_cluster:
        return people
    return {reader.pk, *children_kept_by(reader).filter(pk__in=people).values_list("pk", flat=True)}


def children_among(people: Collection[int]) -> Iterable[int]:
    """Who does not decide alone yet; somebody of unknown age, when a guardian, a class or a school says so."""
    today, alone = Cluster.current().today(), AgePolicy.current().alone_from
    rows = Person.objects.filter(pk__in=people).annotate(
        guarded=Exists(Guardianship.objects.now().filter(child=OuterRef("pk"))),
        in_class=Exists(GroupMember.objects.now().filter(person=OuterRef("pk"))),
        learns=Exists(Affiliation.objects.live().filter(person=OuterRef("pk"), role=Affiliation.Role.STUDENT)),
    )
    known = rows.filter(Q(birth_date__isnull=False) | Q(guarded=True) | Q(in_class=True) | Q(learns=True))
    for pk, born in known.values_list("pk", "birth_date"):
        if born is None or years_between(born, today) < alone:
            yield pk


def children_in(people: Collection[Person]) -> set[int]:
    """The same for people who are at hand: only of those whose birth date is unknown anything is asked."""
    today, alone = Cluster.current().today(), AgePolicy.current().alone_from
    children = {it.pk for it in people if it.birth_date and years_between(it.birth_date, today) < alone}
    unknown = [it.pk for it in people if it.birth_date is None]
    return children.union(children_among(unknown)) if unknown else children


def conflicts_seen_by(person: Person) -> list[ConsentDecision]:
    """The last refusal in each conflict among guardians that this coordinator is to settle, the oldest first."""
    about = ConsentDecision.objects.about(children_kept_by(person).values("pk"))
    granted = about.filter(decision=Decision.GRANTED).values_list("of_child", "purpose")
    both = set(granted)
    noes = about.filter(decision__in=NOES).exclude(said_by=F("of_child"))
    last = {(it.of_child, it.purpose): it for it in noes if (it.of_child, it.purpose) in both}
    states = states_of({child for child, _purpose in last})
    return [it for key, it in last.items() if states[key] == State.CONFLICT]
