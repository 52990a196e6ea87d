"""Draw docs/screens/ anew: `python -m tests.journeys.screens`, by hand, with Chromium on PATH.

It starts a portal of its own for each language, with the Petrogradsky example told in it, and looks at it as each kind
of reader.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from cluster_portal.launch.ports import free_port

HERE = Path(__file__).resolve().parents[2]
FOLDER = HERE / "docs" / "screens"
WIDTHS = {1280: 1000, 390: 1200}  # width → most height
LOOKS = {"en": {"light": "light", "dark": "dark"}, "ru": {"ru": "light"}}  # language → name → colours
COLOURS = 128
PASSWORD = "demo-cluster"
# where whom finds the first of each, whatever it is called, and how its address begins; what was found leads on
FOUND = {
    "course": ("", "/courses/?kind=course", "#results a[href^='/runs/']"),
    "workshop": ("", "/courses/?kind=workshop", "#results a[href^='/runs/']"),
    "school": ("", "/members/?kind=school", "#results a[href^='/members/']"),
    "open": ("", "/competitions/", ".shelf a[href^='/competitions/']"),
    "plan": ("", "/library/", "#results a[href^='/library/']"),
    "draft": ("teacher", "/me/", "main a[href^='/entries/']"),
    "jury": ("juror", "/jury/", "main a[href^='/jury/']"),
    "judged": ("juror", "/jury/{jury}/", "main a[href^='/competitions/']"),
    "review": ("juror", "/jury/{jury}/", "main .button[href^='/reviews/']"),
    "pairing": ("teacher", "/me/", "main a[href^='/mentorship/pairings/']"),
    "asked": ("mentor", "/mentorship/", "main a[href^='/mentorship/asked/']"),
}
# name of the picture → who looks, and where
SCREENS = {
    "home": ("", "/"),
    "institution": ("", "/members/{school}/"),
    "programme": ("", "/courses/"),
    "run": ("teacher", "/runs/{course}/"),
    "me": ("teacher2", "/me/"),
    "desk": ("coordinator", "/desk/"),
    "outbox": ("coordinator", "/desk/outbox/"),
    "roster": ("coordinator", "/desk/runs/{workshop}/roster/"),
    "competition": ("teacher", "/competitions/{open}/"),
    "writing": ("teacher", "/entries/{draft}/edit/"),
    "review": ("juror", "/reviews/{review}/"),
    "results": ("coordinator", "/desk/competitions/{judged}/results/"),
    "library": ("", "/library/"),
    "plan": ("", "/library/{plan}/"),
    "mentorship": ("", "/mentorship/"),
    "asked": ("mentor", "/mentorship/asked/{asked}/"),
    "pairing": ("teacher", "/mentorship/pairings/{pairing}/"),
    "desk-mentorship": ("coordinator", "/desk/mentorship/"),
    "intake": ("coordinator", "/desk/mentorship/intake/"),
}


def main() -> None:
    """Start, draw, stop, in each language."""
    for language in LOOKS:
        draw_in(language)


def draw_in(language: str) -> None:
    state, port = tempfile.mkdtemp(prefix="portal-screens-"), free_port()
    environment = os.environ | {"STATE": state, "PORT": str(port), "DEMO": "1"}
    environment |= {"EXAMPLE": "petrogradsky", "EXAMPLE_LANGUAGE": language}
    portal = subprocess.Popen([sys.executable, "manage.py", "portal"], cwd=HERE, env=environment)
    try:
        wait_until_ready(port)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            draw_all(browser, f"http://127.0.0.1:{port}", language)
            browser.close()
    finally:
        portal.terminate()
        portal.wait(30)
        shutil.rmtree(state, ignore_errors=True)


def wait_until_ready(port: int) -> None:
    import urllib.error
    import urllib.request

    for _second in range(180):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2)
        except (OSError, urllib.error.URLError):
            time.sleep(1)
        else:
            return
    raise SystemExit("The portal did not become ready within three minutes.")


def draw_all(browser, portal: str, language: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    readers = {who for who, *_rest in [*FOUND.values(), *SCREENS.values()]}
    signed_in = {who: state_of(browser, portal, who, language) for who in sorted(readers)}
    places = {}
    for name, (who, address, link) in FOUND.items():
        places[name] = first_of(browser, portal, signed_in[who], address.format(**places), link)
    for look, scheme in LOOKS[language].items():
        for name, (who, address) in SCREENS.items():
            for width in WIDTHS:
                context = browser.new_context(
                    base_url=portal,
                    viewport={"width": width, "height": 800},
                    color_scheme=scheme,
                    storage_state=signed_in[who],
                )
                page = context.new_page()
                page.goto(address.format(**places))
                keep(page, FOLDER / f"{name}-{width}-{look}.png", WIDTHS[width])
                context.close()


def first_of(browser, portal: str, reader, address: str, link: str) -> str:
    """The last part of the address of what stands first in a list."""
    page = browser.new_page(base_url=portal, storage_state=reader)
    page.goto(address)
    found = page.locator(link).first.get_attribute("href")
    page.close()
    return found.rstrip("/").rpartition("/")[2]


def state_of(browser, portal: str, who: str, language: str):
    """The cookies of somebody who is signed in and has chosen a language."""
    context = browser.new_context(base_url=portal)
    page = context.new_page()
    page.goto("/accounts/login/" if who else "/")
    if who:
        page.locator("[name=login]").fill(f"{who}@example.org")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url("**/me/")
    page.locator("details.settings summary").click()
    page.locator(f"button[name=language][value={language}]").click()
    page.wait_for_load_state()
    state = context.storage_state()
    context.close()
    return state


def keep(page, path: Path, most: int) -> None:
    """A picture of the page in few colours, cut where it becomes long; its paper keeps its very colour."""
    page.screenshot(path=path, full_page=True)
    with Image.open(path) as picture:
        cut = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, most)))
    few = cut.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    pairs = Counter(zip(few.get_flattened_data(), cut.get_flattened_data(), strict=True))
    commonest = {index: colour for (index, colour), _count in reversed(pairs.most_common())}
    few.putpalette([part for index in range(max(commonest) + 1) for part in commonest.get(index, (0, 0, 0))])
    few.save(path, optimize=True)


if __name__ == "__main__":
    main()
