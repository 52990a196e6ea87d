import os
import shutil
import tempfile
from pathlib import Path

import pytest

from cluster_portal.launch.postgres import own_folder
from tests.launch.portals import ROOT, Portal, shared_venv


@pytest.fixture(scope="session")
def ground():
    """A folder that every user can reach, with one venv for all."""
    folder = Path(tempfile.mkdtemp(prefix="portal-launch-"))
    folder.chmod(0o755)
    yield folder, shared_venv(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def make_portal(ground):
    made = []

    def make(who, language="C"):
        if who != "ordinary user" and os.geteuid():
            pytest.skip("needs root to begin with")
        made.append(Portal(*ground, who, language))
        return made[-1]

    yield make
    for portal in made:
        portal.end()
        shutil.rmtree(own_folder(portal.state / "postgres"), ignore_errors=True)


@pytest.fixture(scope="module")
def portal(make_portal):
    """One that runs, as whoever runs the tests."""
    it = make_portal("ordinary user" if os.geteuid() else ROOT)
    it.start()
    return it
