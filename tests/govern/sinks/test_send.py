"""Sending: to public addresses over HTTPS alone, to the one that was checked, and not for long."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ratchet.govern.sinks.send import PUBLIC, Network, is_public, look_up, send
from ratchet.govern.sinks.sink import Post
from ratchet.kernel.clock import system_clock
from ratchet.kernel.errors import Misconfigured, Unavailable

LOOPBACK = "127.0.0.1"
SECRET = "s3cret"


def loopback(**given: object) -> Network:
    """Return a network in which every name is this machine, and plain http is taken."""
    rules: dict[str, object] = {
        "resolve": lambda host, port: [LOOPBACK],
        "allows": lambda address: address == LOOPBACK,
        "schemes": ("http", "https"),
        "seconds": 2.0,
        "altogether": 5.0,
    }
    return Network(**(rules | given))  # type: ignore[arg-type]


def post(url: str) -> Post:
    return Post(url, {"Content-Type": "application/json", "X-Key": SECRET}, b'{"a": 1}')


class Server(ThreadingHTTPServer):
    """Keeps what it was sent, and answers with one status."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.status = status
        self.asked: list[tuple[str, str, bytes]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["Host"], body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"http://elsewhere.example:{self.server.port}/next")
        self.end_headers()


@contextmanager
def serving(status: int = 200) -> Iterator[Server]:
    with Server(status) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def answering(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """Yield the port of a server that does this with its one connection."""
    with socket.create_server((LOOPBACK, 0)) as listening:

        def run() -> None:
            connection, _ = listening.accept()
            with connection:
                act(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join(5)


# Those in no comment are of RFC 6890's registries of special addresses.
@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",  # the metadata of clouds
        "172.16.0.1",
        "192.168.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.1.1",  # multicast
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",  # IPv4-compatible
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",  # IPv4-mapped
        "64:ff9b::a00:1",  # NAT64
        "64:ff9b:1::1",  # NAT64 of one's own network
        "2001:0:1::1",  # Teredo
        "2002:7f00:1::",  # 6to4
        "fc00::1",
        "fd00:ec2::254",  # the metadata of a cloud
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",  # site-local, as it once was
        "ff02::1",
    ],
)
def test_an_address_that_is_nobodys_in_public_is_not_asked(address: str) -> None:
    assert not is_public(address)
    network = Network(resolve=lambda host, port: [address])
    with pytest.raises(Misconfigured, match="not public"):
        send(post("https://hooks.example/x"), network)


def test_a_name_with_one_private_address_among_public_ones_is_not_asked() -> None:
    network = Network(resolve=lambda host, port: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(Misconfigured, match="not public"):
        send(post("https://hooks.example/x"), network)


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111"])
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/s3cret",
        "ftp://hooks.example/s3cret",
        "file:///etc/s3cret",
        "hooks.example/s3cret",
        "https:///s3cret",
        "https://ada:s3cret@hooks.example/",
        "https://[s3cret/",
        "https://hooks.example:99999/s3cret",
        "s3cret",
    ],
)
def test_what_is_no_https_address_is_refused_without_being_told(url: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError("it was looked up")

    with pytest.raises(Misconfigured) as caught:
        send(post(url), Network(resolve=never))
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_key_that_no_header_holds_is_told_of_without_being_told() -> None:
    asked = Post("http://hooks.example/x", {"Authorization": f"Bearer {SECRET}\xe9"}, b"{}")
    with pytest.raises(Misconfigured, match="its key") as caught:
        send(asked, loopback())
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::1]"])
def test_no_way_of_writing_this_machine_is_taken(host: str) -> None:
    with pytest.raises((Misconfigured, Unavailable)):
        send(post(f"https://{host}/"), PUBLIC)


def test_the_system_looks_names_up() -> None:
    assert LOOPBACK in look_up("localhost", 443)


def test_the_checked_address_is_asked_under_the_name_that_was_given() -> None:
    looked: list[tuple[str, int]] = []

    def rebinding(host: str, port: int) -> list[str]:
        """Answer with another address from the second time on, as a hostile name server does."""
        looked.append((host, port))
        return [LOOPBACK if len(looked) == 1 else "10.0.0.1"]

    with serving() as server:
        url = f"http://hooks.example:{server.port}/T0/{SECRET}?a=b"
        assert send(post(url), loopback(resolve=rebinding)) == 200
        host = f"hooks.example:{server.port}"
        assert server.asked == [(f"/T0/{SECRET}?a=b", host, b'{"a": 1}')]
        assert looked == [("hooks.example", server.port)]


def test_a_redirect_is_not_followed() -> None:
    with serving(302) as server:
        assert send(post(f"http://hooks.example:{server.port}/"), loopback()) == 302
        assert len(server.asked) == 1


def test_of_a_long_answer_the_status_alone_is_read() -> None:
    sent: list[int] = []

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        try:
            for _ in range(2000):
                sent.append(connection.send(b"x" * 65536))
        except OSError:
            pass

    with answering(flood) as port:
        assert send(post(f"http://hooks.example:{port}/"), loopback()) == 200
    assert sum(sent) < 100_000_000


def test_an_answer_that_drips_is_not_waited_for() -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        while not over.wait(0.05):
            connection.send(b"H")

    with answering(drip) as port:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="in time"):
            send(post(f"http://hooks.example:{port}/{SECRET}"), loopback(altogether=0.3))
        assert time.monotonic() - began < 3
        over.set()


def test_a_server_that_is_not_there_is_unavailable_and_no_secret_is_told() -> None:
    with socket.create_server((LOOPBACK, 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(Unavailable) as caught:
        send(post(f"http://hooks.example:{port}/{SECRET}"), loopback())
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_name_that_is_not_found_is_unavailable() -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(Unavailable, match="not found"):
        send(post("https://hooks.example/"), Network(resolve=nobody))


def test_tls_asks_for_the_name_and_not_for_the_address() -> None:
    hello: list[bytes] = []
    listening = answering(lambda connection: hello.append(connection.recv(65536)))
    with listening as port, pytest.raises(Unavailable):
        send(post(f"https://hooks.example:{port}/"), loopback())
    assert b"hooks.example" in hello[0]


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path, "hooks.example"))
    read: list[bytes] = []

    def greet(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                read.append(secured.recv(65536))
        except (ssl.SSLError, OSError):
            pass

    with answering(greet) as port, pytest.raises(Unavailable):
        send(post(f"https://hooks.example:{port}/"), loopback())
    assert not any(read)


def self_signed(folder: Path, name: str) -> Path:
    """Write the key and the certificate of a name that only it vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = system_clock()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "server.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
