"""The STATE folder: one supervisor at a time, its notes for other commands, its secrets.

A supervisor holds the lock as long as it lives, however it dies. So notes beside a free lock are stale, and nobody
believes them.
"""

import fcntl
import json
import os
import secrets
import time
from pathlib import Path

from cluster_portal.launch.processes import Failed

LOCK = "portal.lock"
NOTES = "portal.json"


def is_running(state: Path) -> bool:
    """Whether a supervisor of this STATE lives."""
    try:
        with open(state / LOCK, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def take(state: Path, patience: float = 2) -> int:
    """Become the one supervisor of this STATE, or say who is; the descriptor holds the lock."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(state / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Failed(f"The folder STATE={state} cannot be used ({error.strerror}).") from error
    until = time.monotonic() + patience  # a command that asks `is_running` holds it for a moment
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Failed(_occupied(state)) from None
            time.sleep(0.1)
        else:
            (state / NOTES).unlink(missing_ok=True)
            return lock


def _occupied(state: Path) -> str:
    try:
        where = f" at {json.loads((state / NOTES).read_text())['SITE_URL']}"
    except (OSError, ValueError, KeyError):
        where = ""
    return f"A portal with STATE={state} already runs{where}. Stop it first, or choose another STATE."


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step; only its owner can read it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(content)
    fresh.replace(path)


def write_notes(state: Path, notes: dict[str, str]) -> None:
    """Tell other commands with this STATE which servers and settings the running portal uses."""
    write_private(state / NOTES, json.dumps(notes, indent=1))


def secret_key(state: Path) -> str:
    """The key of a demonstration: made once, so that a second start does not sign everybody out."""
    path = state / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(50))
    return path.read_text()
