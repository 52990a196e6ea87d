"""A real SMTP server that keeps what it is given, and misbehaves on request."""

import email
import logging
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

logging.getLogger("mail.log").setLevel(logging.WARNING)


class Sink:
    """Mail that arrived, in order; `answers` decides per mail what the server says (None: it takes the mail)."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.connections = 0
        self.refused: dict[str, str] = {}
        self.answers: Callable[[bytes], str | None] = lambda content: None
        self.lock = threading.Lock()
        self.controller: Controller | None = None
        self.port = 0

    def start(self) -> "Sink":
        self.controller = _Controller(
            _Handler(self), hostname="127.0.0.1", port=self.port or _free_port(), ready_timeout=10
        )
        self.controller.start()
        self.port = self.controller.port
        return self

    def stop(self) -> None:
        if self.controller:
            self.controller.stop()
            self.controller = None

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(raw, policy=default) for raw in self.raw]

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


class _Handler:
    """What the server calls. It reads every attribute of this object at every connection: no property belongs here."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        with self.sink.lock:
            self.sink.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.sink.refused:
            return self.sink.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if answer := self.sink.answers(envelope.content):
            return answer
        with self.sink.lock:
            self.sink.raw.append(envelope.content)
        return "250 taken"


class _Controller(Controller):
    def factory(self):
        # Named, because it would look up its own name otherwise, and wait half a minute where no name server answers.
        return SMTP(self.handler, hostname="localhost", enable_SMTPUTF8=False, data_size_limit=None)


def _free_port() -> int:
    from cluster_portal.launch.ports import free_port

    return free_port()
