"""Text that was drawn once and is the same for others: parts of pages, what calendars are told of a series."""

from collections import OrderedDict
from threading import Lock

MOST = 500_000  # letters that one store keeps, whatever they are of: a hundred runs, some hundred cards


class Drawn:
    """What was drawn, by key; what was used least lately goes when it is too much."""

    def __init__(self, most: int = MOST) -> None:
        self.most, self.size, self.turn = most, 0, Lock()
        self.parts: OrderedDict[bytes, str] = OrderedDict()

    def get(self, key: bytes) -> str | None:
        with self.turn:
            if key in self.parts:
                self.parts.move_to_end(key)
            return self.parts.get(key)

    def keep(self, key: bytes, part: str) -> None:
        with self.turn:
            if key not in self.parts:
                self.parts[key] = part
                self.size += len(part)
            while self.size > self.most:
                _key, gone = self.parts.popitem(last=False)
                self.size -= len(gone)
