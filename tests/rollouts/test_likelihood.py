"""Where a likelihood peaks and falls to a level: against the closed form of one step."""

import math

import numpy as np
import pytest

from ratchet.rollouts.likelihood import FAR, Curve, area, cross, peak


def curve(x: list[float], y: list[float], odds: list[float]) -> Curve:
    """Return the curve of some events in steps."""
    return Curve(np.array(x), np.array(y), np.array(odds))


def test_one_step_peaks_at_its_own_odds() -> None:
    assert float(peak(curve([30], [90], [0.5]))) == pytest.approx(math.log(30 / 90) - 0.5)


def test_steps_with_unlike_odds_peak_where_the_expected_events_are_those_seen() -> None:
    uneven = curve([3, 400], [900, 5], [-4.0, 3.0])
    at = float(peak(uneven))
    expected = sum(n / (1 + math.exp(-(at + o))) for n, o in ((903, -4.0), (405, 3.0)))
    assert expected == pytest.approx(403)


@pytest.mark.parametrize(("x", "y", "end"), [(0.0, 9.0, -FAR), (9.0, 0.0, FAR), (0.0, 0.0, -FAR)])
def test_where_one_kind_of_event_is_all_the_peak_is_at_an_end(
    x: float, y: float, end: float
) -> None:
    assert float(peak(curve([x], [y], [0.0]))) == end


def test_a_level_is_crossed_on_either_side_of_the_peak_or_never() -> None:
    tried = curve([12], [40], [0.0])
    level = tried.at(peak(tried)) - 5
    low, high = (cross(tried, level, end, end * np.inf) for end in (-FAR, FAR))
    assert low < peak(tried) < high
    for end in (low, high):
        assert float(tried.at(end)) == pytest.approx(float(level))
    never = curve([0], [40], [0.0])
    assert float(cross(never, np.array(-5.0), -FAR, -np.inf)) == -np.inf
    # 40 ln(1 + exp(t)) = 5 there.
    assert float(cross(never, np.array(-5.0), FAR, np.inf)) == pytest.approx(
        math.log(math.exp(5 / 40) - 1)
    )


def test_an_area_is_that_of_its_trapezoids() -> None:
    assert float(area(np.array([0.0, 2.0, 1.0]), np.array([0.0, 1.0, 4.0]))) == 5.5
