"""Ports: a free one for a private server, and a clear word when the wanted one is taken."""

import errno
import socket

from cluster_portal.launch.processes import Failed


def free_port() -> int:
    """A port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def require_free(host: str, port: int) -> None:
    """Refuse with a sentence when the portal could not listen there. (granian shares ports, so it would not say.)"""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except (OSError, OverflowError) as error:
            if getattr(error, "errno", None) == errno.EADDRINUSE:
                raise Failed(
                    f"Port {port} on {host} is already in use. Choose another, for instance: make run PORT={port + 1}"
                ) from error
            raise Failed(f"The portal cannot listen on {host}, port {port} ({error}).") from error
