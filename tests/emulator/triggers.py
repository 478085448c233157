"""Firestore's triggers without Node: the emulator posts its events to a receiver of ours."""

import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import httpx
from cloudevents.http import CloudEvent, from_http

from tests.emulator import server

WRITTEN = "google.cloud.firestore.document.v1.written.withAuthContext"
SECONDS = 60.0  # longer than any answer or event takes to come on a loaded machine
Trigger = Callable[[CloudEvent], None]


@dataclass(frozen=True)
class Delivery:
    """An event as it came: for which trigger, with its headers and its decoded body."""

    trigger: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> str:
        """The path of the document that was written."""
        return self.headers["ce-document"]

    def event(self) -> CloudEvent:
        """Return the event as functions get it."""
        return from_http(self.headers, self.body)


class Receiver(ThreadingHTTPServer):
    """Takes what the emulator posts, says yes to it all, and keeps it in the order it came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.deliveries: Queue[Delivery] = Queue()

    @property
    def host(self) -> str:
        """Its `host:port`."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.rpartition("/")[2]
        headers = {key.lower(): value for key, value in self.headers.items()}
        self.server.deliveries.put(Delivery(name, headers, base64.b64decode(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def emulator_with_triggers(patterns: Mapping[str, str]) -> Iterator[tuple[str, Receiver]]:
    """Run an emulator that tells a receiver of every write to the documents of some patterns.

    Raises: NoEmulator.
    """
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            host, stop = server.start(functions=receiver.host)
            try:
                for name, pattern in patterns.items():
                    register(host, name, pattern)
                yield host, receiver
            finally:
                stop()
        finally:
            receiver.shutdown()
            thread.join()


def register(host: str, name: str, pattern: str) -> None:
    """Have the emulator post every write to the documents of a pattern."""
    asked = {
        "eventType": WRITTEN,
        "database": "(default)",
        "namespace": "(default)",
        "document": {"value": pattern, "matchType": "PATH_PATTERN"},
    }
    url = f"http://{host}/emulator/v1/projects/{server.PROJECT}/eventarcTrigger"
    named = {"eventarcTriggerId": name}
    httpx.post(url, params=named, json=asked, timeout=SECONDS).raise_for_status()
