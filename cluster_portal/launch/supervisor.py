"""The supervisor: database, broker, preparation, then web, worker and beat, until it is told to stop."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from cluster_portal import environment
from cluster_portal.launch import guard, ports, processes, state
from cluster_portal.launch.postgres import Postgres
from cluster_portal.launch.processes import Failed
from cluster_portal.launch.valkey import Valkey

LONGEST_DELAY = 60
NOTED = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEMO", "DEMO_PUBLIC", "SITE_URL", "HOST", "PORT")


class Stopped(BaseException):
    """Ctrl-C or SIGTERM."""


def say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201 - the person at the terminal


def web_command(host: str, port: int, application: str = "cluster_portal.wsgi:application") -> list[str]:
    """The web server: Python's arguments. (`make bench` puts its bare application behind the same ones.)"""
    fixed = (
        "-m granian --interface wsgi --workers 2 --blocking-threads 2 --backpressure 64 --no-ws --log-level warning "
        "--respawn-failed-workers --workers-kill-timeout 5s"
    )
    return [*fixed.split(), "--host", host, "--port", str(port), application]


@dataclass
class Service:
    """A child that is started again when it ends by itself, each time a little later."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    child: subprocess.Popen[bytes] | None = None
    delay: float = 1
    started: float = 0
    again_at: float = field(default=0, repr=False)

    def start(self) -> None:
        self.child, self.started = self.launch(), time.monotonic()

    def look_after(self) -> None:
        """Start it again if it ended and its time has come."""
        if self.child and self.child.poll() is not None:
            lived = time.monotonic() - self.started
            self.delay = 1 if lived > LONGEST_DELAY else self.delay
            code = self.child.returncode
            say(f"The {self.name} ended by itself (code {code}); it starts again in {self.delay:.0f} s.")
            self.child, self.again_at = None, time.monotonic() + self.delay
            self.delay = min(self.delay * 2, LONGEST_DELAY)
        elif not self.child and time.monotonic() >= self.again_at:
            self.start()


class Supervisor:
    def __init__(self) -> None:
        self.folder = environment.state_folder()
        os.environ["STATE"] = str(self.folder)  # so that every process of this portal can be told from others
        self.database: Postgres | None = None
        self.broker: Valkey | None = None
        self.preparation: subprocess.Popen[bytes] | None = None
        self.services: list[Service] = []
        self.settings: dict[str, str] = {}
        self.began = time.monotonic()

    def run(self) -> None:
        """Everything, in order; whatever ends it, what was started is stopped."""
        lock = state.take(self.folder)
        try:
            self._read_settings()
            ports.require_free(self.settings["HOST"], int(self.settings["PORT"]))
            self._start_servers()
            state.write_notes(self.folder, {name: self.settings[name] for name in NOTED if name in self.settings})
            self._prepare()
            self._start_services()
            self._watch()
        finally:
            self._stop()
            os.close(lock)

    def _read_settings(self) -> None:
        demo = environment.switch("DEMO")
        port = environment.whole_number("PORT", 8000)
        host = environment.text("HOST", "127.0.0.1")
        shown = f"[{host}]" if ":" in host else host
        self.settings = {
            "STATE": str(self.folder),
            "HOST": host,
            "PORT": str(port),
            "SITE_URL": environment.text("SITE_URL", f"http://{shown}:{port}"),
            "DEMO": "1" if demo else "0",
        }
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEMO_PUBLIC"):
            if value := environment.text(name):
                self.settings[name] = value
        if demo and "SECRET_KEY" not in self.settings:
            self.settings["SECRET_KEY"] = state.secret_key(self.folder)
        self._check_settings()

    def _check_settings(self) -> None:
        """Let Django's settings speak before anything is started."""
        wanted = {"DATABASE_URL": "postgres://", **self.settings}
        checked = subprocess.run(
            processes.guarded([sys.executable, "-m", "cluster_portal.launch.check"]),
            env={**os.environ, **wanted},
            capture_output=True,
            text=True,
        )
        if checked.returncode:
            raise Failed(checked.stderr.strip())

    def _start_servers(self) -> None:
        if "DATABASE_URL" not in self.settings:
            say("Starting PostgreSQL …")
            self.database = Postgres(self.folder / "postgres")
            self.database.start()
            self.settings["DATABASE_URL"] = self.database.url
        if "REDIS_URL" not in self.settings:
            self.broker = Valkey(self.folder / "valkey")
            self.broker.start()
            self.settings["REDIS_URL"] = self.broker.url

    def _prepare(self) -> None:
        self.preparation = self._python("-m", "cluster_portal.launch.prepare")
        if self.preparation.wait():
            raise Failed("")  # it has said why

    def _start_services(self) -> None:
        celery = ("-W", "ignore:You're running the worker", "-m", "celery", "-A", "cluster_portal", "--quiet")
        self.services = [
            Service("web server", self._web),
            # Threads: one small process, whose death by SIGKILL leaves no children.
            Service(
                "worker",
                lambda: self._python(
                    *celery,
                    "worker",
                    "--pool",
                    "threads",
                    "--concurrency",
                    "4",
                    "--loglevel",
                    "WARNING",
                    "--without-gossip",
                    "--without-mingle",
                ),
            ),
            Service("beat", lambda: self._python(*celery, "beat", "--loglevel", "WARNING", "--pidfile=")),
        ]
        for service in self.services:
            service.start()
            if service.launch == self._web:
                self._greet()  # before the others take the processor

    def _web(self) -> subprocess.Popen[bytes]:
        command = web_command(self.settings["HOST"], int(self.settings["PORT"]))
        return self._python(*command, KEEP_CONNECTIONS="1", PORTAL_SUPERVISED="1")

    def _python(self, *arguments: str, **extra: str) -> subprocess.Popen[bytes]:
        here = Path(__file__).resolve().parents[2]
        return processes.start([sys.executable, *arguments], cwd=here, env={**os.environ, **self.settings, **extra})

    def _greet(self) -> None:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.settings["HOST"], self.settings["HOST"])  # noqa: S104
        web = self.services[0].child
        if web is None or not processes.wait_until(lambda: ports.answers(host, int(self.settings["PORT"])), web, 60):
            raise Failed("The web server did not start.")
        say(f"\nThe portal runs at {self.settings['SITE_URL']}/ (ready after {time.monotonic() - self.began:.1f} s).")
        if self.settings["DEMO"] == "1":
            say(
                "Sign in as coordinator@example.org, head@, contact@, teacher@, student@ or guardian@example.org, "
                f"password demo-cluster.\nMail is not sent but shown at {self.settings['SITE_URL']}/desk/outbox/."
            )
        say("Ctrl-C stops it.\n")

    def _watch(self) -> None:
        while True:
            time.sleep(0.5)
            if self.database and self.database.child and self.database.child.poll() is not None:
                raise Failed(f"The database ended by itself, so everything was stopped. Its log: {self.database.log}")
            if self.broker and self.broker.child and self.broker.child.poll() is not None:
                say("The broker ended by itself; it starts again.")
                self.broker.start(self.broker.port)
            for service in self.services:
                service.look_after()

    def _stop(self) -> None:
        """First those who use the servers, all at once, then the servers."""
        children = [service.child for service in reversed(self.services)] + [self.preparation]
        living = [child for child in children if child and child.poll() is None]
        for child in living:
            child.send_signal(signal.SIGTERM)
        for child in living:
            processes.stop(child, ask=0)
        for server in (self.broker, self.database):
            if server:
                server.stop()
        (self.folder / state.NOTES).unlink(missing_ok=True)


def install_signals() -> None:
    """The first signal stops in order; one that comes much later, because that hangs, ends at once."""
    first: list[float] = []

    def handle(*_: Any) -> None:
        if not first:
            first.append(time.monotonic())
            raise Stopped
        if time.monotonic() - first[0] > 3:
            os._exit(1)  # every child dies with us

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, handle)


def main() -> int:
    """Run the portal until it is told to stop; returns the exit code."""
    install_signals()
    if os.environ.get("PORTAL_STARTED_BY_MAKE") == "1":
        guard.die_with_parent(signal.SIGTERM)  # a killed `make run` stops us in order
    try:
        Supervisor().run()
    except Stopped:
        say("The portal has stopped.")
        return 0
    except (Failed, ImproperlyConfigured) as failure:
        if sentence := str(failure):
            print(sentence, file=sys.stderr)  # noqa: T201
        return 1
    return 0
