"""Fill `.venv` from a lock file, hashes checked, and again only when the lock changed.

    python3 -I cluster_portal/launch/install.py requirements.lock

Run by whatever python3 the machine has, so only old words of the standard library are used here. A copy of the lock
inside `.venv` says what is installed; the tests' lock contains the portal's, so it serves for both.
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(HERE, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
RUN, TEST = "requirements.lock", os.path.join("tests", "requirements.lock")


def note_of(lock):
    return os.path.join(VENV, lock.replace(os.sep, "-"))


def read(path):
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return None


def is_current(lock):
    wanted = read(os.path.join(HERE, lock))
    return wanted == read(note_of(lock)) and subprocess.call([PYTHON, "-c", "import django"]) == 0


def make_venv():
    """A venv that works; one of a Python that is gone is made anew."""
    if os.path.exists(PYTHON) and subprocess.call([PYTHON, "-m", "pip", "--version"], stdout=subprocess.DEVNULL) == 0:
        return
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        sys.exit("Python's venv is missing on this machine. On Debian and Ubuntu: apt-get install python3-venv")
    print("Making .venv ...")
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=True).create(VENV)


def install(lock):
    """Let pip install the lock, showing which package it is at."""
    with open(os.path.join(HERE, lock)) as stream:
        count = sum("==" in line for line in stream)
    print("Installing up to %d packages into .venv (once, about a minute) ..." % count)
    command = [PYTHON, "-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "-r", os.path.join(HERE, lock)]
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    done, said = 0, []
    for line in pip.stdout or ():
        said.append(line)
        if line.startswith("Collecting "):
            done += 1
            print("  %d %s" % (done, line.split()[1].split("==")[0]), flush=True)
    if pip.wait():
        sys.exit("".join(said[-15:]) + "The packages could not be installed; pip's last words are above.")
    print("Installed.")


def main(lock):
    if sys.version_info < (3, 11):
        sys.exit(
            "The portal needs Python 3.11 or newer; python3 here is %d.%d. "
            "Name another one: make PYTHON=/path/to/python3.11 ..." % sys.version_info[:2]
        )
    if is_current(lock):
        return
    make_venv()
    if lock == RUN and os.path.exists(note_of(TEST)):
        lock = TEST  # keep what the tests need
    for note in (RUN, TEST):
        if os.path.exists(note_of(note)):
            os.remove(note_of(note))
    install(lock)
    for note in {RUN, lock}:
        shutil.copyfile(os.path.join(HERE, note), note_of(note))


if __name__ == "__main__":
    main(os.path.normpath(sys.argv[1]))
