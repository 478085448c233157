"""The HTTP server: waitress, with a deadline for each request and refusals in our shape.

waitress hands a request to a worker once it has arrived whole, so a slow caller holds a connection
and nothing more; here it loses that, too.
"""

import json
import socket
import threading
import time
from http import HTTPStatus
from typing import Any

from waitress import wasyncore  # type: ignore[import-untyped]  # no types there
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]  # no types there
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]  # no types there
from waitress.task import ErrorTask  # type: ignore[import-untyped]  # no types there
from waitress.utilities import Error  # type: ignore[import-untyped]  # no types there

from ratchet.kernel.errors import (
    InvalidInput,
    RatchetError,
    TooLarge,
    TooSlow,
    WrongMedia,
)

MAX_BODY = 16 * 1024 * 1024
MAX_HEADERS = 64 * 1024
CONNECTIONS = 500  # at once; the others wait in the system's queue
ARRIVAL_SECONDS = 10.0  # for a whole request
IDLE_SECONDS = 60  # between the requests of one connection
DRAIN_SECONDS = 2.0  # for what a refused caller still sends
FINISH_SECONDS = 10.0  # for requests under way when the server stops


class _LateError(Error):  # type: ignore[misc]  # no types there
    code = 408


class _Refusal(ErrorTask):  # type: ignore[misc]  # no types there
    """Answers what is no request, too large or too late, and closes."""

    def execute(self) -> None:
        error = refusal_of(self.request.error.code)
        body = json.dumps({"error": error.as_dict()}).encode()
        self.status = f"{error.http} {HTTPStatus(error.http).phrase}"
        self.response_headers += [
            ("Content-Type", "application/json"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.refused = True
        self.write(body)


def refusal_of(status: int) -> RatchetError:
    """Return the error of a request that never reached a function; it repeats nothing sent."""
    if status == 408:
        return TooSlow("the request did not arrive whole in time", mend="send it again")
    if status == 413:
        return TooLarge(f"a body has at most {MAX_BODY} bytes", mend="send smaller batches")
    if status == 431:
        return TooLarge(f"the headers have at most {MAX_HEADERS} bytes", mend="send fewer")
    if status == 501:
        return WrongMedia("the transfer encoding must be chunked", field="Transfer-Encoding")
    if status == 400:
        return InvalidInput("the request is not well-formed HTTP", mend="send HTTP/1.1")
    return RatchetError("something went wrong here")


class _Channel(HTTPChannel):  # type: ignore[misc]  # no types there
    """One connection. `waiting` is since when a request arrives; a new connection owes its first.

    A refused caller may still be sending. Closing then would reset the connection under the answer,
    so its side is closed first, and what it sends is thrown away for a moment.
    """

    error_task_class = _Refusal
    request: Any = None
    refused = False
    draining: float | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.waiting: float | None = self.creation_time

    def received(self, data: bytes) -> bool:
        if self.draining is not None:
            return False
        before: Any = self.request
        taken = bool(super().received(data))
        if self.request is None:
            self.waiting = None
        elif self.waiting is None or before not in (None, self.request):
            self.waiting = time.time()
        return taken

    def handle_close(self) -> None:
        if self.refused and self.draining is None and self.connected:
            self.draining, self.will_close = time.time(), False
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:  # the caller is gone
                pass
            else:
                return
        super().handle_close()

    def hurry(self, now: float, seconds: float) -> None:
        """Refuse a request, and close a connection, that is over its time."""
        if self.requests:
            self.waiting = None if self.waiting is None else now  # it waits for us
        elif self.draining is not None:
            self.will_close = now - self.draining > DRAIN_SECONDS
        elif self.waiting is not None and now - self.waiting > seconds:
            self._refuse_late()

    def _refuse_late(self) -> None:
        with self.requests_lock:
            late, self.request, self.waiting = self.request, None, None
            if late is None:  # nothing was sent
                self.will_close = True
                return
            if not late.headers_finished:
                late.parse_header(b"GET / HTTP/1.0\r\n")
            late.error, late.completed = _LateError(""), True
            self.requests.append(late)
            self.server.add_task(self)


class Listener(TcpWSGIServer):  # type: ignore[misc]  # no types there
    """Listens at one address and serves a WSGI application until it is stopped."""

    channel_class = _Channel

    def __init__(
        self,
        wsgi: Any,
        *,
        host: str,
        port: int,
        threads: int,
        arrival_seconds: float = ARRIVAL_SECONDS,
        connections: int = CONNECTIONS,
    ) -> None:
        self._arrival = arrival_seconds
        self._stopping = False
        self._ended = False
        self._waking = threading.RLock()  # a signal's handler may stop while its thread holds it
        try:
            super().__init__(
                wsgi,
                host=host,
                port=port,
                threads=threads,
                connection_limit=connections,
                max_request_body_size=MAX_BODY + 1,
                max_request_header_size=MAX_HEADERS,
                channel_timeout=IDLE_SECONDS,
                cleanup_interval=1,
                asyncore_use_poll=True,
                log_socket_errors=False,
                ident=None,
            )
        except (OSError, OverflowError, ValueError) as error:
            self._undo()
            told = getattr(error, "strerror", None) or str(error)
            raise InvalidInput(
                f"cannot listen on {host}:{port}: {told}",
                field="port",
                mend="name another --port, or 0 for any, and a --host of this machine",
            ) from error

    def _undo(self) -> None:
        """Let go of what was made before the address was refused."""
        for name in ("socket", "trigger"):
            made = getattr(self, name, None)
            if made is not None:
                made.close()
        if hasattr(self, "task_dispatcher"):
            self.task_dispatcher.shutdown()

    @property
    def url(self) -> str:
        """The address that callers use."""
        host, port = self.effective_host, self.effective_port
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def maintenance(self, now: float) -> None:
        """Hold every connection to its deadlines, once a second."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            channel.hurry(now, self._arrival)

    def run(self) -> None:
        """Serve until `stop`; then take nothing more, and end what is under way."""
        while not self._stopping:
            self._turn()
        wasyncore.dispatcher.close(self)
        end = time.monotonic() + FINISH_SECONDS
        while self._under_way() and time.monotonic() < end:
            self._turn()
        self.task_dispatcher.shutdown(timeout=1)
        with self._waking:
            self._ended = True
            wasyncore.close_all(self._map)

    def pull_trigger(self) -> None:
        """Wake the loop, if it still runs: a stop may come again, and a worker end after it."""
        with self._waking:
            if not self._ended:  # its pipe is closed then, and the number may be another file's
                super().pull_trigger()

    def stop(self) -> None:
        """Ask `run` to end; any thread may, and a signal's handler, as often as they like."""
        self._stopping = True
        self.pull_trigger()

    def _under_way(self) -> bool:
        busy = False
        for channel in list(self.active_channels.values()):
            if channel.requests or channel.total_outbufs_len:
                busy = True
            else:
                channel.will_close = True
        return busy

    def _turn(self) -> None:
        wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)
