"""The server: what it refuses to start with, and functions, ticker and metrics on one store."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from flask import Request, Response

from ratchet.entry.http import api
from ratchet.entry.serve.routes import Functions
from ratchet.entry.serve.server import MOST_THREADS, Server, counted
from ratchet.entry.serve.tokens import DevTokens
from ratchet.entry.wiring import App, the_app, wire
from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref, Store
from tests.support.governed import switch_flags
from tests.support.observing import KEYS

WAIT = 10.0
TOKENS = DevTokens({"service": "a-service-token-1", "admin": "an-admin-token-01"}, given=True)


def remember(asked: Request) -> Response:
    """Write through the app of the process, as deployed functions do."""
    the_app().store.set(Ref("ops_labels", "l1"), {"v": 1, "by": str(asked.environ.get("actor"))})
    return Response(asked.environ["ratchet.actor"].name)


FUNCTIONS = Functions({"remember": remember, "api": api})


@pytest.fixture
def app(embedded: Store) -> App:
    return counted(wire(embedded, KEYS))


@contextmanager
def running(app: App, **options: Any) -> Iterator[Server]:
    given: dict[str, Any] = {"ticking": False, "tokens": TOKENS}
    server = Server(app, FUNCTIONS, **(given | options))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(WAIT)
        assert not thread.is_alive()


def test_development_tokens_are_refused_on_another_interface(app: App) -> None:
    with pytest.raises(Refused) as caught:
        Server(app, FUNCTIONS, host="0.0.0.0", tokens=TOKENS)
    assert caught.value.field == "host"


def test_another_interface_is_refused_where_auth_is_emulated(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
    with pytest.raises(Refused) as caught:
        Server(app, FUNCTIONS, host="0.0.0.0", tokens=None)
    assert caught.value.field == "host"


def test_another_interface_is_served_without_them(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST", raising=False)
    with running(app, host="0.0.0.0", tokens=None) as server:
        port = server.url.rpartition(":")[2]
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("threads", [0, -1, MOST_THREADS + 1])
def test_a_number_of_threads_that_makes_no_sense_is_refused(app: App, threads: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        Server(app, FUNCTIONS, threads=threads)
    assert caught.value.field == "threads"


def test_a_free_port_is_taken_and_told(app: App) -> None:
    with running(app) as first, running(app) as second:
        assert first.url != second.url
        assert first.url.startswith("http://127.0.0.1:")
        assert not first.url.endswith(":0")
        assert httpx.get(f"{second.url}/healthz").status_code == 200


def test_an_address_of_ipv6_is_served_and_told_in_its_own_form(app: App) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
    with running(app, host="::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_functions_use_the_servers_store_and_know_who_calls(app: App) -> None:
    with running(app) as server:
        headers = {"Authorization": "Bearer a-service-token-1"}
        answer = httpx.post(f"{server.url}/remember", headers=headers)
        metrics = httpx.get(f"{server.url}/metrics").text
    assert (answer.status_code, answer.text) == (200, "dev-service")
    assert app.store.get(Ref("ops_labels", "l1")) is not None
    assert 'ratchet_requests_total{function="remember",status="200"} 1.0' in metrics
    assert isinstance(app.store, CountingStore)
    assert f'ratchet_store_operations_total{{kind="write"}} {app.store.bill.writes}' in metrics


def test_an_id_is_taken_from_the_line_of_the_request_as_it_is_listed(app: App) -> None:
    switch_flags(app.store)
    admin = {"Authorization": "Bearer an-admin-token-01"}
    said = {"agent": "a", "subject": "s", "thumbs": "up", "source": "panel"}
    with running(app) as server:
        at = f"{server.url}/api/v1/labels"
        for source_id in ("a//b c", "d//e f"):
            sent = httpx.post(at, json=said | {"sourceId": source_id}, headers=admin)
            assert sent.status_code == 200, sent.text
        one, other = (row["id"] for row in httpx.get(at, headers=admin).json()["items"])
        for written, listed in ((one, one), (quote(other, safe=""), other)):
            told = _posted(server, f"/api/v1/labels/{written}/withdraw", {"reason": "a mistake"})
            assert told["id"] == listed


def _posted(server: Server, path: str, body: Any) -> Any:
    """Send a POST as it is written, and return what is answered."""
    sent = json.dumps(body)
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        "Authorization: Bearer an-admin-token-01",
        "Content-Type: application/json",
        f"Content-Length: {len(sent)}",
        "",
        sent,
    ]
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), WAIT) as line:
        line.sendall("\r\n".join(lines).encode())
        with line.makefile("rb") as answer:
            return json.loads(answer.read().partition(b"\r\n\r\n")[2])


def test_the_ticker_lives_as_long_as_the_server(app: App) -> None:
    def alive() -> bool:
        return "ratchet-ticker" in [thread.name for thread in threading.enumerate()]

    with running(app, ticking=True) as server:
        httpx.get(f"{server.url}/healthz")
        assert alive()
    assert not alive()
    assert app.store.get(Ref("ops_checkpoints", "ticks")) is not None


def test_without_a_ticker_nothing_ticks(app: App) -> None:
    with running(app) as server:
        httpx.get(f"{server.url}/healthz")
    assert app.store.get(Ref("ops_checkpoints", "ticks")) is None
