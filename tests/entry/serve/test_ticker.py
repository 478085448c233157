"""The ticker: at once and then each period, whatever fails, until it is stopped."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from ratchet.entry.serve.ticker import Ticker, until_next
from ratchet.entry.verbs import Report
from ratchet.entry.wiring import App, wire
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Unavailable
from ratchet.store.port import Query, Store
from tests.support.observing import KEYS, NOON

WAIT = 10.0


class Ticks:
    """Stands for `run_due`: fails as it is told, and says when it has run so often."""

    def __init__(self, *errors: Exception | None, enough: int) -> None:
        self.errors = list(errors)
        self.at: list[datetime] = []
        self.reports: list[Mapping[str, Report] | None] = []
        self.enough = threading.Event()
        self._wanted = enough

    def __call__(self, app: App, *, now: datetime) -> Mapping[str, Report]:
        self.at.append(now)
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        return {"score_observations": {"scored": 3}}

    def ticked(self, reports: Mapping[str, Report] | None) -> None:
        self.reports.append(reports)
        if len(self.reports) == self._wanted:
            self.enough.set()


@pytest.fixture
def app(embedded: Store) -> App:
    return wire(embedded, KEYS, ManualClock(NOON))


def ran(app: App, ticks: Ticks, period: float = 0.001) -> None:
    """Let a ticker run until there was enough of it."""
    ticker = Ticker(app, tick=ticks, period=period, ticked=ticks.ticked)
    ticker.start()
    try:
        assert ticks.enough.wait(WAIT)
    finally:
        ticker.stop()
    assert "ratchet-ticker" not in [thread.name for thread in threading.enumerate()]


def test_it_ticks_at_once_and_again_by_the_clock_of_the_app(app: App) -> None:
    ticks = Ticks(enough=3)
    ran(app, ticks)
    assert set(ticks.at) == {NOON}
    assert ticks.reports[:3] == [{"score_observations": {"scored": 3}}] * 3


def test_it_waits_for_the_period_before_it_ticks_again(app: App) -> None:
    ticks = Ticks(enough=1)
    ran(app, ticks, period=3600.0)
    assert len(ticks.at) == 1


@pytest.mark.parametrize(("second", "left"), [(0, 60.0), (15, 45.0), (59, 1.0)])
def test_ticks_fall_on_whole_periods(second: int, left: float) -> None:
    assert until_next(NOON + timedelta(seconds=second), 60.0) == left


@pytest.mark.parametrize("error", [Unavailable("the store is away"), RuntimeError("a bug")])
def test_a_failing_tick_is_told_and_the_next_one_runs(
    app: App, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    ticks = Ticks(error, error, enough=4)
    ran(app, ticks)
    assert ticks.reports[:2] == [None, None]
    assert ticks.reports[2] == {"score_observations": {"scored": 3}}
    (alert,) = app.store.query(Query("ops_alerts"))
    assert (alert.data["what"], alert.data["subject"]) == ("tick-failed", "ticker")
    assert alert.data["count"] == 2
    assert [r.message for r in caplog.records] == ["a tick failed"] * 2


def test_a_store_that_cannot_even_take_the_alert_does_not_end_it(app: App) -> None:
    app.store.close()
    ticks = Ticks(Unavailable("the store is away"), enough=2)
    ran(app, ticks)
    assert ticks.reports[:2] == [None, {"score_observations": {"scored": 3}}]


def test_a_ticker_that_never_started_can_be_stopped(app: App) -> None:
    ticks = Ticks(enough=1)
    Ticker(app, tick=ticks).stop()
    assert ticks.at == []


def test_a_stop_waits_for_the_tick_that_runs(app: App) -> None:
    inside, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def slow(app: App, *, now: datetime) -> Mapping[str, Report]:
        inside.set()
        assert go_on.wait(WAIT)
        done.set()
        return {}

    ticker = Ticker(app, tick=slow)
    ticker.start()
    assert inside.wait(WAIT)
    stopping = threading.Thread(target=ticker.stop)
    stopping.start()
    assert stopping.is_alive()
    go_on.set()
    stopping.join(WAIT)
    assert done.is_set()
    assert not stopping.is_alive()
