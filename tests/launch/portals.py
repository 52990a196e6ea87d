"""Whole portals for the tests: a checkout below a home folder of mode 700, started with `make run`, as any user."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from cluster_portal.launch.ports import free_port

HERE = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".local*", "__pycache__", ".*_cache", "*.mo")
ROOT, ORDINARY, WITHOUT_NAMESPACES = "root", "ordinary user", "root without namespaces"


def machines_python() -> str:
    """A python3 of our version that every user can reach, so that packages can be shared; else our own."""
    for path in ("/usr/bin/python3", "/usr/local/bin/python3"):
        asked = [path, "-c", "import sys; print(sys.version_info[:2])"]
        if Path(path).exists() and subprocess.check_output(asked, text=True).strip() == str(sys.version_info[:2]):
            return path
    return sys.executable


def shared_venv(folder: Path) -> Path:
    """A venv with what requirements.lock names, and no more, for all users of these tests."""
    venv = folder / "venv"
    subprocess.run([machines_python(), "-m", "venv", "--without-pip", venv], check=True)
    packages = venv / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    missing, brought = [], set()
    for entry in re.split(r"\n(?=\S)", (HERE / "requirements.lock").read_text().strip()):
        name = entry.partition("==")[0]
        if name in brought:  # it has a line for each kind of Python
            continue
        try:
            for file in distribution(name).files or ():
                bring(Path(str(file.locate())), packages / file)
            brought.add(name)
        except PackageNotFoundError:  # wanted by another patch release than ours only
            if "python_full_version" in entry:
                missing.append(re.sub(r" ; .*? \\\n", " \\\n", entry))
    if missing:
        wanted = folder / "missing.lock"
        wanted.write_text("\n".join(missing))
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*install, f"--target={packages}", f"--requirement={wanted}"], check=True)
    shutil.copy(HERE / "requirements.lock", venv)
    return venv


def bring(source: Path, target: Path) -> None:
    if ".." in target.parts or not source.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def ordinary_user() -> pwd.struct_passwd:
    return next(user for user in pwd.getpwall() if user.pw_uid and user.pw_name != "nobody")


class Portal:
    """One checkout with its STATE, started and stopped as a person at a terminal would."""

    def __init__(self, folder: Path, venv: Path, who: str, language: str):
        self.who, self.port = who, free_port()
        self.user = ordinary_user() if who == ORDINARY and os.geteuid() == 0 else None
        home = Path(tempfile.mkdtemp(dir=folder, prefix="home-"))
        self.checkout = home / "portal"
        shutil.copytree(HERE, self.checkout, ignore=NOT_COPIED)
        (self.checkout / ".venv").symlink_to(venv)
        self.state = self.checkout / ".local"
        self.log = folder / f"{home.name}.log"
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LANG": language}
        self.environment |= {name: os.environ[name] for name in ("EXAMPLE",) if name in os.environ}
        self.make: subprocess.Popen[bytes] | None = None
        if self.user:
            for path in (home, *home.rglob("*")):
                os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)
        home.chmod(0o700)

    def command(self, *arguments: str) -> list[str]:
        if self.who == WITHOUT_NAMESPACES:
            return [sys.executable, str(HERE / "tests/launch/without_namespaces.py"), *arguments]
        return list(arguments)

    def identity(self) -> dict:
        if not self.user:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def run(self, **settings: str) -> subprocess.Popen[bytes]:
        """`make run` in a session of its own, as in a terminal; what it says goes to `self.log`."""
        with self.log.open("wb") as log:
            return subprocess.Popen(
                self.command("make", "run", f"PORT={self.port}", f"PYTHON={machines_python()}"),
                cwd=self.checkout, env=self.environment | settings, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, **self.identity(),
            )  # fmt: skip

    def start(self, patience: float = 120, **settings: str) -> float:
        """Start and wait until it says that it is ready; returns the seconds that took."""
        began = time.monotonic()
        self.make = self.run(**settings)
        while "The portal runs at" not in self.said():
            assert self.make.poll() is None, self.said()
            assert time.monotonic() - began < patience, self.said()
            time.sleep(0.05)
        return time.monotonic() - began

    def fails(self, patience: float = 60, **settings: str) -> str:
        """Start, expect it to end by itself with an error; returns what it said."""
        assert self.run(**settings).wait(patience) != 0
        return self.said()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def manage(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / ".venv/bin/python", "manage.py", *arguments],
            cwd=self.checkout, env=self.environment | {"PYTHONIOENCODING": "utf-8"} | settings,
            capture_output=True, text=True, encoding="utf-8", timeout=60, **self.identity(),
        )  # fmt: skip

    def shell(self, code: str) -> str:
        done = self.manage("shell", "--verbosity=0", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def processes(self) -> dict[int, str]:
        """Every living process of this portal: what runs with its STATE."""
        return {pid: line for pid, line in (seen(entry, self.state) for entry in Path("/proc").glob("[0-9]*")) if line}

    def pid_of(self, *words: str) -> int:
        """The oldest process whose command line holds all these words."""
        return min(self.pids_of(*words))

    def pids_of(self, *words: str) -> list[int]:
        """All processes whose command lines hold all these words."""
        return [pid for pid, line in self.processes().items() if all(word in line for word in words)]

    def interrupt(self) -> None:
        os.killpg(self.make.pid, signal.SIGINT)  # what the terminal does on Ctrl-C

    def is_gone(self, patience: float = 10) -> bool:
        until = time.monotonic() + patience
        while self.processes() and time.monotonic() < until:
            time.sleep(0.1)
        return not self.processes()

    def end(self) -> None:
        """Leave nothing, whatever the test found."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.is_gone()
        if self.make:
            self.make.wait()


def seen(entry: Path, state: Path) -> tuple[int, str]:
    """The pid and, if it belongs to this STATE, the command line of a process."""
    try:
        line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        surroundings = (entry / "environ").read_bytes().split(b"\0")
    except OSError:
        return int(entry.name), ""
    ours = f"STATE={state}".encode() in surroundings or str(state) in line
    return int(entry.name), line if ours else ""
