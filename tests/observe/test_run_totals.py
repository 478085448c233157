"""Totals of a run add up, take back exactly, and stay small whatever a run is made of."""

from datetime import timedelta

import numpy as np
import pytest

from ratchet.observe.run_totals import RunObserved, RunTotals, totals_ref
from ratchet.stats.moments import Moments
from ratchet.stats.quantiles import histogram_of
from ratchet.store.limits import check_document
from tests.support.observing import NOON

DAY = timedelta(days=1)
NONE = RunObserved()
# Five hundred runs of one batch are one commit of 10 MiB, with room for its rewards.
LIMIT = 20 * 1024


def totals(**fields: object) -> RunTotals:
    known = {"run_id": "run-1", "shard": 0, "changed_at": NOON, "expire_at": NOON + DAY}
    return RunTotals.model_validate(known | fields)


def scored(reward: int, n: int = 1) -> Moments:
    """Return the moments of `n` equal rewards, in millionths."""
    return Moments(
        n=n, w=n, wx=n * reward, wxx=n * reward**2, w2=n, w2x=n * reward, w2xx=n * reward**2
    )


def served(arm: str, reward: int = 500_000, n: int = 1) -> RunObserved:
    return RunObserved(
        n=n,
        outcomes={"success": n},
        reward=scored(reward, n),
        by_arm={arm: scored(reward, n)},
        latency=scored(20_000, n),
        latency_bins=histogram_of(np.full(n, 20.0), np.ones(n, np.int64)),
    )


def test_what_is_added_and_taken_back_leaves_nothing() -> None:
    both = served("a") + served("b", 250_000, 2)
    assert (both.n, both.outcomes, both.reward.wx) == (3, {"success": 3}, 1_000_000)
    assert both - served("b", 250_000, 2) == served("a")
    assert both - both == NONE


def test_a_correction_changes_the_reward_and_never_goes_back_in_time() -> None:
    first = totals().added(served("a", 800_000), NOON + DAY, NOON + 9 * DAY)
    again = first.corrected(served("a", 300_000), served("a", 800_000), NOON, NOON + 2 * DAY)
    assert again.sums == served("a", 300_000)
    assert (again.changed_at, again.expire_at) == (NOON + DAY, NOON + 9 * DAY)


def test_the_busiest_arms_are_named_and_the_rest_is_other() -> None:
    found = totals()
    for i in range(30):
        found = found.added(served(f"m{i:02d}", n=40 - i), NOON, NOON)
    arms = found.sums.by_arm
    assert len(arms) == 20
    # The first nineteen are named: 40, 39, ..., 22; the last eleven had 21, 20, ..., 11.
    assert [arms[f"m{i:02d}"].n for i in (0, 18)] == [40, 22]
    assert arms["other"].n == 176
    assert sum(moments.n for moments in arms.values()) == found.sums.n == 765


def test_a_correction_of_an_arm_that_is_among_the_others_stays_there() -> None:
    found = totals()
    for i in range(30):
        found = found.added(served(f"m{i:02d}", n=40 - i), NOON, NOON)
    before = found.sums.by_arm["other"]
    found = found.corrected(served("m29", 100_000), served("m29", 500_000), NOON, NOON)
    after = found.sums.by_arm
    assert "m29" not in after
    assert (after["other"].n, after["other"].wx) == (before.n, before.wx - 400_000)


def test_error_codes_are_capped_as_arms_are() -> None:
    sums = RunObserved(n=1, errors={f"e{i:02d}": 30 - i for i in range(25)})
    errors = totals().added(sums, NOON, NOON).sums.errors
    assert len(errors) == 20
    assert errors["other"] == 11 + 10 + 9 + 8 + 7 + 6  # the last six


@pytest.mark.parametrize("name", ["run/1", "run~1", "1..2"])
def test_a_runs_name_makes_an_id_whatever_is_in_it(name: str) -> None:
    check_document("ops_run_totals", totals_ref(name).id, {})


def test_totals_are_small_whatever_a_run_is_made_of() -> None:
    rng = np.random.default_rng(4)
    wide = Moments(n=2**40, w=2**50, wx=2**62, wxx=10**40, w2=10**19, w2x=10**30, w2xx=10**45)
    latency = np.rint(np.exp(rng.uniform(np.log(0.001), np.log(6.048e8), 5000)) * 1e3) / 1e3
    full = totals(
        run_id="r" * 120,
        sums=RunObserved(
            errors={f"{i:03d}".ljust(64, "é"): 5 for i in range(20)},
            by_arm={f"{i:03d}".ljust(120, "a"): wide for i in range(20)},
            cost=wide,
            latency=wide,
            reward=wide,
            latency_bins=histogram_of(latency, rng.integers(1, 1000, latency.size)),
        ),
    )
    assert check_document(full.collection, full.key(), full.to_map()) <= LIMIT
    assert RunTotals.from_store(full.to_map()) == full
