"""Who mentors whom, for a whole intake at once: an optimal assignment. Nothing here knows of a database.

What is asked for, in this order: as many requests as possible get a mentor; where there are too few mentors, those go
first who have waited longest; of all such ways the one that is worth most: how well each mentor fits, and how much time
each has left for one more (`places`: what the next, the one after it … is worth, never growing).

The first two cost each other nothing: the requests that can be served together form a matroid, so whoever is taken in
the order of waiting, as long as all before them keep a mentor, makes a greatest number too. The third is a network flow
with convex costs (cluster_portal/flows.py). Of its hundreds of thousands of columns nearly all stay out: what a column
could add is read off the prices of the corner, and when none could add anything, the corner is the best of all.
"""

from dataclasses import dataclass, field

from cluster_portal.flows import Corner, Flow

Pair = tuple[str, str]  # request, mentor
FEW = 8  # so many mentors of each request begin, and so many join in each round


@dataclass(frozen=True)
class Question:
    """Requests in the order in which they have waited; what each free place of a mentor is worth; who fits how well."""

    requests: tuple[str, ...]
    places: dict[str, tuple[int, ...]] = field(hash=False)
    worth: dict[str, dict[str, int]] = field(hash=False)


def assign(question: Question) -> dict[str, str]:
    """The optimal assignment: request → mentor; who is not in it goes without."""
    served = _served(question)
    return _best(question, served) if served else {}


def _served(question: Question) -> dict[str, str]:
    """As many requests as can be, the longest wait first, each with some mentor: by augmenting paths."""
    search = _Search(question)
    for request in question.requests:
        search.take_in(request)
    return search.found()


class _Search:
    """Requests with mentors so far. Mentors are bits of a number: those that fit a request, those that have room."""

    def __init__(self, question: Question) -> None:
        self.mentors = sorted(question.places)
        bit = {key: 1 << n for n, key in enumerate(self.mentors)}
        self.fits = {it: sum(bit[key] for key in question.worth.get(it, ())) for it in question.requests}
        self.room = [len(question.places[key]) for key in self.mentors]
        self.held: list[list[str]] = [[] for _key in self.mentors]
        self.free = sum(1 << n for n, room in enumerate(self.room) if room)
        self.dead = 0  # mentors from whom nobody can be moved on to a free place, now or ever

    def take_in(self, request: str) -> bool:
        """Give the request a mentor, moving others on where that helps; nobody who has one loses it."""
        reached: dict[int, str] = {}  # mentor → the request that would go there
        holder: dict[str, int] = {}  # request → the mentor it would leave
        seen, queue = self.dead, [request]
        for one in queue:
            if room := self.fits[one] & self.free:
                self._move(one, _lowest(room), reached, holder)
                return True
            fresh = self.fits[one] & ~seen
            seen |= fresh
            while fresh:
                mentor = _lowest(fresh)
                fresh ^= 1 << mentor
                reached[mentor] = one
                holder.update(dict.fromkeys(self.held[mentor], mentor))
                queue += self.held[mentor]
        self.dead = seen
        return False

    def _move(self, request: str, mentor: int, reached: dict[int, str], holder: dict[str, int]) -> None:
        self._give(request, mentor)
        while request in holder:
            left = holder[request]
            self.held[left].remove(request)
            request = reached[left]
            self._give(request, left)

    def _give(self, request: str, mentor: int) -> None:
        self.held[mentor].append(request)
        if len(self.held[mentor]) >= self.room[mentor]:
            self.free &= ~(1 << mentor)

    def found(self) -> dict[str, str]:
        """Request → mentor."""
        return {request: key for key, held in zip(self.mentors, self.held, strict=True) for request in held}


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1


def _best(question: Question, served: dict[str, str]) -> dict[str, str]:
    """A mentor for each who is served, worth most together."""
    columns = {
        request: dict.fromkeys([*_likeliest(question.worth[request]), mentor])
        for request, mentor in sorted(served.items())
    }
    while True:
        pairs = [(request, mentor) for request, mentors in columns.items() for mentor in mentors]
        corner = _corner(question, pairs)
        if not _joined(question, columns, corner):
            return dict(pair for pair, value in zip(pairs, corner.values, strict=False) if value)


def _likeliest(worth: dict[str, int]) -> list[str]:
    return sorted(worth, key=lambda key: (-worth[key], key))[:FEW]


def _corner(question: Question, pairs: list[Pair]) -> Corner:
    """The best of what these pairs allow. The columns of the pairs come first."""
    flow = Flow()
    for request in dict.fromkeys(request for request, _mentor in pairs):
        flow.row(f"request {request}", 1)
    mentors = sorted({mentor for _request, mentor in pairs})
    for mentor in mentors:
        flow.row(f"mentor {mentor}", 0)
    for request, mentor in pairs:
        flow.column({f"request {request}": 1.0, f"mentor {mentor}": 1.0}, -question.worth[request][mentor])
    for mentor in mentors:
        for worth in question.places[mentor]:
            flow.column({f"mentor {mentor}": -1.0}, -worth)
    return flow.solved()


def _joined(question: Question, columns: dict[str, dict[str, None]], corner: Corner) -> bool:
    """Let the pairs join that could make the corner better; whether there were any."""
    # Who has nobody yet has no price: the first of their places is the least it could be.
    price = {key: corner.prices.get(f"mentor {key}", worth[0]) for key, worth in question.places.items() if worth}
    joined = False
    for request, known in columns.items():
        least = 0.5 - corner.prices[f"request {request}"]  # prices are whole numbers too, but for rounding
        worth = question.worth[request]
        better = {
            key: gain
            for key, here in worth.items()
            if key in price and (gain := here + price[key]) > least and key not in known
        }
        if better:
            known.update(dict.fromkeys(_likeliest(better)))
            joined = True
    return joined
