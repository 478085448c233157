"""What the tests of rolling up share."""

from datetime import timedelta
from typing import Any

from ratchet.store.port import Store
from tests.support.observing import Worker, observation, stats_doc

WINDOWS = ("1h", "24h", "7d", "30d")


def sent(at: Worker, *ages: timedelta, **fields: Any) -> None:
    """Record observations of these ages, and score them."""
    for age in ages:
        at.record(observation(at.clock() - age, **fields))
    at.scored_later()


def counts(store: Store, version: str = "all", component: str = "router") -> list[int]:
    """Return n in each of the four windows."""
    return [stats_doc(store, window, version, component).n for window in WINDOWS]


def rolled(at: Worker) -> None:
    at.roll()
    at.roll_long()
