"""A server under attack: real sockets, real token verification, and a watch over what it keeps."""

import importlib
import io
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

import ratchet
from ratchet.entry.logs import JsonLines
from ratchet.entry.rates import Rates
from ratchet.entry.serve.functions import all_functions
from ratchet.entry.serve.server import Server
from ratchet.entry.wiring import wire
from ratchet.kernel.clock import ManualClock
from ratchet.observe.record import record
from ratchet.observe.settings import Ingest
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import KEYS, NOON, SECOND, draft, lineage_of, switch_flags, weights
from tests.support.minted import AUDIENCE, Google, google_at_the_edge

WAIT = 10.0
IN_HEADERS, IN_BODIES, OF_OTHERS = "zq9-header", "zq9-body", "zq9-others"
ACCOUNT = "router@ratchet-test.iam.gserviceaccount.com"
INSIDE = ("Traceback", ".py", "site-packages", "BEGIN CERT", "a secret of the tests", OF_OTHERS)


@dataclass(frozen=True)
class Answer:
    """What came back over the socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """All of it."""
        shown = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.status}\n{shown}\n\n{self.body.decode()}"


@dataclass
class Target:
    """The server, its store, its log, and Google as it sees it."""

    url: str
    store: Store
    google: Google
    log: io.StringIO = field(default_factory=io.StringIO)

    def send(
        self,
        method: str,
        path: str,
        headers: list[tuple[str, str]],
        body: bytes = b"",
        *,
        length: int | None = None,
    ) -> Answer:
        """Send a request byte by byte as it is given; `length` may lie."""
        given = [("Host", "ratchet.example"), ("Connection", "close"), *headers]
        named = {name.lower() for name, _ in headers}
        if not {"transfer-encoding", "content-length"} & named and (body or length is not None):
            given.append(("Content-Length", str(len(body) if length is None else length)))
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in given)
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=WAIT) as connection:
            with suppress(ConnectionError):  # it need not read what it refuses
                connection.sendall(head.encode("latin-1") + b"\r\n" + body)
            answer = HTTPResponse(connection, method=method)
            answer.begin()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def kept(self) -> dict[str, dict[str, Any]]:
        """Return everything in the store."""
        names = self.store.collections()
        return {n: {s.ref.id: s.data for s in self.store.query(Query(n))} for n in names}


@contextmanager
def under_attack() -> Iterator[Target]:
    """Serve the functions over a store with policies, and with what another caller sent."""
    store = SqliteStore()
    clock = ManualClock(NOON + 60 * SECOND)
    switch_flags(store)
    lineage_of(store, 3)
    draft(store, weights(0.5))
    listed = {"serviceAccounts": {ACCOUNT: "service"}, "audiences": [AUDIENCE]}
    unbounded = {"requestsPerMinute": 1_000_000, "failuresPerMinute": 1_000_000}
    store.set(Ref("config", "access"), {"v": 1} | listed | unbounded)
    others = {"ts": 1767268800000, "component": OF_OTHERS, "outcome": "success"}
    record(store, KEYS, others | {"id": "theirs"}, ingest=Ingest(), now=clock())
    with pytest.MonkeyPatch.context() as patch, google_at_the_edge(patch) as google:
        door = importlib.import_module("ratchet.entry.http.door")
        patch.setattr(door, "RATES", Rates())
        app = wire(store, KEYS, clock)
        server = Server(app, all_functions(), ticking=False, arrival_seconds=1.0)
        target = Target(server.url, store, google)
        thread = threading.Thread(target=server.run)
        with _logged(target.log):
            thread.start()
            try:
                yield target
            finally:
                server.stop()
                thread.join(WAIT)
    store.close()
    assert not thread.is_alive()


@contextmanager
def _logged(stream: io.StringIO) -> Iterator[None]:
    """Note what a deployment would log."""
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    handler.setFormatter(JsonLines())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def leaked(answer: Answer, token: str) -> list[str]:
    """Return what an answer must not hold, and holds."""
    inside = (*INSIDE, IN_HEADERS, str(Path(ratchet.__path__[0]).parent))
    secrets = [text for text in (token, token.rpartition(".")[2]) if len(text) > 20]
    return [text for text in (*inside, *secrets) if text in answer.text]
