"""The server: functions, ticker and metrics on one store, until a signal ends them in order."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ratchet.entry.serve.channel import ARRIVAL_SECONDS, CONNECTIONS, Listener
from ratchet.entry.serve.metrics import Metrics
from ratchet.entry.serve.routes import Functions, create_app
from ratchet.entry.serve.ticker import tickers
from ratchet.entry.serve.tokens import DevTokens, require_loopback, with_dev_tokens
from ratchet.entry.wiring import App, serving, wire
from ratchet.kernel.errors import InvalidInput
from ratchet.store.counting import CountingStore

THREADS = 8
MOST_THREADS = 64


def counted(app: App) -> App:
    """Return the app on a store that counts its operations."""
    return wire(CountingStore(app.store), app.keys, app.clock, app.blobs)


class Server:
    """All functions of one store at one address.

    Raises: Refused for tokens that prove nothing on an interface that others reach; InvalidInput.
    """

    def __init__(
        self,
        app: App,
        functions: Functions,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = THREADS,
        tokens: DevTokens | None = None,
        ticking: bool = True,
        arrival_seconds: float = ARRIVAL_SECONDS,
        connections: int = CONNECTIONS,
    ) -> None:
        require_loopback(host, dev_tokens=tokens is not None)
        if not 1 <= threads <= MOST_THREADS:
            raise InvalidInput(
                f"{threads} threads", field="threads", mend=f"take 1 to {MOST_THREADS}"
            )
        self.app = app
        metrics = Metrics(app)
        wsgi: Any = create_app(app, functions, metrics)
        self._listener = Listener(
            with_dev_tokens(wsgi, tokens) if tokens else wsgi,
            host=host,
            port=port,
            threads=threads,
            arrival_seconds=arrival_seconds,
            connections=connections,
        )
        self._tickers = tickers(app, metrics.ticked) if ticking else ()

    @property
    def url(self) -> str:
        """The address, with the port that was taken."""
        return self._listener.url

    def run(self) -> None:
        """Serve until stopped: requests under way end, then the tickers."""
        with serving(self.app):
            for ticker in self._tickers:
                ticker.start()
            try:
                self._listener.run()
            finally:
                for ticker in self._tickers:
                    ticker.stop()

    def stop(self) -> None:
        """Ask `run` to end; any thread may, and a signal's handler."""
        self._listener.stop()


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM and SIGINT end a server in order; the second of them ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def on_signal(number: int, frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        stop()

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
