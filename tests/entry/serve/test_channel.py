"""The HTTP server under callers who are slow, wrong, greedy or many; and how it stops."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from ratchet.entry.serve.channel import MAX_BODY, MAX_HEADERS, Listener, refusal_of
from ratchet.kernel.errors import InvalidInput, RatchetError, TooLarge, TooSlow

pytestmark = pytest.mark.slow

WAIT = 15.0
LATE = 0.3  # seconds that these servers give a request
SECRET = "s3cr3t-of-the-caller"


class Wsgi:
    """Says how many bytes came; `/wait` says so once it may go on."""

    def __init__(self) -> None:
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.served = 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.served += 1
        if environ["PATH_INFO"] == "/wait":
            self.inside.set()
            assert self.go_on.wait(WAIT)
        text = str(len(body)).encode()
        start("200 OK", [("Content-Length", str(len(text)))])
        return [text]


@contextmanager
def listening(wsgi: Wsgi, **options: Any) -> Iterator[tuple[Listener, int]]:
    given: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "threads": 2, "arrival_seconds": LATE}
    listener = Listener(wsgi, **(given | options))
    thread = threading.Thread(target=listener.run)
    thread.start()
    try:
        yield listener, int(listener.effective_port)
    finally:
        wsgi.go_on.set()
        listener.stop()
        thread.join(WAIT)
        assert not thread.is_alive()


@pytest.fixture
def wsgi() -> Wsgi:
    return Wsgi()


@pytest.fixture
def port(wsgi: Wsgi) -> Iterator[int]:
    with listening(wsgi) as (_, port):
        yield port


def dial(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), WAIT)


def all_of(sock: socket.socket) -> bytes:
    """Return what comes until the server closes."""
    out = b""
    while data := sock.recv(65536):
        out += data
    return out


def up_to(sock: socket.socket, end: bytes) -> bytes:
    """Return what comes until an end has come: head and body may arrive apart."""
    out = b""
    while not out.endswith(end) and (data := sock.recv(65536)):
        out += data
    return out


def ask(port: int, path: str = "/", body: bytes = b"") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def error_in(raw: bytes) -> tuple[int, dict[str, Any]]:
    """Return status and error of a whole answer in the shape of errors."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert b"Content-Type: application/json" in lines
    assert b"Connection: close" in lines
    data = json.loads(body)
    assert set(data) == {"error"}
    return int(lines[0].split()[1]), data["error"]


def drip(sock: socket.socket, byte: bytes) -> bytes:
    """Send a byte now and then until there is an answer, and return it whole."""
    sock.settimeout(0.05)
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        try:
            sock.send(byte)
            if sock.recv(1, socket.MSG_PEEK):
                break
        except TimeoutError:
            continue
    sock.settimeout(WAIT)
    return all_of(sock)


