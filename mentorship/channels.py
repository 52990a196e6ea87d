"""Who reads and who writes in a pairing, in every state: nothing but a rule, of nothing but facts (readers.py).

The thread, the files and the meetings of a pairing are one channel. An adult and a minor never share it unless another
adult sees it too: guardians, the coordinators and whoever answers for the school read wherever students may take part,
from the first day. Where that is not so, the minor is out. Nothing that could be read there vanishes: what was taken
back stays for those who watch over it. tests/mentorship/test_channels.py walks through all states.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Flag, auto

from mentorship.models import Pairing

State = Pairing.State
ENDED = frozenset({State.COMPLETED, State.DISSOLVED})


class Access(Flag):
    """What somebody may do in a pairing."""

    NOTHING = 0
    RECORD = auto()  # read goals, plan, meetings and log
    TALK = auto()  # read messages and files
    PLAN = auto()  # set goals, plan and hold meetings, write the log
    WRITE = auto()  # send messages and files
    KEPT = auto()  # read what was changed, taken back or hidden


SEES = Access.RECORD | Access.TALK
WATCHES = SEES | Access.KEPT


@dataclass(frozen=True)
class Learner:
    """A student of a pairing, as the rule needs to know them."""

    person: int
    is_minor: bool
    is_approved: bool
    has_consent: bool = True  # nobody has taken back, or refused, that they take part
    has_messages: bool = True  # the same for messages
    guardians: frozenset[int] = frozenset()  # who decides for them today

    @property
    def takes_part(self) -> bool:
        """Whether they are let in, as far as those decide who decide for them."""
        return self.is_approved and self.has_consent


@dataclass(frozen=True)
class Facts:
    """All that the rule asks about a pairing; people are keys, those `gone` are suspended or erased."""

    state: str
    mentor: int
    teacher: int
    with_students: bool = False  # what was agreed: or somebody was in it as a student, and has left
    is_cleared: bool = False
    has_teacher: bool = True  # who asked is at the school that asked
    students: tuple[Learner, ...] = ()
    coordinators: frozenset[int] = frozenset()
    contacts: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()

    @property
    def is_watched(self) -> bool:
        """Whether others than the two read: from the first day on wherever students may take part."""
        return self.with_students or bool(self.students)

    @property
    def is_accompanied(self) -> bool:
        """Whether the teacher is there, who knows the students: a mentor is not with them alone."""
        return self.has_teacher and self.teacher not in self.gone

    @property
    def minors(self) -> frozenset[int]:
        """The minors who are let in."""
        return frozenset(it.person for it in self.students if it.takes_part and it.is_minor)


def access_in(facts: Facts) -> dict[int, Access]:
    """What each person may do; who is not named may do nothing. Nobody, before it is agreed."""
    if facts.state != State.ACTIVE and facts.state not in ENDED:
        return {}
    access = _granted(facts)
    if len(_seeing(access) - {it.person for it in facts.students}) < 2:  # a fellow student is nobody to rely on
        for minor in facts.minors & access.keys():
            del access[minor]
    if facts.state in ENDED:
        return {person: it & WATCHES for person, it in access.items()}
    return _only_the_teacher(facts, access) if may_not_meet(facts, access) else access


def may_not_meet(facts: Facts, access: Iterable[int]) -> bool:
    """Whether minors are in the channel, and the mentor is not cleared to work with them, or alone with them."""
    return not (facts.is_cleared and facts.is_accompanied) and bool(facts.minors & set(access))


def _granted(facts: Facts) -> dict[int, Access]:
    """What each role gives; who has several roles has all that they give."""
    access: dict[int, Access] = defaultdict(lambda: Access.NOTHING)
    for person in (facts.mentor, facts.teacher):
        access[person] |= SEES | Access.PLAN | Access.WRITE
    for it in facts.students:
        if it.takes_part:
            access[it.person] |= (SEES | Access.WRITE) if it.has_messages else Access.RECORD
        if it.is_approved:
            for guardian in it.guardians:
                access[guardian] |= WATCHES
    for person in facts.coordinators:
        access[person] |= WATCHES if facts.is_watched else Access.RECORD
    for person in facts.contacts if facts.is_watched else ():
        access[person] |= WATCHES
    return {person: it for person, it in access.items() if person not in facts.gone}


def _seeing(access: dict[int, Access]) -> set[int]:
    return {person for person, it in access.items() if Access.TALK in it}


def _only_the_teacher(facts: Facts, access: dict[int, Access]) -> dict[int, Access]:
    """Nobody else writes a word that a minor reads; the teacher, while there is one, can tell everybody why."""
    changes = Access.PLAN | Access.WRITE
    kept = facts.teacher if facts.is_accompanied else None
    return {person: it if person == kept else it & ~changes for person, it in access.items()}
