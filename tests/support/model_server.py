"""A language model's server on loopback: it answers in the way that a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RETRY = {"retry-after-ms": "1"}  # the client waits so long, instead of its half a second


@dataclass(frozen=True)
class Reply:
    """One answer of the server; `slow` keeps the client waiting until the server ends."""

    body: Any
    status: int = 200
    slow: bool = False


def said(answer: Any, tokens: tuple[int, int] | None = (100, 20)) -> Reply:
    """Return a chat completion that says this, as a text or as JSON."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant"}}
    choice["message"] = {"role": "assistant", "content": text}
    body = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m"}
    used = {} if tokens is None else {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}
    return Reply(body | {"choices": [choice]} | ({"usage": used} if used else {}))


def failed(status: int, told: str = "no") -> Reply:
    """Return an error, as such servers tell it."""
    return Reply({"error": {"message": told}}, status)


class ModelServer(ThreadingHTTPServer):
    """Answers by the script, a request each, and then with the `last` again and again."""

    daemon_threads = True

    def __init__(self, replies: tuple[Reply | Callable[[Any], Reply], ...]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = list(replies)
        self.asked: list[Any] = []
        self.keys: list[str | None] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def next_reply(self, asked: Any) -> Reply:
        """Return the answer that is due."""
        reply = self.replies[min(len(self.asked), len(self.replies)) - 1]
        return reply(asked) if callable(reply) else reply


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/v1/chat/completions"
        self.server.asked.append(asked)
        self.server.keys.append(self.headers["Authorization"])
        reply = self.server.next_reply(asked)
        if reply.slow:
            self.server.ended.wait(20)
            return
        is_json = not isinstance(reply.body, str)
        body = (json.dumps(reply.body) if is_json else reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json" if is_json else "text/html")
        self.send_header("Content-Length", str(len(body)))
        for name, value in RETRY.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving_model(*replies: Reply | Callable[[Any], Reply]) -> Iterator[ModelServer]:
    """Serve as long as the context lasts."""
    with ModelServer(replies) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
