"""A day of looks at a noisy store: exactly what is wrong opens, and closes when it is well."""

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import DAY, HOUR, ManualClock
from ratchet.rollouts.override import override_rollout
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import ADA, KEYS, POLICY, draft, lineage_of, switch_flags, weights
from tests.support.trials import begin
from tests.support.watching import FIVE, NOON, carded, look, rewarded, standing, waiting

pytestmark = pytest.mark.slow

MIDNIGHT = NOON - 12 * HOUR
LAG, SICK = "scoring-lag score_observations", "sick"
# What is told, and when. Figures of hours are looked at each hour, twice before a word is said.
# What lies on a threshold is told once, when it was under it twice in a row, and stays.
EXPECTED = [
    ("00:00", "+ loss-degrading planner"),
    ("02:00", "+ below-min-acceptable edge"),
    ("07:00", "+ below-min-acceptable sick"),
    ("07:00", "+ below-retrain sick"),
    ("08:00", f"+ version-proposed {POLICY}@1.0.1"),
    ("10:10", f"+ {LAG}"),
    ("11:05", f"- {LAG}"),
    ("13:00", f"+ rollout-rolled-back {POLICY}-r4"),
    ("16:00", "- below-retrain sick"),
    ("19:00", "- below-min-acceptable sick"),
]


class Day:
    """A world with noise on every figure, and an incident of each kind."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rng = np.random.default_rng(20)
        self.tried: Rollout | None = None
        self.spikes = 0
        self.at_the_edge: list[bool] = []

    def pass_until(self, now: datetime) -> None:
        """Let the world be as it is at an instant."""
        passed = now - MIDNIGHT
        self._wait(passed, now)
        if passed % HOUR == timedelta(0):
            self._reward(passed / HOUR, now)
        if passed == 8 * HOUR:
            new = draft(self.store, weights(0.5), now=now)
            self.tried = begin(self.store, arms={"new": new.key()}, now=now)
        if passed == 13 * HOUR:
            self._roll_back(now)
        if passed == 14 * HOUR:
            switch_flags(self.store, enabled=False)

    def _wait(self, passed: timedelta, now: datetime) -> None:
        """Observations wait a minute or so, now and then longer; for an hour, nothing is scored."""
        age = timedelta(seconds=min(900.0, self.rng.exponential(90)))
        self.spikes += age > FIVE
        if 10 * HOUR <= passed < 11 * HOUR:
            age = passed - 10 * HOUR + FIVE
        if 11 * HOUR <= passed < 12 * HOUR:  # all was scored at once
            age = timedelta(0)
        waiting(self.store, age, now)

    def _reward(self, hour: float, now: datetime) -> None:
        """One component is well, one is at the very threshold, one falls sick and is well again."""
        noise = self.rng.normal(0, 0.006, 3)
        sick = 0.7 if hour < 6 else 0.3 if hour < 15 else 0.5 if hour < 18 else 0.65
        self.at_the_edge.append(bool(noise[1] < 0))
        rewarded(self.store, "well", 0.6 + noise[0], now=now)
        rewarded(self.store, "edge", 0.55 + noise[1], now=now)
        rewarded(self.store, SICK, sick + noise[2], now=now)

    def _roll_back(self, now: datetime) -> None:
        assert self.tried is not None
        reader = ConfigReader(self.store, ManualClock(now))
        override_rollout(
            self.store, KEYS, reader, ADA, self.tried.id, "ROLL_BACK", reason="rude", now=now
        )


def test_a_day_of_noise_tells_exactly_what_is_wrong_and_when(embedded: SqliteStore) -> None:
    lineage_of(embedded, 1)
    carded(embedded, MIDNIGHT, low=0.01)
    carded(embedded, MIDNIGHT, low=None, component="router")
    day, told, before = Day(embedded), list[tuple[str, str]](), set[str]()
    now = MIDNIGHT
    while now < MIDNIGHT + DAY:
        day.pass_until(now)
        look(embedded, now)
        after = {f"{what} {subject}" for what, subject in standing(embedded)}
        told += [(f"{now:%H:%M}", f"+ {one}") for one in sorted(after - before)]
        told += [(f"{now:%H:%M}", f"- {one}") for one in sorted(before - after)]
        before, now = after, now + FIVE
    assert told == EXPECTED
    # A bare threshold would have told each of these.
    assert day.spikes > 5
    assert sum(a and not b for a, b in pairwise(day.at_the_edge)) > 5
