"""What goes wrong at the start, each with one clear sentence, and later, each survived or ended well."""

import json
import os
import signal
import socket
import time

import pytest

from cluster_portal.launch.ports import answers, free_port
from cluster_portal.launch.supervisor import LONGEST_DELAY

pytestmark = pytest.mark.launch


@pytest.fixture(scope="module")
def idle(make_portal):
    """One that is never started."""
    return make_portal("ordinary user" if os.geteuid() else "root")


def sentences(said):
    """What the portal said, without make's own closing line."""
    return [line for line in said.splitlines() if not line.startswith("make: ***")]


def test_port_in_use(idle):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", idle.port))
        other.listen()
        said = idle.fails()
    hint = f"Choose another, for instance: make run PORT={idle.port + 1}"
    assert sentences(said) == [f"Port {idle.port} on 127.0.0.1 is already in use. {hint}"]
    assert idle.processes() == {}


def test_database_that_does_not_answer(idle):
    port = free_port()
    said = sentences(idle.fails(DATABASE_URL=f"postgres://portal:s3cret@127.0.0.1:{port}/portal"))
    assert len(said) == 1
    assert said[0].startswith(f"The database in DATABASE_URL (127.0.0.1:{port}) does not answer: connection")
    assert "s3cret" not in said[0]
    assert idle.processes() == {}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must start with one of: postgres://, postgresql://."),
        ({"PORT": "http"}, "PORT is 'http'. Set it to a whole number."),
        ({"PORT": "70000"}, "The portal cannot listen on 127.0.0.1, port 70000"),
        ({"HOST": "0.0.0.0"}, "DEMO=1 with HOST=0.0.0.0 would show a demonstration, with known passwords,"),  # noqa: S104
        ({"STATE": "/proc/portal"}, "The folder STATE=/proc/portal cannot be used"),
    ],
)
def test_wrong_setting(idle, settings, sentence):
    done = idle.manage("portal", **{"DEMO": "1", "PORT": str(idle.port)} | settings)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.splitlines()) == 1


def test_production_without_secret(idle):
    done = idle.manage("portal", PORT=str(idle.port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("SECRET_KEY is not set")
    assert len(done.stderr.splitlines()) == 1
    assert not (idle.state / "postgres").exists()


def test_command_while_nothing_runs(idle):
    idle.state.mkdir(exist_ok=True)
    stale = idle.state / "portal.json"
    stale.write_text(json.dumps({"DATABASE_URL": "postgres://127.0.0.1:1/x", "SECRET_KEY": "x", "DEMO": "1"}))
    done = idle.manage("shell", "-c", "1")
    assert done.returncode == 1
    assert done.stderr.startswith(f"SECRET_KEY is not set, and no portal runs with STATE={idle.state}.")
    assert len(done.stderr.splitlines()) == 1
    stale.unlink()


def test_second_portal_on_one_state(portal):
    log, portal.log = portal.log, portal.log.with_suffix(".second")
    said = sentences(portal.fails(PORT=str(free_port())))
    portal.log = log
    where = f"http://127.0.0.1:{portal.port}"
    assert said == [
        f"A portal with STATE={portal.state} already runs at {where}. Stop it first, or choose another STATE."
    ]
    assert answers("127.0.0.1", portal.port)


def test_notes_and_state_are_private(portal):
    assert portal.state.stat().st_mode & 0o777 == 0o700
    for name in ("portal.json", "secret_key", "valkey/valkey.conf", "postgres/password", "postgres/log"):
        assert (portal.state / name).stat().st_mode & 0o777 == 0o600, name


def test_no_password_among_arguments(portal):
    password = (portal.state / "postgres/password").read_text().strip()
    assert not [line for line in portal.processes().values() if password in line or "s3cret" in line]


@pytest.mark.parametrize("words", [("celery", "worker"), ("celery", "beat"), ("granian",), ("valkey-server",)])
def test_what_dies_is_started_again(portal, words):
    before = set(portal.pids_of(*words))
    os.kill(min(before), signal.SIGKILL)
    until = time.monotonic() + 2 * LONGEST_DELAY  # it may have died before, and each time it starts a little later
    # Not one of the dying children, which outlive their parent for a moment: a process that was not there before.
    while not set(portal.pids_of(*words)) - before and time.monotonic() < until:
        time.sleep(0.2)
    assert set(portal.pids_of(*words)) - before
    wait_for_answer(portal)


def wait_for_answer(portal):
    until = time.monotonic() + 30
    while not answers("127.0.0.1", portal.port) and time.monotonic() < until:
        time.sleep(0.2)
    assert answers("127.0.0.1", portal.port)


def test_without_its_database_everything_stops(portal):
    os.kill(portal.pid_of("postgres", "-D"), signal.SIGKILL)
    assert portal.make.wait(20) != 0
    assert "The database ended by itself, so everything was stopped." in portal.said()
    assert portal.is_gone(2), portal.processes()


def test_killed_make_takes_the_portal_along(portal):
    portal.make.kill()
    assert portal.is_gone(15), portal.processes()
    portal.make.wait(5)
