"""The two applications behind the same web server and PostgreSQL, and what the kernel says of their processes."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.client import Visitor
from cluster_portal.launch import ports, processes
from cluster_portal.launch.supervisor import web_command

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
APPLICATIONS = {"floor": "bench.floor.wsgi:application", "portal": "cluster_portal.wsgi:application"}


@dataclass
class Server:
    """One application behind granian, started as `make run` starts the portal."""

    name: str
    environment: dict[str, str]
    log: Path
    port: int = field(default_factory=ports.free_port)
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; return the seconds from the process's start to its first page."""
        began = time.monotonic()
        command = [sys.executable, *web_command("127.0.0.1", self.port, APPLICATIONS[self.name])]
        with self.log.open("ab") as stream:
            self.child = processes.start(command, cwd=ROOT, env=self.environment, stdout=stream, stderr=stream)
        while time.monotonic() < began + 60:
            with contextlib.suppress(OSError):
                if Visitor(self.port).get("/courses/")[0] == 200:
                    return time.monotonic() - began
            time.sleep(0.01)
        raise processes.Failed(f"The {self.name} did not start: {processes.last_lines(self.log)}")

    def stop(self) -> None:
        if self.child:
            processes.stop(self.child)

    def cpu(self) -> float:
        """Seconds of processor that its processes have used."""
        return sum(_cpu(pid) for pid in self.pids())

    def workers(self) -> list[int]:
        """Resident bytes of each worker."""
        return [_resident(pid) for pid in self.pids()[1:]]

    def pids(self) -> list[int]:
        """The process and all below it, the parent first."""
        found = [self.child.pid] if self.child else []
        for pid in found:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (thread / "children").read_text().split()]
        return found


def _cpu(pid: int) -> float:
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / TICK


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def visitors() -> Iterator:
    """The visitors' process: call it with a job."""
    child = subprocess.Popen(
        processes.guarded([sys.executable, "-m", "bench.client"]),
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    def ask(**job) -> dict:
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.flush()
        return json.loads(child.stdout.readline())

    try:
        yield ask
    finally:
        child.stdin.close()
        child.wait(30)


def python(module: str, environment: dict[str, str], data: object = None) -> str:
    """Run a module to its end; its output."""
    command = processes.guarded([sys.executable, "-m", module])
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input=json.dumps(data), stdout=subprocess.PIPE, text=True, timeout=170
    )
    if done.returncode:
        raise processes.Failed(f"{module} failed.")
    return done.stdout
