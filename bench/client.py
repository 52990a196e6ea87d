"""The visitors: a process of its own that costs little. A job comes on stdin as JSON, its outcome goes to stdout.

Raw sockets that stay open, because any client library would take more of the processor than the server under test.
"""

import json
import re
import socket
import sys
import threading
import time
from dataclasses import dataclass, field

TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')
POOL = re.compile(rb'name="pool" value="(\w+)"')
COOKIE = re.compile(rb"set-cookie:\s*(\w+)=([^;]*)", re.IGNORECASE)
BOOSTED, HTMX = b' hx-boost="true"', "HX-Request: true\r\nHX-Boosted: true\r\n"  # what a browser says for such a form
LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)


@dataclass
class Visitor:
    """One kept connection, as a browser has it."""

    port: int
    wire: socket.socket | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    encodings: str = "gzip"

    def get(self, path: str) -> tuple[int, bytes, bytes]:
        return self.ask(f"GET {path} HTTP/1.1", "", b"")

    def post(self, path: str, headers: str, **values: str) -> tuple[int, bytes, bytes]:
        body = "&".join(f"{name}={value}" for name, value in values.items()).encode()
        more = f"{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        return self.ask(f"POST {path} HTTP/1.1", more, body)

    def ask(self, line: str, more: str, body: bytes) -> tuple[int, bytes, bytes]:
        """Status, headers and body of the answer."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        more += f"Cookie: {cookies}\r\n" if cookies else ""
        more += f"Accept-Encoding: {self.encodings}\r\n" if self.encodings else ""
        if self.wire is None:
            self.wire = socket.create_connection(("127.0.0.1", self.port), timeout=30)
            self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire.sendall(f"{line}\r\nHost: 127.0.0.1\r\n{more}\r\n".encode() + body)
        return self._answer()

    def _answer(self) -> tuple[int, bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        while length and len(body) < int(length[1]):
            body += self._more()
        for name, value in COOKIE.findall(head):
            self.cookies[name.decode()] = value.decode()
        return int(head[9:12]), head, body

    def _more(self) -> bytes:
        data = self.wire.recv(65536)
        if not data:
            raise ConnectionError("The server hung up.")
        return data


@dataclass
class Tally:
    """What the visitors found; `times` are seconds per request (or per person, in the flow)."""

    until: float
    left: int
    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def one_more(self) -> bool:
        with self.lock:
            self.left -= 1
            return self.left >= 0 and time.monotonic() < self.until and not self.wrong


def look(job: dict, number: int, tally: Tally) -> None:
    """Ask for one page again and again, each time as the next reader."""
    visitor, readers = Visitor(job["port"]), job["cookies"][number :: job["clients"]]
    turn = 0
    while tally.one_more():
        visitor.cookies = {"sessionid": readers[turn % len(readers)]} if readers else {}
        began = time.perf_counter()
        status, _head, _body = visitor.get(job["path"])
        tally.times.append(time.perf_counter() - began)
        if status != 200:
            tally.wrong.append(f"{job['path']} answered {status}")
        turn += 1


def enrol(job: dict, number: int, tally: Tally) -> None:
    """For each person in turn: the run's page, the button, the page that says so."""
    visitor = Visitor(job["port"], encodings="")
    for cookie in job["cookies"][number :: job["clients"]]:
        if not tally.one_more():
            break
        visitor.cookies = {"sessionid": cookie}
        began = time.perf_counter()
        said = _enrol_one(visitor, job["path"])
        tally.times.append(time.perf_counter() - began)
        if b"You are in" not in said:
            tally.wrong.append(f"{job['path']}: nobody said “You are in”")


def _enrol_one(visitor: Visitor, path: str) -> bytes:
    _status, _head, page = visitor.get(path)
    if not (token := TOKEN.search(page)):
        return page
    pool = POOL.search(page)
    chosen = {"pool": pool[1].decode()} if pool else {}
    status, _head, page = visitor.post(
        f"{path}enrol/", HTMX if BOOSTED in page else "", csrfmiddlewaretoken=token[1].decode(), **chosen
    )
    return page if status == 200 else visitor.get(path)[2]


def run(job: dict) -> dict:
    """Let all visitors of a job work at once."""
    began = time.monotonic()
    tally = Tally(began + job["seconds"], job["most"])
    kind = {"look": look, "enrol": enrol}[job["kind"]]
    threads = [threading.Thread(target=kind, args=(job, n, tally)) for n in range(job["clients"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, times = time.monotonic() - began, sorted(tally.times)
    median = times[len(times) // 2] if times else 0
    return {"count": len(times), "seconds": took, "median": median, "wrong": tally.wrong[:3]}


def main() -> None:
    """One job per line, one outcome per line."""
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
