"""Which juror reads which entry: an optimal assignment. Nothing here knows of a database.

What is asked for, in this order: no conflict ever; what is assigned already stays; as many readings as possible, and
where some are missing they are missing evenly; jurors read about equally many; of equally good ways the one in which
more entries are read by who knows their nomination. Each is a network flow with convex costs (cluster_portal/flows.py).
The same question always has the same answer, whatever the order in which it is put.

Missing places first and loads second is no compromise: in a flow the loads can be made as even as they can be for any
way of spreading what is missing (Mendelsohn and Dulmage, 1958, for linkings), so the first step costs the second
nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cluster_portal.flows import Flow

Pair = tuple[str, str]  # entry, juror


@dataclass(frozen=True)
class Reader:
    """A juror: how many entries they read at most, and the nominations they know about (none said: any)."""

    key: str
    capacity: int
    nominations: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """An entry and the nomination it is for; `readers` are how many jurors it should have."""

    key: str
    readers: int
    nomination: str = ""


@dataclass(frozen=True)
class Instance:
    """A question: entries, jurors, pairs that must not meet, pairs that are assigned already."""

    entries: tuple[Asked, ...]
    jurors: tuple[Reader, ...]
    conflicts: frozenset[Pair] = frozenset()
    kept: frozenset[Pair] = frozenset()
    done: frozenset[Pair] = frozenset()  # pairs that are over (taken back): the juror does not get it again

    @cached_property
    def loads(self) -> dict[str, int]:
        """How many entries each juror has already."""
        loads = dict.fromkeys((it.key for it in self.jurors), 0)
        for _entry, juror in self.kept:
            if juror in loads:
                loads[juror] += 1
        return loads

    @cached_property
    def missing(self) -> dict[str, int]:
        """How many jurors each entry still needs."""
        has = dict.fromkeys((it.key for it in self.entries), 0)
        for entry, _juror in self.kept:
            if entry in has:
                has[entry] += 1
        return {it.key: max(it.readers - has[it.key], 0) for it in self.entries}

    @cached_property
    def room(self) -> dict[str, int]:
        """How many entries more each juror can read."""
        return {it.key: max(it.capacity - self.loads[it.key], 0) for it in self.jurors}

    def may_meet(self, entry: Asked, juror: Reader) -> bool:
        """Whether this juror could be given this entry, if they had room."""
        pair = (entry.key, juror.key)
        return pair not in self.conflicts and pair not in self.kept and pair not in self.done


@dataclass(frozen=True)
class Choice:
    """One juror for one entry, and what spoke for it."""

    entry: str
    juror: str
    knows: bool  # the nomination, because they said so
    load: int  # how many the juror reads then
    capacity: int
    excluded: int  # how many jurors could not, because of a conflict
    jurors: int


@dataclass(frozen=True)
class Shortage:
    """An entry that lacks jurors: how many, how many could read it at all, and how many of these have no room."""

    entry: str
    missing: int
    possible: int
    full: int


@dataclass(frozen=True)
class Plan:
    """The answer: new choices, what is missing, and what each juror reads then."""

    choices: tuple[Choice, ...]
    shortages: tuple[Shortage, ...]
    loads: dict[str, int] = field(hash=False)

    @property
    def missing(self) -> int:
        """How many readings are missing in all."""
        return sum(it.missing for it in self.shortages)


def assign(instance: Instance) -> Plan:
    """The optimal assignment of an instance."""
    entries = sorted((it for it in instance.entries if instance.missing[it.key]), key=lambda it: it.key)
    jurors = sorted((it for it in instance.jurors if instance.room[it.key]), key=lambda it: it.key)
    pairs = [(entry, juror) for entry in entries for juror in jurors if instance.may_meet(entry, juror)]
    if not pairs:
        return _plan(instance, [])
    wanted = {it.key: instance.missing[it.key] for it in entries}
    served = _served(pairs, wanted, instance)
    chosen = _evenly(pairs, served, instance)
    return _plan(instance, chosen)


def _served(pairs: Sequence[tuple[Asked, Reader]], wanted: dict[str, int], instance: Instance) -> dict[str, int]:
    """How many jurors each entry gets when as few as possible are missing, and these evenly."""
    programme = Flow()
    for entry, number in wanted.items():
        programme.row(entry, number)
    _pairs_into(programme, pairs, cost=lambda entry, juror: 0)
    for juror in dict.fromkeys(juror.key for _entry, juror in pairs):
        programme.column({f"juror {juror}": -1.0}, 0, instance.room[juror])
    for entry, number in wanted.items():
        for nth in range(1, number + 1):
            programme.column({entry: 1.0}, nth)
    chosen = programme.solved().values[: len(pairs)]
    counted = dict.fromkeys(wanted, 0)
    for (entry, _juror), value in zip(pairs, chosen, strict=True):
        counted[entry.key] += value
    return counted


def _evenly(pairs: Sequence[tuple[Asked, Reader]], served: dict[str, int], instance: Instance) -> list[Pair]:
    """So many jurors for each entry that loads are as even as can be; then, who knows the nomination."""
    programme = Flow()
    for entry, number in served.items():
        programme.row(entry, number)
    _pairs_into(programme, pairs, cost=lambda entry, juror: 0 if _knows(entry, juror) else 1)
    heavy = sum(served.values()) + 1  # one step of load weighs more than all expertise together
    for juror in dict.fromkeys(juror.key for _entry, juror in pairs):
        before = instance.loads[juror]
        most = min(instance.room[juror], sum(served.values()))
        for nth in range(before + 1, before + most + 1):
            programme.column({f"juror {juror}": -1.0}, heavy * (2 * nth - 1))
    chosen = programme.solved().values[: len(pairs)]
    return [(entry.key, juror.key) for (entry, juror), value in zip(pairs, chosen, strict=True) if value]


def _pairs_into(programme: Flow, pairs: Sequence[tuple[Asked, Reader]], cost) -> None:
    for juror in dict.fromkeys(juror.key for _entry, juror in pairs):
        programme.row(f"juror {juror}", 0)
    for entry, juror in pairs:
        programme.column({entry.key: 1.0, f"juror {juror.key}": 1.0}, cost(entry, juror))


def _knows(entry: Asked, juror: Reader) -> bool:
    return not juror.nominations or not entry.nomination or entry.nomination in juror.nominations


def _plan(instance: Instance, chosen: Iterable[Pair]) -> Plan:
    chosen = sorted(chosen)
    entries = {it.key: it for it in instance.entries}
    jurors = {it.key: it for it in instance.jurors}
    loads = dict(instance.loads)
    for _entry, juror in chosen:
        loads[juror] += 1
    excluded = {it.key: sum((it.key, one) in instance.conflicts for one in jurors) for it in instance.entries}
    choices = tuple(
        Choice(
            entry,
            juror,
            knows=entries[entry].nomination in jurors[juror].nominations,
            load=loads[juror],
            capacity=jurors[juror].capacity,
            excluded=excluded[entry],
            jurors=len(jurors),
        )
        for entry, juror in chosen
    )
    return Plan(choices, tuple(_shortages(instance, chosen, loads)), loads)


def _shortages(instance: Instance, chosen: list[Pair], loads: dict[str, int]) -> Iterable[Shortage]:
    got = dict.fromkeys(instance.missing, 0)
    for entry, _juror in chosen:
        got[entry] += 1
    new = set(chosen)
    for it in sorted(instance.entries, key=lambda it: it.key):
        if missing := instance.missing[it.key] - got[it.key]:
            able = [one for one in instance.jurors if instance.may_meet(it, one) and (it.key, one.key) not in new]
            full = sum(loads[one.key] >= one.capacity for one in able)
            barred = instance.conflicts | instance.done
            possible = len([one for one in instance.jurors if (it.key, one.key) not in barred])
            yield Shortage(it.key, missing, possible, full)
