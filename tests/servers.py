"""What every test run stands on: real private servers, and a guard against what no test may do.

Loaded by `-p tests.servers` before Django's settings are read. Without DATABASE_URL it starts a private PostgreSQL
and Valkey for the run (the processes of pytest-xdist inherit them) and stops them at its end, however that comes.
"""

import atexit
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from cluster_portal.launch.postgres import Postgres
from cluster_portal.launch.translations import compile_translations
from cluster_portal.launch.valkey import Valkey

# Durability is not under test; a killed run throws its database away.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
IN_CI = os.environ.get("CI") == "true"
NEVER_SKIPPED_IN_CI = {"launch", "browser", "words"}

forbidden: list[str] = []
skipped: list[str] = []
current: pytest.Item | None = None


def start_servers() -> None:
    """Start what the environment does not name, once for all processes of this run."""
    if "STATE" not in os.environ or "DATABASE_URL" not in os.environ:
        state = Path(tempfile.mkdtemp(prefix="portal-tests-"))
        os.environ["STATE"] = str(state)
        atexit.register(shutil.rmtree, state, ignore_errors=True)
    state = Path(os.environ["STATE"])
    (state / "static").mkdir(parents=True, exist_ok=True)
    for name, make in (
        ("DATABASE_URL", lambda: Postgres(state / "postgres", **HASTY)),
        ("REDIS_URL", lambda: Valkey(state / "valkey")),
    ):
        if name not in os.environ:
            server = make()
            server.start()
            atexit.register(server.stop)
            os.environ[name] = server.url
    for name, value in {
        "SECRET_KEY": "only-for-tests-" + "x" * 50,
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "DEFAULT_FROM_EMAIL": "portal@example.org",
        "SITE_URL": "http://testserver",
        "CONTROLLER": "The cluster's office",
        "DATA_PROTECTION_CONTACT": "privacy@example.org",
    }.items():
        os.environ.setdefault(name, value)


def is_local(host: object) -> bool:
    """Whether this address or name cannot leave this machine."""
    if host in {None, "", b"", "localhost", socket.gethostname()}:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback or str(host) in {"0.0.0.0", "::"}  # noqa: S104
    except ValueError:
        return False


def watch_the_network(event: str, arguments: tuple[object, ...]) -> None:
    """Note and refuse connections that leave this machine, and mail from tests that are not marked for it."""
    if event == "socket.connect" or event == "socket.sendto":
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            refuse(f"{event} to {address[0]}")
    elif event == "socket.getaddrinfo" and not is_local(arguments[0]):
        refuse(f"a look-up of {arguments[0]}")
    elif event == "smtplib.connect" and not (current and current.get_closest_marker("smtp")):
        refuse("SMTP without the mark `smtp`")


def refuse(what: str) -> None:
    forbidden.append(what)
    raise RuntimeError(f"No test may use the network: {what}.")


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    if not hasattr(config, "workerinput"):
        compile_translations()
    # The manifest of static files and slow hashes are proved by tests/launch, on the running portal.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("launch"):  # whole portals: one after the other, in one process
            item.add_marker(pytest.mark.xdist_group("launch"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item):
    global current
    current = item
    try:
        return (yield)
    finally:
        current = None


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Code that swallows the refusal must not hide it."""
    if forbidden:
        seen = ", ".join(forbidden)
        forbidden.clear()
        pytest.fail(f"Used the network: {seen}.", pytrace=False)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and NEVER_SKIPPED_IN_CI & set(report.keywords):
        skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if IN_CI and skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter) -> None:
    if IN_CI and skipped:
        terminalreporter.section("Skipped, which CI forbids", red=True)
        for nodeid in skipped:
            terminalreporter.line(nodeid)


start_servers()
sys.addaudithook(watch_the_network)
