"""Two versions' runs: day by day where both ran, and all of each where they did not."""

from datetime import timedelta

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]  # it ships no types

from ratchet.runs.beside import Beside, Losses, beside
from tests.support.run_days import TODAY, moments


def days(*losses: list[float], first: int = 0) -> Losses:
    """Return the losses of each day, from one on."""
    return {TODAY + timedelta(days=first + i): moments(day) for i, day in enumerate(losses)}


def compared(losses: Losses, reference: Losses) -> Beside:
    found = beside(losses, reference)
    assert found is not None
    return found


def test_on_the_same_days_the_differences_by_day_are_what_counts() -> None:
    new, old = [0.22, 0.30, 0.20, 0.28], [0.30, 0.42, 0.36, 0.40]
    found = compared(days(*([x] * 2 for x in new)), days(*([x] * 2 for x in old)))
    assert (found.mean, found.reference, found.same_days) == pytest.approx((0.25, 0.37, 4))
    assert found.interval is not None
    peer = stats.ttest_rel(new, old).confidence_interval(0.95)
    assert found.interval.to_map() == pytest.approx({"low": peer.low, "high": peer.high}, rel=0.01)


def test_traffic_that_moves_while_all_gets_better_is_no_gain_of_the_version() -> None:
    """Of 0.6, 0.4 and 0.2 the new version has the last days: its own mean would be 0.2 less."""
    old = days([0.5, 0.7] * 4, [0.3, 0.5] * 2, [0.1, 0.3])
    new = days([0.5, 0.7], [0.3, 0.5] * 2, [0.1, 0.3] * 4)
    found = compared(new, old)
    assert found.difference == pytest.approx(0)
    # Days weigh 1.6, 2 and 1.6 runs: (1.6 x 0.6 + 2 x 0.4 + 1.6 x 0.2) / 5.2
    assert (found.mean, found.runs, found.reference_runs) == pytest.approx((0.4, 14, 14))


def test_a_bad_spell_before_the_version_does_not_speak_for_it() -> None:
    spell = days(*[[0.8, 0.9]] * 10, *[[0.2, 0.3]] * 4)
    found = compared(days(*[[0.2, 0.3]] * 4, first=10), spell)
    assert (found.difference, found.same_days) == (0, 4)
    later = compared(days(*[[0.2, 0.3]] * 4, first=14), spell)
    assert (round(later.difference, 4), later.same_days) == (-0.4286, 0)
    twice = compared(days(*[[0.2, 0.3]] * 4, first=12), spell)
    assert (round(twice.difference, 4), twice.same_days) == (-0.4286, 2)  # too few to go by


def test_where_days_are_alike_the_scatter_of_runs_within_them_counts() -> None:
    found = compared(days(*[[0.1, 0.3]] * 3), days(*[[0.2, 0.6]] * 3))
    # Variances 0.02 and 0.08 of a run, 6 runs each: error sqrt(0.1 / 6), 4.41 degrees by Welch.
    assert found.interval is not None
    reach = 0.1291 * stats.t.ppf(0.975, 4.4118)
    assert found.interval.to_map() == pytest.approx(
        {"low": -0.2 - reach, "high": -0.2 + reach}, rel=0.01
    )


def test_one_run_a_day_and_nothing_that_varies_has_no_interval() -> None:
    found = compared(days([0.2], [0.3], [0.4]), days([0.3], [0.4], [0.5]))
    assert found.difference == pytest.approx(-0.1)
    assert found.interval is None
    assert beside(days([0.2]), {TODAY: moments([])}) is None


def test_the_interval_holds_where_traffic_and_days_move() -> None:
    rng, held = np.random.default_rng(8), 0
    for _ in range(200):
        common = rng.normal(0.4, 0.1, 10) - np.linspace(0, 0.2, 10)
        share = np.linspace(0.1, 0.9, 10)
        new, old = (
            days(*(list(rng.normal(m, 0.1, int(30 * s))) for m, s in zip(common, of, strict=True)))
            for of in (share, 1 - share)
        )
        found = compared(new, old).interval
        held += found is not None and found.holds(0)
    assert held >= 181  # of 95 % in 200, three standard errors
