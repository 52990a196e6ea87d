"""Places, seen and said: up to 60 are drawn one by one, more as a bar; the words always stand beside."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

DRAWN_ONE_BY_ONE = 60
STEP, RADIUS = 13, 5
FIVE_GAP = 5
BAR = 240


def say_places(places: int, taken: int, offered: int = 0, waiting: int = 0, yours: bool = False, held: int = 0) -> str:
    """The words beside the drawing: what is free first, because that is what one asks."""
    free = max(0, places - taken)
    if free:
        said = ngettext("%(count)d place free", "%(count)d places free", free) % {"count": free}
        words = [said, _("%(taken)d of %(places)d taken") % {"taken": taken, "places": places}]
    else:
        full = ngettext("Full: %(count)d place is taken", "Full: all %(count)d places are taken", places)
        words = [full % {"count": places}]
    if held:
        words.append(ngettext("%(count)d of them held", "%(count)d of them held", held) % {"count": held})
    if offered:
        words.append(ngettext("%(count)d of them offered", "%(count)d of them offered", offered) % {"count": offered})
    if waiting:
        queue = ngettext("%(count)d person in the queue", "%(count)d people in the queue", waiting)
        words.append(queue % {"count": waiting})
    if yours:
        words.append(_("one is yours"))
    return " · ".join(words)


def draw_places(
    places: int, taken: int, offered: int = 0, waiting: int = 0, yours: bool = False, held: int = 0
) -> SafeString:
    """An SVG for the eye only (its words stand beside it): every place as a mark, or a bar for many.

    What is held and what is offered look the same: taken, and not yet for certain.
    """
    unsure = offered + held
    kinds = _kinds(places, taken, unsure, yours)
    return _dots(kinds) if places <= DRAWN_ONE_BY_ONE else _bar(places, taken, unsure)


def columns_for(places: int) -> int:
    """How many marks stand in a row: rows of about equal length, in steps of five, at most twenty."""
    rows = -(-places // 20)
    return min(20, -(-places // rows // 5) * 5) if rows > 1 else max(1, places)


def _kinds(places: int, taken: int, unsure: int, yours: bool) -> list[str]:
    """One kind for each place: confirmed, then yours, then not yet certain, then free. `taken` includes the unsure."""
    unsure = max(0, min(unsure, taken - yours))
    confirmed = max(0, min(taken, places) - unsure - yours)
    kinds = ["taken"] * confirmed + ["yours"] * yours + ["held"] * unsure
    return (kinds + ["free"] * places)[:places]


def _dots(kinds: list[str]) -> SafeString:
    columns = columns_for(len(kinds))
    spots: dict[str, list[tuple[int, int]]] = {}
    for index, kind in enumerate(kinds):
        row, column = divmod(index, columns)
        x, y = STEP // 2 + column * STEP + column // 5 * FIVE_GAP, STEP // 2 + row * (STEP + 1)
        spots.setdefault(kind, []).append((x, y))
    width = columns * STEP + (columns - 1) // 5 * FIVE_GAP
    height = -(-len(kinds) // columns) * (STEP + 1)
    paths = "".join(_layers(kind, found) for kind, found in spots.items())
    return _svg("places-dots", width, height, paths)


def _layers(kind: str, spots: list[tuple[int, int]]) -> str:
    """Round line ends of no length are dots; a ring is a dot with a smaller dot of paper on it."""
    layers = {"taken": "d", "free": "of", "held": "dfh", "yours": "yzt"}[kind]
    dots = "".join(f"M{x} {y}h0" for x, y in spots)
    halves = "".join(f"M{x} {y - RADIUS}a{RADIUS} {RADIUS} 0 0 1 0 {2 * RADIUS}z" for x, y in spots)
    return "".join(f'<path class="p-{layer}" d="{halves if layer == "h" else dots}"/>' for layer in layers)


def _bar(places: int, taken: int, unsure: int) -> SafeString:
    full, held = (round(BAR * min(count, places) / places, 1) for count in (taken - unsure, taken))
    parts = "".join(f'<path class="p-{layer}" d="M4 5H{BAR - 4}"/>' for layer in ("rail", "gap"))
    if taken:
        parts += f'<path class="p-held" d="M4 5H{max(4.1, held - 4)}"/>'
    if taken > unsure:
        parts += f'<path class="p-bar" d="M4 5H{max(4.1, full - 4)}"/>'
    return _svg("places-bar", BAR, 10, parts)


def _svg(look: str, width: int, height: int, content: str) -> SafeString:
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" aria-hidden="true" focusable="false">{}</svg>',
        look,
        width,
        height,
        width,
        height,
        mark_safe(content),  # noqa: S308 (numbers only)
    )
