"""A service on loopback that tests tell how to behave: down, slow, cross, or lost after the act."""

import gzip
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WAIT = 10.0  # seconds a test waits for what must come at once


class Service:
    """`script` holds the next answers: a status, 'lost' (acts, then no answer), 'slow' or 'ok'."""

    def __init__(self) -> None:
        self.script: deque[int | str] = deque()
        self.usual: int | str = "ok"
        self.attempts: list[str] = []
        self.callers: list[int] = []
        self.stored: dict[str, list[dict[str, Any]]] = {}
        self.runs: list[list[dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.rejections: list[dict[str, Any]] = []
        self.policies: dict[str, dict[str, Any]] = {}
        self.grades: list[dict[str, Any]] = []
        self.asked = 0
        self.retry_after = ""
        self.let_go = threading.Event()
        self.changed = threading.Condition()
        self.url = ""

    def next_answer(self) -> int | str:
        return self.script.popleft() if self.script else self.usual

    @property
    def observations(self) -> list[dict[str, Any]]:
        with self.changed:
            return [o for items in self.stored.values() for o in items]

    def until(self, holds: Callable[["Service"], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: holds(self), WAIT)


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = WAIT

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            data = json.loads(gzip.decompress(raw))
            answer = service.next_answer()
            with service.changed:
                service.headers.append(dict(self.headers.items()))
                if self.path == "/base/record":
                    service.attempts.append(data["id"])
                    service.callers.append(self.client_address[1])
                    if answer in ("ok", "lost"):
                        service.stored.setdefault(data["id"], data["observations"])
                elif self.path == "/base/record_run":
                    if answer in ("ok", "lost"):
                        service.runs.append(data["runs"])
                elif self.path == "/base/feedback":
                    service.grades.extend(data["feedback"])
                else:
                    answer = 404
                service.changed.notify_all()
            refused = service.rejections
            if "runs" in data:
                return self.finish_with(answer, {"runs": data["runs"], "rejected": refused})
            n = len(data.get("observations", data.get("feedback", ())))
            self.finish_with(answer, {"accepted": n - len(refused), "rejected": refused})

        def do_GET(self) -> None:
            answer = service.next_answer()
            with service.changed:
                service.asked += 1
                service.headers.append(dict(self.headers.items()))
                service.changed.notify_all()
            path, _, policy = self.path.partition("?policy=")
            if path != "/base/resolve" or policy not in service.policies:
                return self.finish_with(404, {})
            found = service.policies[policy]
            if answer == "ok" and self.headers.get("if-none-match") == f'"{found["etag"]}"':
                answer = 304
            return self.finish_with(answer, found)

        def finish_with(self, answer: int | str, data: dict[str, Any]) -> None:
            if answer == "slow":
                service.let_go.wait(WAIT)
            if answer in ("lost", "slow"):
                self.close_connection = True
                return
            status = 200 if answer == "ok" else int(answer)
            if status >= 400:
                data = {"error": {"code": "X", "message": "because", "field": "f", "mend": "m"}}
            body = b"" if status == 304 else json.dumps(data).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if service.retry_after:
                self.send_header("retry-after", service.retry_after)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}/base"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.let_go.set()
        server.shutdown()
        thread.join(WAIT)
        server.server_close()
