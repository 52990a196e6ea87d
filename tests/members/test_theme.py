"""The colours of static/css/tokens.css hold for every hue that a cluster may choose."""

import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from cluster_portal import palette
from members import theme

TOKENS = Path("static/css/tokens.css").read_text()
OKLCH = r"oklch\(([\d.]+)% ([\d.]+) (var\(--hue\)|[\d.]+)\)"
PAIR = re.compile(rf"--([\w-]+): var\(--on-light, {OKLCH}\) var\(--on-dark, {OKLCH}\);")
DECLARED = {found[1]: (found.groups()[1:4], found.groups()[4:]) for found in PAIR.finditer(TOKENS)}

SURFACES = ("paper", "sheet", "soft")
WORDS = ("ink", "quiet", "accent", "accent-strong", "good", "waiting", "attention", "bad")
TEXT = [(word, surface) for word in WORDS for surface in SURFACES]
TEXT += [("on-accent", "accent"), ("on-accent", "accent-strong"), ("paper", "ink")]
GRAPHICS = [(shape, surface) for shape in ("outline", "mark") for surface in SURFACES]


def linear(lightness, chroma, hue):
    """OKLCH to linear sRGB, by Ottosson's matrices; parts may lie outside 0 to 1."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    l_ = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
        -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
        -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
    )


def luminances(token, hue, dark):
    """What browsers may show: colours outside sRGB are clipped by some, lowered in chroma by others."""
    lightness, chroma, angle = DECLARED[token][dark]
    angle = hue if angle.startswith("var") else float(angle)
    lightness, chroma = float(lightness) / 100, float(chroma)
    clipped = [min(1, max(0, part)) for part in linear(lightness, chroma, angle)]
    while chroma > 0 and not all(-1e-3 <= part <= 1.001 for part in linear(lightness, chroma, angle)):
        chroma -= 0.002
    reduced = [min(1, max(0, part)) for part in linear(lightness, max(0, chroma), angle)]
    return [0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (clipped, reduced)]


def worst_contrast(front, back, hue, dark):
    """The lowest contrast among the ways in which a browser may show the two."""
    pairs = [(a, b) for a in luminances(front, hue, dark) for b in luminances(back, hue, dark)]
    return min((max(a, b) + 0.05) / (min(a, b) + 0.05) for a, b in pairs)


def worst_hue(front, back, dark):
    return min((round(worst_contrast(front, back, hue, dark), 2), hue) for hue in range(360))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXT)
def test_words_can_be_read_for_every_hue(front, back, dark):
    contrast, hue = worst_hue(front, back, dark)
    assert contrast >= 4.5, f"{front} on {back} at hue {hue}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), GRAPHICS)
def test_shapes_can_be_seen_for_every_hue(front, back, dark):
    contrast, hue = worst_hue(front, back, dark)
    assert contrast >= 3, f"{front} on {back} at hue {hue}"


def test_every_colour_has_a_light_and_a_dark_value():
    sheets = Path("static/css/components.css").read_text() + Path("static/css/base.css").read_text()
    used = set(re.findall(r"var\(--([\w-]+)\)", sheets))
    assert {"paper", "sheet", "soft", "ink", "quiet", "line", "outline", "accent", "on-accent"} <= set(DECLARED)
    assert used - set(re.findall(r"--([\w-]+):", TOKENS)) == {"tone"}


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_numbers_for_mail_and_pictures_agree_with_the_style_sheet(name):
    for hue in range(0, 360, 30):
        for dark in (False, True):
            text = palette.colour(name, hue, dark)
            parts = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
            red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
            shown = 0.2126 * red + 0.7152 * green + 0.0722 * blue
            assert shown == pytest.approx(luminances(name, hue, dark)[1], abs=0.012)


def request_with(hue, address="/theme.css", **headers):
    request = RequestFactory().get(address, headers=headers)
    request.cluster = SimpleNamespace(hue=hue, name="Cluster")
    return request


def test_the_style_sheet_says_the_clusters_hue_once():
    text = theme.theme_css(request_with(31)).content.decode()
    assert text.startswith(":root{--hue:31}")
    assert palette.colour("accent", 31) in text
    assert "@import" not in text


def test_an_unchanged_style_sheet_is_not_sent_again():
    first = theme.theme_css(request_with(31))
    again = theme.theme_css(request_with(31, **{"if-none-match": "W/" + first["ETag"]}))
    other = theme.theme_css(request_with(32, **{"if-none-match": first["ETag"]}))
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_a_versioned_address_is_kept_for_a_year():
    assert "immutable" in theme.theme_css(request_with(31, "/theme.css?v=1"))["Cache-Control"]
    assert "must-revalidate" in theme.theme_css(request_with(31))["Cache-Control"]


def test_no_style_sheet_uses_what_old_phones_do_not_know():
    for path in Path("static/css").glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert not re.findall(r"light-dark\(|color-mix\(|:has\(|@import|https?:|@font-face|gradient\(", text), path
