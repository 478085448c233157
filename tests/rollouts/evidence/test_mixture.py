import numpy as np
import pytest

from ratchet.rollouts.evidence.mixture import compare
from ratchet.rollouts.pair import Pair, Question
from ratchet.stats.moments import Floats

BOTH = Question(planned_events=100)


def trial(
    control: tuple[int, int], challenger: tuple[int, int], share: float, units: float | None = None
) -> Pair:
    """Return (events, trials) of two arms, one event a unit, spread evenly over the bins."""
    num, den = np.zeros((1, 2, 256)), np.zeros((1, 2, 256))
    for arm, (hits, n) in enumerate((control, challenger)):
        den[0, arm] = np.bincount(np.arange(n) % 256, minlength=256)
        spread = np.arange(hits) * 97 + 31 * arm  # 97 is coprime to 256: each bin in its turn
        num[0, arm] = np.bincount(spread % min(n, 256), minlength=256)
    met: Floats = np.array([control[1], challenger[1]], np.float64)
    return Pair(num, den, np.array([share]), met if units is None else np.full(2, units))


def test_perfect_arms_become_non_inferior_though_nothing_ever_happened() -> None:
    found = compare(trial((0, 900), (0, 900), 0.5), BOTH)
    assert found.trusted
    assert -0.02 < found.low <= 0 <= found.high < 0.02


def test_a_rare_failure_made_eight_times_as_common_is_seen_at_small_counts() -> None:
    found = compare(trial((18, 1800), (16, 200), 0.1), BOTH)
    assert float(found.estimate) == pytest.approx(0.07)
    assert found.low > 0


def test_equal_rates_are_not_told_apart() -> None:
    found = compare(trial((90, 9000), (10, 1000), 0.1), BOTH)
    assert found.low < 0 < found.high


def test_successes_say_what_failures_say_the_other_way_round() -> None:
    failed = trial((18, 1800), (16, 200), 0.1)
    question = Question(low_error=0.01, high_error=0.04, planned_events=100)
    turned = Question(low_error=0.04, high_error=0.01, planned_events=100)
    bad = compare(failed, question)
    good = compare(Pair(failed.den - failed.num, failed.den, failed.share, failed.units), turned)
    assert float(good.estimate) == pytest.approx(-float(bad.estimate))
    assert float(good.low) == pytest.approx(-float(bad.high))
    assert float(good.high) == pytest.approx(-float(bad.low))


def test_a_burst_of_one_unit_does_not_decide() -> None:
    calm = trial((18, 1800), (2, 200), 0.1)
    num = calm.num.copy()
    num[0, 1, 7] += 14  # the same events as a harmful challenger has, of a single unit
    burst = compare(Pair(num, calm.den, calm.share, calm.units), BOTH)
    assert burst.low < 0


def test_a_base_rate_that_moves_with_the_ramp_is_no_difference() -> None:
    # 1 % while the challenger has a tenth, 10 % while it has a half: pooled, 1.8 % against 5.5 %.
    calm, rough = trial((90, 9000), (10, 1000), 0.1), trial((100, 1000), (100, 1000), 0.5)
    ramp = Pair(
        np.concatenate([calm.num, rough.num]),
        np.concatenate([calm.den, rough.den]),
        np.array([0.1, 0.5]),
        np.array([10_000.0, 2000.0]),
    )
    found = compare(ramp, BOTH)
    assert found.low < 0 < found.high
    assert abs(float(found.estimate)) < 1e-9


def test_too_few_units_are_not_trusted() -> None:
    found = compare(trial((30, 1000), (100, 1000), 0.5, units=20.0), BOTH)
    assert not found.trusted
    assert (float(found.low), float(found.high)) == (-np.inf, np.inf)
