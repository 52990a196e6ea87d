"""The emblem: one mark for each member. Its shape is the institution's kind, its size the role.

Marks stand on a sunflower spiral, in the order in which members joined, each tied to the nearest that was there
before: a new member takes the next spot and moves nobody. Beyond 24 members one mark stands for all of a kind.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from cluster_portal import palette
from members.models.institutions import Institution

Kind = Institution.Kind
Marks = Sequence[tuple[str, bool]]

MOST_MARKS = 24
GOLDEN_ANGLE = 137.508
STEP, WIDE, HIGH = 42, 1.22, 0.92
SIZE, LEAD_SIZE = 15, 31
MARGIN = 4
NOBODY = [(Kind.SCHOOL, False)]


@dataclass(frozen=True)
class Spot:
    """One mark in its place; `count` is how many members it stands for."""

    kind: str
    x: float
    y: float
    size: float
    count: int = 1


def draw_emblem(marks: Marks, hue: int, title: str = "", inline: bool = False) -> SafeString:
    """The emblem of these members (kind, is_lead) as SVG; `inline` takes its colours from the page."""
    spots = lay_out(marks or NOBODY, hue)
    fill, tie = ("currentColor", "currentColor") if inline else (palette.colour("mark", hue),) * 2
    lines = "".join(_tie(spot, _nearest(spot, spots[:index])) for index, spot in enumerate(spots) if index)
    shapes = "".join(_shape(spot) for spot in spots)
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="{}" role="img"><title>{}</title><desc>{}</desc>'
        '<g class="tie" fill="none" stroke="{}" stroke-width="1.5" opacity=".6">{}</g>'
        '<g fill="{}" stroke="{}" stroke-width="3" stroke-linejoin="round">{}</g>{}</svg>',
        _box(spots),
        title or _("The emblem of the cluster"),
        describe(marks),
        tie,
        mark_safe(lines),  # noqa: S308
        fill,
        fill,
        mark_safe(shapes),  # noqa: S308 (numbers only)
        mark_safe(_counts(spots, fill)),  # noqa: S308 (numbers only)
    )


def draw_mark(kind: str, hue: int) -> SafeString:
    """One mark alone, for the favicon; its colour is seen on light and on dark."""
    fill = palette.colour("mark", hue)
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 -16 32 32"><g fill="{}" stroke="{}" stroke-width="1.5"'
        ' stroke-linejoin="round">{}</g></svg>',
        fill,
        fill,
        mark_safe(_shape(Spot(kind, 0, 0, 13))),  # noqa: S308 (numbers only)
    )


def draw_kind(kind: str) -> SafeString:
    """The mark of a kind beside its word, in the colour of the text around it."""
    shape = mark_safe(_shape(Spot(kind, 0, 0, 13)))  # noqa: S308 (numbers only)
    return format_html(
        '<svg class="kind-mark" viewBox="-16 -16 32 32" aria-hidden="true" focusable="false"><g fill="currentColor"'
        ' stroke="currentColor" stroke-width="1.5" stroke-linejoin="round">{}</g></svg>',
        shape,
    )


def describe(marks: Marks) -> str:
    """What the emblem shows, in words: how many members of which kind."""
    if not marks:
        return _("No members yet")
    counts = Counter(kind for kind, _is_lead in marks)
    kinds = ", ".join(f"{Kind(kind).label}: {count}" for kind, count in counts.most_common())
    return _("One mark for each member. %(kinds)s") % {"kinds": kinds}


def lay_out(marks: Marks, hue: int) -> list[Spot]:
    """Every mark in its place: those that lead first, then in the order given."""
    ordered = sorted(marks, key=lambda mark: not mark[1])
    if len(ordered) > MOST_MARKS:
        return _grouped(ordered, hue)
    return [
        Spot(kind, *_place(index, hue), LEAD_SIZE if is_lead and not index else SIZE * (1.35 if is_lead else 1))
        for index, (kind, is_lead) in enumerate(ordered)
    ]


def _grouped(ordered: Marks, hue: int) -> list[Spot]:
    first, *rest = ordered
    counts = Counter(kind for kind, _is_lead in rest)
    spots = [Spot(first[0], *_place(0, hue), LEAD_SIZE)]
    for index, (kind, count) in enumerate(sorted(counts.items(), key=lambda item: (-item[1], item[0])), start=1):
        x, y = _place(index, hue)
        size = min(LEAD_SIZE, SIZE * (0.9 + 0.13 * math.sqrt(count)))
        spots.append(Spot(kind, round(x * 1.25, 1), round(y * 1.25, 1), size, count))
    return spots


def _place(index: int, hue: int) -> tuple[float, float]:
    if not index:
        return 0, 0
    angle = math.radians(hue + index * GOLDEN_ANGLE)
    far = STEP * math.sqrt(index + 1.4)
    return round(far * WIDE * math.cos(angle), 1), round(far * HIGH * math.sin(angle), 1)


def _nearest(spot: Spot, earlier: list[Spot]) -> Spot:
    return min(earlier, key=lambda other: math.hypot(spot.x - other.x, spot.y - other.y) - other.size)


def _tie(spot: Spot, other: Spot) -> str:
    """A line between two marks that stops short of both."""
    length = math.hypot(other.x - spot.x, other.y - spot.y)
    dx, dy = (other.x - spot.x) / length, (other.y - spot.y) / length
    near, far = _clear_of(spot, dy), _clear_of(other, -dy)
    if length <= near + far:
        return ""
    start = f"{spot.x + dx * near:.1f} {spot.y + dy * near:.1f}"
    return f'<path d="M{start}L{other.x - dx * far:.1f} {other.y - dy * far:.1f}"/>'


def _clear_of(spot: Spot, down: float) -> float:
    """How far from a mark's middle its line begins; below a mark there may stand a number."""
    return spot.size + (28 if spot.count > 1 and down > 0.3 else 6)


