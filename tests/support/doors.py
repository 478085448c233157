"""Fixtures of tests that go through the functions: an app behind them, and fresh rates."""

import importlib
from collections.abc import Iterator

import pytest

from ratchet.entry.rates import Rates
from ratchet.entry.wiring import serving, wire
from ratchet.kernel.clock import ManualClock
from ratchet.store.port import Store
from tests.support.functions import Functions
from tests.support.governed import KEYS, NOON, SECOND, draft, lineage_of, switch_flags, weights


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands a minute after the last version came to be active."""
    return ManualClock(NOON + 60 * SECOND)


@pytest.fixture
def functions(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Functions]:
    """The functions on each store in turn."""
    door = importlib.import_module("ratchet.entry.http.door")  # the package has a name like it
    monkeypatch.setattr(door, "RATES", Rates())
    with serving(wire(store, KEYS, clock)):
        yield Functions()


@pytest.fixture
def governed(store: Store) -> Store:
    """A store with two archived versions, 1.0.2 active, and the draft 1.0.3."""
    switch_flags(store)
    lineage_of(store, 3)
    draft(store, weights(0.5))
    return store


__all__ = ["clock", "functions", "governed"]
