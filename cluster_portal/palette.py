"""The colours of static/css/tokens.css as plain numbers: for pictures, mail, and browsers that know no OKLCH."""

import hashlib
import math
import re
from functools import lru_cache

from django.conf import settings

TOKENS = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text()
VERSION = hashlib.sha256(TOKENS.encode()).hexdigest()[:10]

_OKLCH = r"oklch\(([\d.]+)% ([\d.]+) (var\(--hue\)|[\d.]+)\)"
_TOKEN = re.compile(rf"--([\w-]+): var\(--on-light, {_OKLCH}\) var\(--on-dark, {_OKLCH}\);")
_NAMED = {found[1]: found.groups()[1:] for found in _TOKEN.finditer(TOKENS)}


@lru_cache(maxsize=512)
def colour(name: str, hue: int, dark: bool = False) -> str:
    """The token `name` of a cluster with this hue, as #rrggbb: ``colour("accent", 258)``."""
    lightness, chroma, angle = _NAMED[name][3:] if dark else _NAMED[name][:3]
    return srgb(float(lightness) / 100, float(chroma), float(hue if angle.startswith("var") else angle))


def srgb(lightness: float, chroma: float, hue: float) -> str:
    """An OKLCH colour as #rrggbb; chroma is lowered until the colour exists on a screen."""
    while chroma > 0 and not all(-0.0005 <= part <= 1.0005 for part in _linear(lightness, chroma, hue)):
        chroma = max(0, chroma - 0.004)
    return "#" + "".join(f"{round(_encoded(part) * 255):02x}" for part in _linear(lightness, chroma, hue))


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _encoded(part: float) -> float:
    part = min(1.0, max(0.0, part))
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
