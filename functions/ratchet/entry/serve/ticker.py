"""The ticker: runs the scheduled verbs in a thread, for as long as the server lives."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from ratchet.entry.logs import log
from ratchet.entry.ticks import run_due
from ratchet.entry.verbs import Report
from ratchet.entry.wiring import App
from ratchet.govern.alerts import alert, raise_alert
from ratchet.kernel.errors import RatchetError

PERIOD = 60.0  # seconds: the shortest period of a scheduled verb
PATIENCE = 10.0  # seconds that a stop waits for a tick that runs


class Tick(Protocol):
    """Runs what is due, and reports by the verb's name."""

    def __call__(self, app: App, *, now: datetime) -> Mapping[str, Report]:
        """Run what is due."""


Ticked = Callable[[Mapping[str, Report] | None], None]


class Ticker:
    """A thread that ticks at each whole period; no failure of a tick ends it."""

    def __init__(
        self,
        app: App,
        *,
        tick: Tick = run_due,
        period: float = PERIOD,
        ticked: Ticked = lambda reports: None,
    ) -> None:
        self._app = app
        self._tick = tick
        self._period = period
        self._ticked = ticked
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ratchet-ticker", daemon=True)

    def start(self) -> None:
        """Tick at once, and then at each whole period."""
        self._thread.start()

    def stop(self) -> None:
        """Tick no more; a tick that runs may end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._stop.is_set():
            reports = self._once()
            self._ticked(reports)
            self._stop.wait(until_next(self._app.clock(), self._period))

    def _once(self) -> Mapping[str, Report] | None:
        try:
            return self._tick(self._app, now=self._app.clock())
        except Exception as error:  # the next tick does what this one did not
            log(logging.ERROR, "a tick failed", error=error, function="ticker")
            self._alert(error)
            return None

    def _alert(self, error: Exception) -> None:
        shown: dict[str, Any] = {"kind": type(error).__name__}
        if isinstance(error, RatchetError):
            shown |= error.as_dict()
        about = alert(
            "tick-failed",
            "ticker",
            "warning",
            f"a tick failed: {shown.get('message', shown['kind'])}",
            now=self._app.clock(),
            command="ratchet tick",
            evidence=shown,
        )
        with suppress(Exception):  # the store may be what failed; the log says so
            raise_alert(self._app.store, about)


def tickers(app: App, ticked: Ticked) -> tuple[Ticker, Ticker]:
    """Return the ticker of a server, and that of verbs which may take minutes, beside it.

    A tick in which none of these was due is not told.
    """

    def ticked_long(reports: Mapping[str, Report] | None) -> None:
        if reports is None or reports:
            ticked(reports)

    return (
        Ticker(app, tick=partial(run_due, long=False), ticked=ticked),
        Ticker(app, tick=partial(run_due, long=True), ticked=ticked_long),
    )


def until_next(now: datetime, period: float) -> float:
    """Return the seconds to the next whole period.

    >>> until_next(datetime.fromisoformat("2026-01-01T12:00:15+00:00"), 60.0)
    45.0
    """
    return period - now.timestamp() % period
