"""What is measured, and in which order: floor and portal take turns, so that both meet the same weather."""

import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.client import Visitor
from bench.servers import Server
from bench.sizes import Sizes

LINKED = re.compile(r'<(?:link[^>]*rel="stylesheet"[^>]*href|script[^>]*src)="([^"]+)"')


@dataclass
class Taken:
    """Requests (or people), the seconds they took, the processor they cost, and the median time of one."""

    count: int = 0
    seconds: float = 0
    cpu: float = 0
    medians: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def milliseconds(self) -> float:
        """Of processor, for one."""
        return 1000 * self.cpu / self.count

    @property
    def median(self) -> float:
        """Milliseconds that one took, in the quietest round."""
        return 1000 * min(self.medians)


@dataclass(frozen=True)
class Slice:
    """One thing to measure: at which server, under which name, and how to ask for it."""

    server: Server
    name: str
    job: dict


class Measuring:
    """Everything about one pair of running servers."""

    def __init__(
        self, servers: dict[str, Server], facts: dict[str, dict], visit: Callable, sizes: Sizes, until: float
    ) -> None:
        self.servers, self.facts, self.visit, self.sizes, self.until = servers, facts, visit, sizes, until
        self.taken: dict[tuple[str, str], Taken] = defaultdict(Taken)

    def rounds(self) -> None:
        """Warm up, then all pages and a share of the people, round by round."""
        for it in self.pages():
            self._ask(it, seconds=5, most=4 * self.sizes.clients)
        for it in self.early_people():
            self._ask(it)
        for number in range(self.sizes.rounds):
            if number and self.left() < 40:  # a busy machine: fewer rounds rather than a longer run
                return
            for it in [*self.pages(), *self.people(number)]:
                self._note(it)

    def left(self) -> float:
        """Seconds until the bench ends, whatever it has measured by then."""
        return self.until - time.monotonic()

    def pages(self) -> list[Slice]:
        """Each page of the floor beside that of the portal, then what only the portal has."""
        floor, portal, facts = self.servers["floor"], self.servers["portal"], self.facts["portal"]
        pages = []
        for name in ("programme", "run"):
            for server in (floor, portal):
                paths, some = self.facts[server.name], self.facts[server.name]["cookies"][: self.sizes.readers]
                pages.append(Slice(server, name, self._look(paths[name], some)))
                pages.append(Slice(server, f"{name}, anonymous", self._look(paths[name], [])))
        keeper = [facts["coordinator"]]
        rosters = ("roster", "short roster") * 2  # the two differ by less than the weather does within a round
        return pages + [Slice(portal, name, self._look(facts[name], keeper, clients=1)) for name in rosters]

    def people(self, number: int) -> list[Slice]:
        """This round's share of the people who enrol, in two halves: a hundred at once are through in a second."""
        halves, step = (2 * number, 2 * number + 1), 2 * self.sizes.rounds
        return [it for half in halves for it in self._enrolling(slice(half, self.sizes.people, step))]

    def early_people(self) -> list[Slice]:
        """Those who warm up what enrolling needs, and are not counted."""
        return self._enrolling(slice(self.sizes.people, None))

    def growth(self) -> tuple[int, int]:
        """The portal's biggest worker before and after many more requests, in bytes."""
        portal = self.servers["portal"]
        before = max(portal.workers())
        for it in (it for it in self.pages() if it.server is portal and it.name in {"programme", "run"}):
            self._ask(it, seconds=min(20, max(5, self.left() / 2)), most=self.sizes.long_run // 2)
        return before, max(portal.workers())

    def _enrolling(self, share: slice) -> list[Slice]:
        job = {"kind": "enrol", "clients": self.sizes.clients, "seconds": 12, "most": self.sizes.most_requests}
        some = [(server, self.facts[server.name]) for server in self.servers.values()]
        return [Slice(it, "flow", {**job, "path": of["flow"], "cookies": of["cookies"][share]}) for it, of in some]

    def _look(self, path: str, cookies: list[str], clients: int = 0) -> dict:
        return {
            "kind": "look", "path": path, "cookies": cookies, "clients": clients or self.sizes.clients,
            "seconds": self.sizes.seconds, "most": self.sizes.most_requests,
        }  # fmt: skip

    def _note(self, it: Slice) -> None:
        before = it.server.cpu()
        answer = self._ask(it)
        taken = self.taken[it.server.name, it.name]
        taken.count += answer["count"]
        taken.seconds += answer["seconds"]
        taken.cpu += it.server.cpu() - before
        taken.medians.append(answer["median"])

    def _ask(self, it: Slice, **changes) -> dict:
        answer = self.visit(**{**it.job, **changes, "port": it.server.port})
        if answer["wrong"]:
            raise SystemExit(f"The {it.server.name} was wrong: {answer['wrong']}. Its log: {it.server.log}")
        return answer


def first_visit(server: Server, path: str) -> dict[str, int]:
    """Compressed bytes of a page and of the styles and scripts that it links, as a browser fetches them."""
    visitor = Visitor(server.port, encodings="gzip, br")
    bytes_of = {path: len(visitor.get(path)[2])}
    visitor.encodings = ""
    for address in LINKED.findall(visitor.get(path)[2].decode()):
        visitor.encodings = "gzip, br"
        status, _head, body = visitor.get(address.replace("&amp;", "&"))
        assert status == 200, (address, status)
        bytes_of[address] = len(body)
    return bytes_of
