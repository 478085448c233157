"""The model where none is given: each arm's mean in the folds that a unit is not in."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput
from ratchet.rollouts.replay_fit import FOLDS, Chunk, fit
from ratchet.stats.resample import folds_of
from tests.support.replays import explored, units

WEIGHTS = {"a": 0.25, "b": 0.75}


def log_of(arm: list[str], reward: list[float], count: list[float] | None = None) -> Chunk:
    n = len(arm)
    return Chunk(
        units(n),
        np.array(arm),
        np.array(reward),
        np.full(n, 0.5),
        None if count is None else np.array(count),
    )


def test_a_rows_prediction_is_its_arms_mean_over_the_other_folds() -> None:
    rng = np.random.default_rng(1)
    arm = rng.choice(["a", "b"], 60).tolist()
    reward = rng.integers(0, 5, 60).tolist()
    chunk = log_of(arm, [float(r) for r in reward])
    fold = folds_of(chunk.unit, FOLDS).tolist()
    rows = fit([chunk], WEIGHTS).rows(chunk)
    assert rows.fitted is not None
    assert rows.expected is not None
    for i in range(60):
        others = {
            name: [
                r for a, r, f in zip(arm, reward, fold, strict=True) if a == name and f != fold[i]
            ]
            for name in WEIGHTS
        }
        means = {name: sum(seen) / len(seen) for name, seen in others.items()}
        assert rows.fitted[i] == pytest.approx(means[arm[i]])
        assert rows.expected[i] == pytest.approx(0.25 * means["a"] + 0.75 * means["b"])


def test_a_units_own_rewards_never_reach_its_prediction() -> None:
    chunk = explored(500)
    before = fit([chunk], WEIGHTS).rows(chunk)
    chunk.reward[123] = 50.0
    after = fit([chunk], WEIGHTS).rows(chunk)
    assert before.fitted is not None
    assert after.fitted is not None
    own = folds_of(chunk.unit, FOLDS) == folds_of(chunk.unit[[123]], FOLDS)
    assert (after.fitted[own] == before.fitted[own]).all()
    assert (after.fitted != before.fitted).any()


def test_a_row_that_stands_for_three_weighs_as_three_in_the_means() -> None:
    heavy = fit([log_of(["a"] * 20, [1.0] * 10 + [0.0] * 10, [3.0] * 10 + [1.0] * 10)], {"a": 1.0})
    # Without their own fold, all predictions lie about 30 / 40.
    assert heavy.means[:, 0].mean() == pytest.approx(0.75, abs=0.05)


def test_an_arm_that_the_log_lacks_is_given_the_mean_of_all() -> None:
    chunk = log_of(["a"] * 50, [0.5] * 50)
    model = fit([chunk], {"a": 0.9, "z": 0.1})
    assert model.unlogged() == {"z": 0.1}
    assert model.means[:, model.arms["z"]] == pytest.approx(0.5)
    supported = model.rows(chunk).supported
    assert supported is not None
    assert supported == pytest.approx(0.9)


def test_the_target_probability_is_the_arms_weight() -> None:
    rows = fit([log_of(["a", "b", "c"], [0.0] * 3)], WEIGHTS).rows(
        log_of(["c", "a", "b"], [0.0] * 3)
    )
    assert rows.target.tolist() == [0.0, 0.25, 0.75]


def test_a_log_that_changes_while_it_is_read_is_refused() -> None:
    @dataclass
    class Growing:
        readings: int = 0

        def __iter__(self) -> Iterator[Chunk]:
            self.readings += 1
            yield log_of(["a"] * 9 + ["b" if self.readings > 1 else "a"], [0.0] * 10)

    log = Growing()
    model = fit(log, {"a": 1.0})
    with pytest.raises(InvalidInput, match="arm 'b' appeared at the second reading") as told:
        list(map(model.rows, log))
    assert told.value.field == "log"
