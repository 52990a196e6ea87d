"""Children that die with their parent and stop when told."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

GUARD = Path(__file__).with_name("guard.py")


class Failed(Exception):
    """The portal cannot start or go on; the message is one sentence for the person at the terminal."""


def guarded(command: Sequence[str | Path], death_signal: int = signal.SIGKILL, who: str = "-") -> list[str]:
    """The command, behind the guard that makes it die with this process. Start it from the main thread only."""
    before = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(int(death_signal)), who]
    return before + [str(part) for part in command]


def start(
    command: Sequence[str | Path], *, death_signal: int = signal.SIGKILL, who: str = "-", **options: Any
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that a Ctrl-C in the terminal reaches only the supervisor."""
    return subprocess.Popen(
        guarded(command, death_signal, who), stdin=subprocess.DEVNULL, start_new_session=True, **options
    )


def stop(child: subprocess.Popen[bytes], ask: int = signal.SIGTERM, patience: float = 10) -> None:
    """Ask a child to end, and kill it with all of its session when it does not."""
    if child.poll() is None:
        child.send_signal(ask)
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def wait_until(ready: Any, child: subprocess.Popen[bytes], patience: float) -> bool:
    """Whether `ready()` came true before the child ended and before patience did."""
    until = time.monotonic() + patience
    while time.monotonic() < until and child.poll() is None:
        if ready():
            return True
        time.sleep(0.02)
    return False


def last_lines(log: Path, count: int = 5) -> str:
    """The end of a log, for the person who has to find out what went wrong."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def private_log(path: Path) -> IO[bytes]:
    """A log that only its owner can read, started anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600), "wb")