def _counts(spots: list[Spot], fill: str) -> str:
    numbers = "".join(
        f'<text x="{spot.x}" y="{spot.y + spot.size * 1.2 + 17:.1f}">{spot.count}</text>'
        for spot in spots
        if spot.count > 1
    )
    look = 'font-family="sans-serif" font-size="16" font-weight="700" text-anchor="middle"'
    return f'<g fill="{fill}" {look}>{numbers}</g>' if numbers else ""


def _box(spots: list[Spot]) -> str:
    reach = [spot.size * 1.2 + MARGIN for spot in spots]
    below = [19 if spot.count > 1 else 0 for spot in spots]
    left = min(spot.x - room for spot, room in zip(spots, reach, strict=True))
    top = min(spot.y - room for spot, room in zip(spots, reach, strict=True))
    right = max(spot.x + room for spot, room in zip(spots, reach, strict=True))
    bottom = max(spot.y + room + more for spot, room, more in zip(spots, reach, below, strict=True))
    return f"{left:.0f} {top:.0f} {right - left:.0f} {bottom - top:.0f}"


def _shape(spot: Spot) -> str:
    return SHAPES[Kind(spot.kind)](spot.x, spot.y, spot.size)


def _disc(x: float, y: float, size: float) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{size:.1f}"/>'


def _target(x: float, y: float, size: float) -> str:
    ring = f'<circle cx="{x}" cy="{y}" r="{size * 0.92:.1f}" fill="none" stroke-width="{size * 0.28:.1f}"/>'
    return ring + _disc(x, y, size * 0.42)


def _square(x: float, y: float, size: float) -> str:
    side = size * 1.7
    return f'<rect x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:.1f}" height="{side:.1f}"/>'


def _half(x: float, y: float, size: float) -> str:
    wide = size * 1.15
    return f'<path d="M{x - wide:.1f} {y + size * 0.55:.1f}a{wide:.1f} {wide:.1f} 0 0 1 {2 * wide:.1f} 0z"/>'


def _clover(x: float, y: float, size: float) -> str:
    away, leaf = size * 0.56, size * 0.56
    corners = [(x - away, y - away), (x + away, y - away), (x - away, y + away), (x + away, y + away)]
    return "".join(_disc(round(left, 1), round(top, 1), leaf * 0.86) for left, top in corners)


def _polygon(corners: int, turn: float, stretch: float):
    def draw(x: float, y: float, size: float) -> str:
        angles = [math.radians(turn + 360 * index / corners) for index in range(corners)]
        far = size * stretch
        points = " ".join(f"{x + far * math.cos(angle):.1f},{y + far * math.sin(angle):.1f}" for angle in angles)
        return f'<polygon points="{points}"/>'

    return draw


def _plus(x: float, y: float, size: float) -> str:
    arm = size * 1.08
    lines = f"M{x - arm:.1f} {y}h{2 * arm:.1f}M{x} {y - arm:.1f}v{2 * arm:.1f}"
    return f'<path d="{lines}" stroke-width="{size * 0.72:.1f}"/>'


SHAPES = {
    Kind.UNIVERSITY: _target,
    Kind.METHODOLOGY_CENTRE: _square,
    Kind.SCHOOL: _disc,
    Kind.KINDERGARTEN: _polygon(3, -90, 1.2),
    Kind.COLLEGE: _polygon(6, 0, 1.05),
    Kind.SUPPLEMENTARY: _polygon(4, 0, 1.2),
    Kind.COMPANY: _half,
    Kind.AUTHORITY: _plus,
    Kind.ASSOCIATION: _clover,
}
