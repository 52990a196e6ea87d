"""make bench: how far the portal is from the barest Django app, on this machine, in one run."""

import contextlib
import dataclasses
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bench import servers
from bench.measure import Measuring, first_visit
from bench.report import Report
from bench.sizes import Sizes
from cluster_portal.launch import ports
from cluster_portal.launch.postgres import Postgres
from cluster_portal.launch.valkey import Valkey

LONGEST = 220  # seconds


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main() -> int:
    """Measure, print, and say by the exit code whether every goal is reached."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sizes = Sizes.tiny() if "--tiny" in sys.argv else Sizes()
    report = bench(sizes)
    print(report)
    return 0 if all(goal.reached for goal in report.goals) else 1


def bench(sizes: Sizes) -> Report:
    """One whole run on private servers of its own."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder, private_servers(Path(folder)) as environment:
        say("Filling both databases …")
        facts = filled(environment, sizes)
        report = measured(Path(folder), environment, facts, sizes, began + LONGEST)
    say(f"Done in {time.monotonic() - began:.0f} s.")
    return report


@contextlib.contextmanager
def private_servers(state: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL and Valkey as `make run` starts them; the environment that leads to them."""
    database, broker = Postgres(state / "postgres"), Valkey(state / "valkey")
    try:
        database.start()
        broker.start()
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE floor")
        yield environment_of(state, database.url, broker.url)
    finally:
        broker.stop()
        database.stop()


def environment_of(state: Path, database: str, broker: str) -> dict[str, str]:
    """What `make run` gives its web server; mail is not sent, because worker and beat are not started."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "HOME", "PORTAL_PG_BIN"}}
    return kept | {
        "STATE": str(state), "DATABASE_URL": database, "REDIS_URL": broker, "DEMO": "1", "KEEP_CONNECTIONS": "1",
        "SECRET_KEY": "only-for-the-bench" + "x" * 40, "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "PORT": str(ports.free_port()), "FLOOR_URL": database.removesuffix("/portal") + "/floor",
        "PORTAL_SUPERVISED": "1",
    }  # fmt: skip


def filled(environment: dict[str, str], sizes: Sizes) -> dict[str, dict]:
    """Fill both databases; what there is to visit."""
    servers.python("cluster_portal.launch.prepare", environment)
    wanted = dataclasses.asdict(sizes)
    modules = {"floor": "bench.floor.fill", "portal": "bench.fill"}
    facts = {name: json.loads(servers.python(module, environment, wanted)) for name, module in modules.items()}
    for name in ("floor", "portal"):
        url = environment["FLOOR_URL"] if name == "floor" else environment["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    return facts


def measured(folder: Path, environment: dict[str, str], facts: dict[str, dict], sizes: Sizes, until: float) -> Report:
    """Start both applications, let the visitors in, and gather what was found."""
    both = {name: servers.Server(name, environment, folder / f"{name}.log") for name in servers.APPLICATIONS}
    try:
        with servers.visitors() as visit:
            cold_start = {name: server.start() for name, server in both.items()}
            pages = ("/", "/courses/", facts["portal"]["run"])
            first_visits = {path: first_visit(both["portal"], path) for path in pages}
            say("Measuring …")
            measuring = Measuring(both, facts, visit, sizes, until)
            measuring.rounds()
            memory = {name: max(server.workers()) for name, server in both.items()}
            say("Going on, to see whether memory grows …")
            growth = measuring.growth()
    finally:
        for server in both.values():
            server.stop()
    say("Drawing certificates …")
    papers = json.loads(servers.python("bench.papers", environment, {"papers": sizes.papers}))
    queries = {name: facts[name]["queries"] for name in both}
    return Report(measuring.taken, queries, cold_start, memory, growth, first_visits, papers, machine())


def machine() -> str:
    """This machine and how busy it is: numbers of different machines or hours are not comparable, ratios are."""
    named = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    model, python = named.partition(": ")[2], sys.version.split()[0]
    return f"{time.strftime('%d %B %Y')}, {os.cpu_count()} × {model}, Python {python}, load {busy}"


if __name__ == "__main__":
    sys.exit(main())
