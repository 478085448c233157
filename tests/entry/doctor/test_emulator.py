"""Emulators: those that are named answer, and in production none is named."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support.examined import CLOUD, case, found

DEAD = "127.0.0.1:1"


class Ok(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Ok")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def alive() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Ok) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_no_emulator_is_nothing_to_look_at() -> None:
    assert [severity for severity, *_ in found("emulator", case(url=CLOUD))] == ["skipped"]


def test_an_emulator_that_answers_is_well(alive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", alive)
    assert found("emulator", case(url=CLOUD)) == [
        ("ok", f"FIRESTORE_EMULATOR_HOST: {alive} answers", "")
    ]


def test_each_emulator_is_asked(alive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", alive)
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", DEAD)
    fire, auth = found("emulator", case(url=CLOUD))
    assert (fire[0], auth[0]) == ("ok", "error")
    assert auth[2] == "start it, or unset FIREBASE_AUTH_EMULATOR_HOST"


@pytest.mark.parametrize(("url", "severity"), [(CLOUD, "error"), ("memory:", "warning")])
@pytest.mark.parametrize("host", [DEAD, "no host at all:x"])
def test_an_emulator_that_is_away_matters_most_to_a_store_on_it(
    url: str, severity: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
    ((told, text, _),) = found("emulator", case(url=url))
    assert (told, "does not answer" in text) == (severity, True)


def test_an_emulator_in_production_is_an_error_though_it_answers(
    alive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K_SERVICE", "record")
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", alive)
    ((severity, text, mend),) = found("emulator", case(url=CLOUD))
    assert (severity, mend) == ("error", "unset it and deploy again")
    assert "FIREBASE_AUTH_EMULATOR_HOST" in text
