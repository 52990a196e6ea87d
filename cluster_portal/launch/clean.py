"""Remove what `make` made: `.venv`, caches, compiled translations and the demonstration's STATE folder.

    python3 -I cluster_portal/launch/clean.py STATE

A STATE outside the checkout holds somebody's data, and one that a portal is using is in use: both stay.
"""

import fcntl
import glob
import os
import shutil
import sys

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHES = (".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis")


def in_use(state):
    try:
        with open(os.path.join(state, "portal.lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def remove_state(state):
    if not os.path.isdir(state):
        return
    if not state.startswith(HERE + os.sep):
        print("Kept %s: it lies outside the checkout; remove it yourself if its data can go." % state)
        return
    moved_out = os.path.join(state, "postgres", "moved-to")  # root, where user namespaces are forbidden
    if os.path.exists(moved_out):
        with open(moved_out) as stream:
            shutil.rmtree(stream.read().strip(), ignore_errors=True)
    shutil.rmtree(state)


def main(state):
    state = os.path.abspath(os.path.join(HERE, state))
    if in_use(state):
        sys.exit("A portal is running with STATE=%s. Stop it first." % state)
    remove_state(state)
    for name in CACHES:
        shutil.rmtree(os.path.join(HERE, name), ignore_errors=True)
    for path in glob.glob(os.path.join(HERE, "locale", "*", "LC_MESSAGES", "*.mo")):
        os.remove(path)
    for folder, names, _ in os.walk(HERE):
        if "__pycache__" in names:
            shutil.rmtree(os.path.join(folder, "__pycache__"))


if __name__ == "__main__":
    main(sys.argv[1])
