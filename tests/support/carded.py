"""Components whose runs were counted for weeks, and their cards."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

import numpy as np

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import DAY
from ratchet.runs.cards.card import Card, card_ref
from ratchet.runs.cards.compare_fleet import FleetReport, compare_fleet
from ratchet.runs.cards.refresh_cards import CardsReport, refresh_cards
from ratchet.stats.run_sums import RunSums
from ratchet.store.port import Store
from tests.support.run_days import NOON, moments, put_bucket

MINUTE = timedelta(minutes=1)
WEEKS = 42


def refreshed(store: Store, now: datetime = NOON) -> CardsReport:
    """Refresh the cards, as the schedule does every minute."""
    return refresh_cards(store, ConfigReader(store, lambda: now), now=now)


def compared(store: Store, now: datetime = NOON) -> FleetReport:
    """Compare the fleet, as the schedule does every day."""
    return compare_fleet(store, ConfigReader(store, lambda: now), now=now)


def card_of(store: Store, component: str = "planner") -> Card:
    """Return a component's card."""
    found = store.get(card_ref(component))
    assert found is not None
    return Card.from_store(found.data)


@cache
def day_of_runs(level: float, terms: tuple[tuple[str, float], ...] = ()) -> RunSums:
    """Return sixty runs whose loss and terms lie 0.1 about their levels."""
    about = np.tile([-0.1, 0.1], 30)
    by_term = {name: moments((about + mean).tolist()) for name, mean in terms}
    return RunSums(runs=60, loss=moments((about + level).tolist()), terms=by_term)


def put_weeks(
    store: Store,
    component: str,
    level: float,
    terms: Mapping[str, float] | None = None,
    *,
    days: int = WEEKS,
    since: int = 1,
    version: str = "p@1.0.0",
    now: datetime = NOON,
) -> None:
    """Store what a component's runs came to on closed days, moving a little from day to day."""
    for back in range(since, since + days):
        told = tuple((name, mean) for name, mean in (terms or {}).items())
        sums = day_of_runs(round(level + 0.002 * (back % 3), 3), told)
        put_bucket(store, sums, back=back, version=version, component=component, now=now)


def at_noon(days_on: int) -> datetime:
    """Return noon some days on."""
    return NOON + days_on * DAY
