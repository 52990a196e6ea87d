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
def shared_portal(make_portal):
    """One for a whole file, as whoever runs the tests."""
    return make_portal("ordinary user" if os.geteuid() else ROOT)


@pytest.fixture
def portal(shared_portal):
    """One that runs, whatever the test before did to it: several processes do not keep the order of a file."""
    if shared_portal.make is None or shared_portal.make.poll() is not None:
        shared_portal.start()
    return shared_portal
