"""What a plan needs, and that what it plans for is then seen."""

import numpy as np
import pytest

from ratchet.kernel.errors import InvalidInput, Refused
from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.pair import Pair, Question
from ratchet.rollouts.plan import Planned, Seen, Traffic, plan, spread_of
from ratchet.stats.bins import BINS
from tests.support.weighing import around, pair

TENTH = Traffic(units_per_hour=200, share=0.1, control=0.9)
RUNS = 400


def test_the_units_are_those_computed_by_hand() -> None:
    # reach(0.05, 1) is sqrt((1 + 1/7.94) 2 (ln(8.94)/2 - ln 0.05)) = 3.03 (boundary's doctest), and
    # 90 % power is 1.2816 more: an SD of 0.3 wants (0.3 x 4.312 / 0.05)^2 (1/0.1 + 1/0.9) units.
    planned = plan(0.05, Seen(spread=0.3), TENTH)
    whole = (0.3 * (3.03 + 1.2816) / 0.05) ** 2 * (10 + 1 / 0.9)
    assert planned.units == pytest.approx(0.1 * whole, rel=0.01)
    assert planned.hours == pytest.approx(whole / 200, rel=0.01)
    assert planned.planned_error == pytest.approx(0.05 / 4.3116, rel=0.01)


def test_half_the_effect_takes_four_times_the_units_and_the_window_comes_on_top() -> None:
    one, half = (plan(e, Seen(spread=0.3), TENTH, window_hours=6) for e in (0.05, 0.025))
    assert half.units == pytest.approx(4 * one.units, rel=0.01)
    assert half.hours - 6 == pytest.approx(4 * (one.hours - 6), rel=0.01)


def test_even_an_obvious_effect_waits_for_the_units_that_a_bound_needs() -> None:
    planned = plan(10.0, Seen(spread=0.1), TENTH)
    # Of a normal metric the variance rests on a third of its units: 4 times the 15 bins is safe.
    assert planned.units == 60


def test_a_plan_past_its_deadline_is_refused_with_what_it_would_take() -> None:
    needed = plan(0.05, Seen(spread=0.3), TENTH)
    with pytest.raises(Refused) as caught:
        plan(0.05, Seen(spread=0.3), TENTH, deadline_hours=needed.hours - 1)
    assert f"{needed.hours:,.0f} hours" in caught.value.message
    assert f"{needed.units:,} units" in caught.value.message
    assert caught.value.mend
    assert plan(0.05, Seen(spread=0.3), TENTH, deadline_hours=needed.hours) == needed


@pytest.mark.parametrize("wrong", [0.0, float("nan"), float("inf")])
def test_no_effect_is_no_plan(wrong: float) -> None:
    with pytest.raises(InvalidInput):
        plan(wrong, Seen(spread=0.3), TENTH)


def test_a_metric_of_which_nothing_was_seen_has_no_plan() -> None:
    with pytest.raises(InvalidInput):
        plan(0.1, Seen(), TENTH)


def test_shares_of_more_than_all_traffic_are_refused() -> None:
    with pytest.raises(InvalidInput):
        Traffic.parse({"unitsPerHour": 10, "share": 0.6, "control": 0.6})


def test_the_spread_between_units_is_read_back_from_a_pair() -> None:
    seen = spread_of(pair(around(0.5, 0.2, 20_000, 1), around(0.5, 0.2, 20_000, 2)))
    assert seen == pytest.approx(0.2, rel=0.15)  # of 256 bins: 4.4 % one sigma
    nothing = np.zeros((1, 2, BINS))
    assert spread_of(Pair(nothing, nothing, np.array([0.5]), np.zeros(2))) is None


def seen_at_its_end(planned: Planned, sums: tuple[np.ndarray, np.ndarray], kind: str) -> float:
    """Return the share of runs whose bound excludes no difference at the planned end."""
    num, den = sums
    question = Question(planned_error=planned.planned_error, planned_events=planned.planned_events)
    found = EVIDENCE[kind](Pair(num, den, np.array([0.1]), den.sum((-3, -1))), question)
    return float(((found.low > 0) | (found.high < 0)).mean())


def runs(planned: Planned, seed: int) -> tuple[np.random.Generator, np.ndarray]:
    """Return how many units fall in each bin of each arm: a tenth of them on the challenger."""
    rng = np.random.default_rng(seed)
    means = np.array([9 * planned.units, planned.units]) / BINS
    return rng, rng.poisson(means[:, None], (RUNS, 1, 2, BINS)).astype(float)


def test_the_planned_units_of_a_mean_have_the_planned_power() -> None:
    planned = plan(0.05, Seen(spread=0.3), TENTH, power=0.9)
    rng, den = runs(planned, 11)
    lost = np.array([0.0, -0.05])[:, None]
    num = den * (0.6 + lost) + rng.normal(0, 0.3, den.shape) * np.sqrt(den)
    assert 0.84 < seen_at_its_end(planned, (num, den), "asymptotic") < 0.96


def test_the_planned_units_of_a_rate_have_at_least_the_planned_power() -> None:
    planned = plan(0.03, Seen(rate=0.05), TENTH, power=0.9)
    rng, den = runs(planned, 12)
    num = rng.binomial(den.astype(int), np.array([0.05, 0.08])[:, None]).astype(float)
    assert seen_at_its_end(planned, (num, den), "mixture") > 0.84
