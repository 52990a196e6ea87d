"""A live portal with the Petrogradsky example, and visitors with browsers of their own."""

import os
import shutil

import pytest

from tests.examples import load_example
from tests.journeys.visitor import Visitor

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items):
    """One browser at a time, whatever the number of processes."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("No Chromium on PATH: the journeys through the pages are not tried (Debian: apt install chromium).")
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread; the tests ask the database between two clicks.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        it = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield it
        it.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def portal(demo, settings, live_server):
    """The address of a portal that runs the example."""
    settings.SITE_URL = live_server.url
    load_example("petrogradsky")
    return live_server.url


@pytest.fixture
def visit(browser, portal):
    """Make visitors, each with a browser profile of their own; what their consoles said is judged at the end."""
    made = []

    def make(email="", **options):
        visitor = Visitor(browser, portal, **options)
        made.append(visitor)
        if email:
            visitor.sign_in(f"{email}@example.org")
        return visitor

    yield make
    complaints = [line for visitor in made for line in visitor.complaints]
    for visitor in made:
        visitor.context.close()
    assert complaints == []
