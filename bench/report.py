"""The numbers in words: a table, and for each goal whether it is reached."""

from dataclasses import dataclass, field

from bench.measure import Taken

PAGES = ("programme", "programme, anonymous", "run", "run, anonymous")


@dataclass(frozen=True)
class Goal:
    """One number, and what it has to be."""

    what: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def reached(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        wanted = f"{'at least' if self.at_least else 'at most'} {self.limit:g}{self.unit}"
        return f"{'reached' if self.reached else 'MISSED ':7}  {self.what}: {self.value:.2f}{self.unit} ({wanted})"


@dataclass
class Report:
    """All that one run of the bench found."""

    taken: dict[tuple[str, str], Taken]
    queries: dict[str, dict[str, int]]
    cold_start: dict[str, float]
    memory: dict[str, int]
    growth: tuple[int, int]
    first_visits: dict[str, dict[str, int]]
    papers: dict[str, float]
    machine: str = ""
    goals: list[Goal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.goals = [
            *(Goal(f"{name}, rate beside the floor's", self.ratio(name), 0.5, at_least=True) for name in PAGES),
            Goal("flow, rate beside the floor's", self.ratio("flow"), 0.4, at_least=True),
            Goal("roster, time with many rows beside few", self.roster(), 1.2),
            Goal("worker's memory", self.growth[1] / 2**20, 110, " MB"),
            Goal("memory grown in the long run", (self.growth[1] - self.growth[0]) / 2**20, 5, " MB"),
            Goal("500 certificates, time beside bare pages", self.papers["portal"] / self.papers["floor"], 8),
            Goal("first visit, the heaviest", self.heaviest() / 1024, 60, " KB"),
        ]

    def ratio(self, name: str) -> float:
        return self.taken["portal", name].rate / self.taken["floor", name].rate

    def roster(self) -> float:
        return self.taken["portal", "roster"].median / self.taken["portal", "short roster"].median

    def heaviest(self) -> int:
        return max(sum(parts.values()) for parts in self.first_visits.values())

    def __str__(self) -> str:
        return "\n".join([self.machine, "", *self._table(), "", *self._others(), "", *map(str, self.goals)])

    def _table(self) -> list[str]:
        lines = [f"{'':24}{'floor':>30}{'portal':>30}{'portal : floor':>18}"]
        lines.append(f"{'':24}" + f"{'per s':>10}{'CPU ms':>10}{'queries':>10}" * 2 + f"{'rate':>10}{'CPU':>8}")
        for name in (*PAGES, "flow", "roster", "short roster"):
            floor, portal = self.taken.get(("floor", name)), self.taken["portal", name]
            line = f"{name:24}{self._numbers('floor', name, floor)}{self._numbers('portal', name, portal)}"
            if floor:
                line += f"{portal.rate / floor.rate:10.2f}{portal.milliseconds / floor.milliseconds:8.2f}"
            lines.append(line)
        return lines

    def _numbers(self, server: str, name: str, taken: Taken | None) -> str:
        if taken is None:
            return " " * 30
        queries = self.queries[server].get(name, "")
        return f"{taken.rate:10.1f}{taken.milliseconds:10.2f}{queries:>10}"

    def _others(self) -> list[str]:
        pairs = [
            ("cold start", {name: f"{seconds:.2f} s" for name, seconds in self.cold_start.items()}),
            ("worker's memory", {name: f"{size / 2**20:.0f} MB" for name, size in self.memory.items()}),
            ("first visit", {path: kilobytes(sum(parts.values())) for path, parts in self.first_visits.items()}),
            ("of it the page", {path: kilobytes(parts[path]) for path, parts in self.first_visits.items()}),
        ]
        pairs.append(("certificates", {name: f"{seconds:.2f} s" for name, seconds in self.papers.items()}))
        lines = [f"{what:24}" + ", ".join(f"{name} {said}" for name, said in of.items()) for what, of in pairs]
        before, after = (size / 2**20 for size in self.growth)
        return [*lines, f"{'long run':24}{before:.1f} MB before, {after:.1f} MB after"]


def kilobytes(size: int) -> str:
    return f"{size / 1024:.1f} KB"
