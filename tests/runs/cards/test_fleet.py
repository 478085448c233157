"""The fleet's document: what a round trip through the store keeps, and who counts in it."""

import numpy as np

from ratchet.kernel.clock import DAY
from ratchet.runs.cards.card import METRICS
from ratchet.runs.cards.claims import FLEET_DAYS
from ratchet.runs.cards.closed_days import closed_days
from ratchet.runs.cards.daily import Days
from ratchet.runs.cards.fleet import RunFleet, fleet_document
from ratchet.stats.run_sums import RunSums
from tests.support.run_days import NOON, TODAY, moments, runs


def component(mean: float, days: int, runs_a_day: float = 10.0) -> Days:
    """Return a component with runs on the last days alone."""
    n = np.zeros((len(METRICS), FLEET_DAYS))
    n[:, FLEET_DAYS - days :] = runs_a_day
    return Days(n, n * mean, n * mean**2)


def test_a_fleet_counts_who_has_days_enough_and_keeps_its_sums() -> None:
    found = [component(0.2, 28), component(0.4, 7), component(0.9, 6), component(0.9, 28, 4)]
    fleet = fleet_document(found, until=TODAY, now=NOON)
    assert fleet.components == 2
    kept = RunFleet.from_store(fleet.to_map()).days
    assert kept.components[0, [0, 20, 21, 22]].tolist() == [1, 1, 2, 3]
    np.testing.assert_allclose(kept.means[3, [0, 21, 22]], [0.2, 0.6, 1.5])
    assert kept.least[0].tolist() == [10.0] * 28


def test_nobody_is_a_fleet_too() -> None:
    fleet = fleet_document([], until=TODAY, now=NOON)
    assert (fleet.components, fleet.days.n.sum()) == (0, 0)
    assert fleet.days.least.max() == 0


def test_closed_days_end_before_midnight_and_a_reward_is_what_it_lacks() -> None:
    sums = runs(0.2, 0.4, terms={"grounding": [0.5]}, reward=moments([0.9, 0.6], "reward"))
    by_day = {TODAY: runs(0.9), TODAY - DAY: sums, TODAY - 3 * DAY: RunSums(runs=1)}
    found = closed_days(by_day, until=TODAY, days=2)
    assert found.n[:, 1].tolist() == [
        2,
        *[1 if name == "grounding" else 0 for name in METRICS[1:10]],
        2,
    ]
    assert found.n[:, 0].sum() == 0
    np.testing.assert_allclose([found.x[0, 1], found.xx[0, 1]], [0.6, 0.2])
    # 0.1 and 0.4 of the reward are lacking.
    np.testing.assert_allclose([found.x[-1, 1], found.xx[-1, 1]], [0.5, 0.17])
