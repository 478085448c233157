"""The part of the Auth emulator's REST that firebase_admin calls for roles, on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class AuthServer(ThreadingHTTPServer):
    """Users by uid, as Identity Toolkit writes them; `fails` is an error code to answer with."""

    daemon_threads = True

    def __init__(self, *users: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.users = {user["localId"]: user for user in users}
        self.project = "p-1"
        self.fails = ""
        self.page = 1000

    @property
    def host(self) -> str:
        """Its `host:port`."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: AuthServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        start = int(parse_qs(urlsplit(self.path).query).get("nextPageToken", ["0"])[0])
        users = list(self.server.users.values())
        end = start + self.server.page
        more = {"nextPageToken": str(end)} if end < len(users) else {}
        self._answer({"users": users[start:end]} | more)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("accounts:lookup"):
            found = [
                user
                for user in self.server.users.values()
                if user["localId"] in asked.get("localId", ())
                or user.get("email") in asked.get("email", ())
            ]
            self._answer({"users": found} if found else {})
        else:
            assert self.path.endswith("accounts:update")
            self.server.users[asked["localId"]].update(asked)
            self._answer({"localId": asked["localId"]})

    def _answer(self, data: dict[str, Any]) -> None:
        fails = self.server.fails
        project = f"/identitytoolkit.googleapis.com/v1/projects/{self.server.project}/"
        assert self.path.startswith(project)
        body = json.dumps({"error": {"message": fails}} if fails else data).encode()
        self.send_response(400 if fails else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving_users(*users: dict[str, Any]) -> Iterator[AuthServer]:
    """Serve as long as the context lasts."""
    with AuthServer(*users) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
