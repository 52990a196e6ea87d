"""Lists as word processors leave them in plain text: a bullet or a number, and a tab."""

import re
from dataclasses import dataclass, field

# The bullets of Word and LibreOffice; those of its symbol fonts arrive as letters of the private area, or as § and Ø.
_BULLET = r"[•◦▪▫●○■□‣⁃∙·–—\-*oо§Øüv\uf0a7\uf0b7\uf0d8\uf0fc\uf076]"
_NUMBER = r"(?:\d{1,3}|[a-zа-я]|[ivx]{1,5})[.)]"
# Bullets that nobody writes as a word need no tab behind them.
_ITEM = re.compile(
    rf"[ \t\u00a0]*(?:({_BULLET}|{_NUMBER})[ \u00a0]*\t[ \t\u00a0]*|([•◦▪●‣∙\uf0a7\uf0b7])[ \u00a0]*)(?=\S)"
)


@dataclass
class _Lists:
    """The lists that are open at a line: the kind of each one's marks, and how far its text is indented."""

    kinds: list[str] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)

    def line(self, mark: str, text: str) -> str:
        """The item as Markdown: a kind of mark that is new lies within the item above it."""
        kind, written = _kind(mark)
        if kind.startswith("number") and not any(it.startswith("number") for it in self.kinds):
            self.kinds, self.widths = [], []  # bullets stand within numbers, and numbers after bullets
        if kind in self.kinds:
            keep = self.kinds.index(kind)
            del self.kinds[keep:], self.widths[keep:]
        indent = sum(self.widths)
        self.kinds.append(kind)
        self.widths.append(len(written) + 1)
        return f"{' ' * indent}{written} {text}"


def with_lists(text: str) -> str:
    """The text with such lists as Markdown. What is none stays as it is."""
    lines: list[str] = []
    lists = _Lists()
    for line in text.split("\n"):
        found = _ITEM.match(line)
        if not found:
            if lists.kinds and line.strip():
                lines.append("")  # what follows the list is not a part of its last item
                lists = _Lists()
            lines.append(line)
            continue
        if not lists.kinds and lines and lines[-1].strip():
            lines.append("")
        lines.append(lists.line(found[1] or found[2], line[found.end() :]))
    return "\n".join(lines)


def _kind(mark: str) -> tuple[str, str]:
    """What sort of mark this is, and how Markdown writes it."""
    if mark[-1] not in ".)":
        return mark, "-"
    sort = "number" if mark[0].isdigit() else "letter"
    return sort + mark[-1], mark if sort == "number" else f"1{mark[-1]}"
