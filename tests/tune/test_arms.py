"""How good each arm is: blocked by hour, shrunk where little was seen, cut at a change."""

import numpy as np
import pytest

from ratchet.stats.moments import Floats
from ratchet.tune.arms import ARM_SD, HOUR_SD, LEVEL, LEVEL_SD, Cells, arm_effects


def cells(n: object, mean: object, sd: float = 0.3) -> Cells:
    counts = np.array(n, dtype=np.float64)
    return Cells(counts, np.array(mean, dtype=np.float64), np.full(counts.shape, sd**2))


def drawn(rng: np.random.Generator, n: Floats, mean: Floats, sd: float = 0.3) -> Cells:
    return cells(n, mean + rng.normal(size=n.shape) * sd / np.sqrt(n), sd)


def test_effects_are_those_of_a_regression_on_level_hour_and_arm() -> None:
    rng = np.random.default_rng(1)
    n = rng.integers(1, 200, (6, 3)).astype(np.float64)
    seen = drawn(rng, n, np.array([0.5, 0.6, 0.7]) + rng.normal(size=(6, 1)) * 0.1)
    rows, targets = [], []
    for (h, k), count in np.ndenumerate(n):
        row = np.zeros(10)
        row[[0, 1 + h, 7 + k]] = 1
        # One row that weighs as the mean of its draws does; the noise is held up by the prior's.
        noise = (n.sum() * 0.09 + 10 * 0.29**2) / (n.sum() + 10)
        rows.append(row * np.sqrt(count / noise))
        targets.append(seen.mean[h, k] * np.sqrt(count / noise))
    for i, sd in enumerate([LEVEL_SD] + [HOUR_SD] * 6 + [ARM_SD] * 3):
        rows.append(np.eye(10)[i] / sd)
        targets.append(LEVEL / sd if i == 0 else 0.0)
    design = np.array(rows)
    solved = np.linalg.lstsq(design, np.array(targets), rcond=None)[0]
    covariance = np.linalg.inv(design.T @ design)
    found = arm_effects(seen)
    assert found.hours == 6
    np.testing.assert_allclose(found.mean, solved[7:], atol=1e-9)
    np.testing.assert_allclose(found.covariance, covariance[7:, 7:], atol=1e-9)


def test_a_drifting_base_with_changing_weights_does_not_fake_merit() -> None:
    """Simpson's paradox: a is better in every hour, and worse over the day."""
    n = [[90, 10]] * 6 + [[10, 90]] * 6
    mean = [[0.35, 0.30]] * 6 + [[0.85, 0.80]] * 6
    seen = cells(np.array(n) * 20, mean)
    pooled = (seen.n * seen.mean).sum(0) / seen.n.sum(0)
    assert pooled[0] < pooled[1] - 0.2
    gap, sd = arm_effects(seen).contrast(np.array([1.0, -1.0]))
    assert gap == pytest.approx(0.05, abs=0.01)
    assert gap > 2 * sd


def test_an_arm_that_was_never_tried_has_no_merit_and_a_wide_posterior() -> None:
    found = arm_effects(cells([[500, 500, 0]] * 4, [[0.7, 0.5, 0.0]] * 4))
    assert abs(found.mean[2]) < 0.01
    sds = np.sqrt(np.diag(found.covariance))
    assert sds[2] == pytest.approx(ARM_SD, rel=0.05)
    tried, _ = found.contrast(np.array([1.0, -1.0, 0.0]))
    assert tried == pytest.approx(0.2, abs=0.01)


def test_more_draws_leave_less_doubt() -> None:
    doubts = [
        arm_effects(cells([[n, n]] * 3, [[0.6, 0.5]] * 3)).contrast(np.array([1.0, -1.0]))[1]
        for n in (10, 100, 1000)
    ]
    assert doubts[0] > 2 * doubts[1] > 4 * doubts[2]


@pytest.mark.parametrize("hour", [2, 12, 22])
def test_a_change_of_one_arm_is_cut_out(hour: int) -> None:
    mean = np.full((24, 3), 0.6)
    mean[hour:, 0] = 0.3
    found = arm_effects(cells(np.full((24, 3), 300), mean))
    assert found.hours == 24 - hour
    gap, _ = found.contrast(np.array([1.0, -0.5, -0.5]))
    assert gap == pytest.approx(-0.3, abs=0.03)


def test_the_last_of_two_changes_counts() -> None:
    mean = np.full((24, 3), 0.6)
    mean[6:, 0] = 0.2
    mean[18:, 1] = 0.1
    assert arm_effects(cells(np.full((24, 3), 300), mean)).hours == 6


def test_a_base_that_moves_for_every_arm_is_no_change() -> None:
    level = 0.6 + 0.2 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    mean = level[:, None] + np.array([0.0, 0.05, 0.0])
    found = arm_effects(cells(np.full((24, 3), 300), mean))
    assert found.hours == 24
    assert found.contrast(np.array([-0.5, 1.0, -0.5]))[0] == pytest.approx(0.05, abs=0.005)


def test_noise_alone_is_seldom_taken_for_a_change() -> None:
    rng = np.random.default_rng(7)
    cut = sum(
        arm_effects(drawn(rng, np.full((24, 8), 50.0), np.full((24, 8), 0.6))).hours < 24
        for _ in range(200)
    )
    assert cut <= 4


def test_what_nobody_saw_leaves_the_priors() -> None:
    found = arm_effects(cells(np.zeros((0, 2)), np.zeros((0, 2))))
    np.testing.assert_allclose(found.mean, 0)
    np.testing.assert_allclose(found.covariance, np.eye(2) * ARM_SD**2)