def send_for(sock: socket.socket, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sock.sendall(b"a" * 65536)


STARTS: dict[str, tuple[bytes, bytes]] = {
    "head": (b"POST /record HTTP/1.1\r\nX-A: ", b"a"),
    "body": (b"POST /record HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", b"a"),
    "chunks": (
        b"POST /record HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\na\r\n",
    ),
}


@pytest.mark.parametrize("part", STARTS)
def test_a_request_that_comes_a_byte_at_a_time_ends_with_a_408(
    port: int, wsgi: Wsgi, part: str
) -> None:
    begin, byte = STARTS[part]
    with dial(port) as slow:
        slow.sendall(begin)
        status, error = error_in(drip(slow, byte))
    assert status == 408
    assert (error["code"], bool(error["message"]), bool(error["mend"])) == (
        "RATCHET-5003",
        True,
        True,
    )
    assert wsgi.served == 0


def test_a_request_that_stops_half_way_and_one_that_never_starts_are_closed(port: int) -> None:
    with dial(port) as stuck, dial(port) as silent:
        stuck.sendall(b"POST /record HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
        assert error_in(all_of(stuck))[0] == 408
        assert all_of(silent) == b""


def test_slow_callers_keep_no_worker_from_the_others(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            slow = stack.enter_context(dial(port))
            slow.sendall(b"POST /record HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
        assert ask(port, body=b"quick") == (200, b"5")


def test_a_connection_may_rest_longer_between_its_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    connection.request("POST", "/", b"one")
    assert connection.getresponse().read() == b"3"
    with dial(port) as later:  # gone when a whole round of deadlines is over
        assert all_of(later) == b""
    connection.request("POST", "/", b"three")
    assert connection.getresponse().read() == b"5"
    connection.close()


def test_a_second_request_on_a_connection_has_a_deadline_of_its_own(port: int) -> None:
    with dial(port) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok")
        assert up_to(sock, b"\r\n\r\n2").startswith(b"HTTP/1.1 200")
        sock.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\no")
        assert error_in(all_of(sock))[0] == 408


def test_a_request_behind_one_that_takes_long_is_not_late(wsgi: Wsgi, port: int) -> None:
    with dial(port) as sock:
        sock.sendall(b"POST /wait HTTP/1.1\r\nContent-Length: 0\r\n\r\nPOST / HT")
        assert wsgi.inside.wait(WAIT)
        with dial(port) as later:
            assert all_of(later) == b""  # the deadlines were looked at, and over
        wsgi.go_on.set()
        assert up_to(sock, b"\r\n\r\n0").startswith(b"HTTP/1.1 200")
        sock.sendall(b"TP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        assert all_of(sock).endswith(b"\r\n\r\n2")


def test_a_body_at_the_limit_is_taken(wsgi: Wsgi) -> None:
    with listening(wsgi, arrival_seconds=WAIT) as (_, port):
        assert ask(port, body=b"a" * MAX_BODY) == (200, str(MAX_BODY).encode())


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_a_413_that_its_sender_can_read(wsgi: Wsgi, chunked: bool) -> None:
    body = b"a" * (MAX_BODY + 1)
    framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    head = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    with listening(wsgi, arrival_seconds=WAIT) as (_, port), dial(port) as sock:
        sock.sendall(f"POST /record HTTP/1.1\r\n{head}\r\n\r\n".encode())
        sock.sendall(framed if chunked else body)
        status, error = error_in(all_of(sock))
    assert (status, error["code"]) == (413, "RATCHET-1003")
    assert str(MAX_BODY) in error["message"]
    assert wsgi.served == 0


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (f"{SECRET}\r\n\r\n", 400, "RATCHET-1001"),
        (f"GET / HTTP/1.1\r\n{SECRET}\nx: y\r\n\r\n", 400, "RATCHET-1001"),
        (f"GET / HTTP/1.1\r\nx y: {SECRET}\r\n\r\n", 400, "RATCHET-1001"),
        (f"GET / HTTP/1.1\r\nContent-Length: {SECRET}\r\n\r\n", 400, "RATCHET-1001"),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "RATCHET-1001"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "RATCHET-1001"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 415, "RATCHET-1006"),
        (f"GET / HTTP/1.1\r\nx: {SECRET * (MAX_HEADERS // 10)}\r\n\r\n", 413, "RATCHET-1003"),
    ],
)
def test_what_is_no_request_is_refused_and_nothing_of_it_is_repeated(
    port: int, wsgi: Wsgi, raw: str, status: int, code: str
) -> None:
    with dial(port) as sock:
        sock.sendall(raw.encode())
        answer = all_of(sock)
    found, error = error_in(answer)
    assert (found, error["code"]) == (status, code)
    assert SECRET.encode() not in answer
    assert wsgi.served == 0


def test_who_goes_on_sending_after_a_refusal_is_cut_off(port: int) -> None:
    with dial(port) as greedy:
        greedy.sendall(b"nonsense\r\n\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_for(greedy, WAIT)


def test_a_flood_of_connections_holds_the_others_up_and_does_not_stop_them(wsgi: Wsgi) -> None:
    with listening(wsgi, connections=10) as (_, port), ExitStack() as stack:
        for _ in range(25):
            stack.enter_context(dial(port))
        assert ask(port, body=b"patient") == (200, b"7")


def test_a_stop_ends_what_is_under_way_and_takes_nothing_more(wsgi: Wsgi) -> None:
    answers: list[tuple[int, bytes]] = []
    with listening(wsgi) as (listener, port):
        asking = threading.Thread(target=lambda: answers.append(ask(port, "/wait", b"four")))
        asking.start()
        assert wsgi.inside.wait(WAIT)
        with dial(port) as idle:
            listener.stop()
            assert all_of(idle) == b""
        with pytest.raises(ConnectionRefusedError):
            dial(port).close()
        wsgi.go_on.set()
        asking.join(WAIT)
    assert answers == [(200, b"4")]


def test_a_stop_may_come_again_and_late(wsgi: Wsgi) -> None:
    with listening(wsgi) as (listener, _):
        listener.stop()
        listener.stop()
    with ExitStack() as stack:  # these take the numbers of the files that the server closed
        pair = [stack.enter_context(sock) for sock in socket.socketpair()]
        listener.stop()
        for sock in pair:
            sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                sock.recv(1)


def test_a_port_that_is_taken_is_told_with_the_way_out(port: int, wsgi: Wsgi) -> None:
    with pytest.raises(InvalidInput) as caught:
        Listener(wsgi, host="127.0.0.1", port=port, threads=1)
    assert str(port) in caught.value.message
    assert "--port" in caught.value.mend


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_a_host_that_is_not_of_this_machine_is_told(wsgi: Wsgi, host: str) -> None:
    with pytest.raises(InvalidInput, match="cannot listen"):
        Listener(wsgi, host=host, port=0, threads=1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, InvalidInput), (408, TooSlow), (413, TooLarge), (431, TooLarge), (500, RatchetError)],
)
def test_every_refusal_has_an_error(status: int, kind: Callable[..., RatchetError]) -> None:
    assert type(refusal_of(status)) is kind
