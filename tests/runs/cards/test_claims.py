"""What may be claimed: by hand, for what is rare, by looks, and of whom in a fleet."""

import numpy as np
import pytest

from ratchet.runs.cards.card import METRICS
from ratchet.runs.cards.claims import (
    PAST_DAYS,
    Compared,
    Judged,
    Limits,
    against_fleet,
    against_past,
    against_value,
    judged,
    tail_of,
)
from ratchet.runs.cards.daily import Days, fleet_of
from ratchet.stats.moments import Floats
from ratchet.stats.run_sums import LOSS

TAIL = 1e-6
LEAST = 0.01


def either(rate: Floats, runs: float = 100.0) -> Days:
    """Return days of what happens or does not."""
    n = np.full(rate.shape, runs)
    return Days(n, n * rate, n * rate)


def alike(mean: Floats, runs: float = 100.0) -> Days:
    """Return days whose runs are all alike."""
    n = np.full(mean.shape, runs)
    return Days(n, n * mean, n * mean**2)


def test_days_that_differ_are_bounded_by_students_t() -> None:
    found = against_value(alike(np.array([0.4, 0.5] * 7)), np.array(0.3), TAIL)
    # Error of the day means sqrt(14 * 0.0025 / 13 / 14); t of 13 degrees at 1e-6 is 8.0818.
    assert found.reach == pytest.approx(0.013868 * 8.0818, rel=1e-4)
    assert found.worse == pytest.approx(0.15)
    assert (float(found.runs), float(found.days)) == (1400, 14)
    assert found.weak(LEAST)
    assert not found.weak(0.16)
    assert not found.strong(LEAST)


def test_days_that_are_alike_are_bounded_by_the_scatter_of_runs() -> None:
    found = against_value(either(np.full(14, 0.4)), np.array(0.3), TAIL)
    # sqrt(2 * 0.24 * 1400/1399 / 1400 * ln 2e6) + 7/3 * ln 2e6 / 1400
    assert found.reach == pytest.approx(0.070555 + 0.024181, rel=1e-4)


def test_nothing_seen_of_what_is_rare_is_no_strength() -> None:
    """Without scatter of its own, and with next to none of the fleet, t alone would be sure."""
    rates = np.full((20, 28), 0.02)
    rates[0] = 0.0
    days = either(rates, runs=10)
    found = against_fleet(days, fleet_of(days), tail_of(20))
    assert found.worse[0] == pytest.approx(-0.02)
    assert found.reach[0] > 0.02
    many = either(rates, runs=500)
    assert against_fleet(many, fleet_of(many), tail_of(20)).strong(LEAST)[0]


def test_what_a_day_does_to_all_of_the_fleet_is_no_difference() -> None:
    common = np.random.default_rng(1).normal(0.3, 0.1, 28)
    days = alike(np.stack([common + 0.05, common, common, common]))
    found = against_fleet(days, fleet_of(days), tail_of(4))
    assert found.weak(LEAST).tolist() == [True, False, False, False]
    assert against_past(days.last(14), days.last(14, skipped=14), TAIL).reach.min() > 0.1


def test_bad_days_that_only_the_others_had_keep_its_luck_from_being_a_strength() -> None:
    means = np.full((20, 28), 0.3)
    for other in range(1, 20):  # two bad days of each, on days of its own
        means[other, [other, (other + 9) % 28]] = 0.6
    days = alike(means, runs=1000)
    found = against_fleet(days, fleet_of(days), tail_of(20))
    assert found.worse[0] == pytest.approx(-0.3 * 2 / 28)
    # Days of the others, less what is of all and what is of one: a variance of 0.0064717 with
    # 18 x 27 degrees. The mean of 19 adds a 19th; t of 27 degrees at 1.83e-6 is 5.792.
    assert found.reach[0] == pytest.approx((0.0064717 * 20 / 19 / 28) ** 0.5 * 5.792, rel=0.005)
    # The error of the differences alone, 0.0131 of a day, would be far under its luck.
    assert not found.strong(LEAST).any()
    steady = alike(np.where(np.arange(20)[:, None] > 0, 0.3, 0.25) * np.ones(28), runs=1000)
    assert against_fleet(steady, fleet_of(steady), tail_of(20)).strong(LEAST)[0]


def test_few_runs_of_the_others_are_no_bad_days_of_one_with_many() -> None:
    draws = np.random.default_rng(3).normal(0, 0.15 / 10**0.5, (20, 28))
    runs = np.where(np.arange(20)[:, None] > 0, 10.0, 1000.0) * np.ones((20, 28))
    means = np.where(runs > 10, 0.25, 0.3 + draws)
    days = Days(runs, runs * means, runs * means**2 + (runs - 1) * 0.15**2)
    found = against_fleet(days, fleet_of(days), tail_of(20))
    # Taken for bad days, a scatter of 0.047 would come to 0.053 by itself.
    assert found.reach[0] < 0.03
    assert found.strong(LEAST)[0]


def test_a_strength_of_one_alone_is_bounded_by_the_scatter_of_the_days_before_too() -> None:
    last, before = np.full(14, 0.2), np.array([0.2] * 26 + [0.6] * 2)
    limit, tail = np.array(0.25), tail_of(1)
    alone = against_value(alike(last, runs=1000), limit, tail)
    assert alone.strong(LEAST)
    found = against_value(alike(last, runs=1000), limit, tail, known=alike(before, runs=1000))
    # Of a day sqrt(0.4^2 * 2 * 26 / 28 / 27); t of 13 degrees at 3.67e-5 is 5.698.
    assert found.reach == pytest.approx(0.1049 / 14**0.5 * 5.698, rel=0.01)
    assert not found.strong(LEAST)


def test_the_past_is_compared_with_the_fewer_days_of_both() -> None:
    last, before = np.array([0.5, 0.6] * 4), np.array([0.2, 0.3] * 14)
    found = against_past(alike(last), alike(before), TAIL)
    # sqrt(8 * 0.0025 / 7 / 8 + 28 * 0.0025 / 27 / 28); t of 7 degrees at 1e-6 is 14.2415.
    assert found.reach == pytest.approx(0.021202 * 14.2415, rel=1e-3)
    assert found.worse == pytest.approx(0.3)


@pytest.mark.parametrize("used", [6, 0])
def test_under_seven_days_nothing_is_claimed(used: int) -> None:
    runs = np.where(np.arange(14) < used, 1000.0, 0.0)
    found = against_value(Days(runs, runs, runs), np.array(0.3), TAIL)
    assert not found.weak(LEAST)
    assert not found.strong(LEAST)


def test_the_chance_of_a_month_is_shared_among_all_that_is_compared() -> None:
    # 20 components, 11 metrics, 2 sides, 2 comparisons, 31 days.
    assert tail_of(20) == pytest.approx(0.05 / (20 * 11 * 2 * 2 * 31))
    assert tail_of(0) == tail_of(1)


def looks(days: Days, *, limit: float = 0.3) -> list[Judged]:
    """Return the look at components, with one threshold for all metrics."""
    limits = Limits(np.full(len(METRICS), limit), np.full(len(METRICS), 0.05), LEAST)
    return list(judged(days, fleet_of(days.last(28)), limits, tail_of(len(days.n))))


def claimed(found: list[Judged], component: int = 0) -> set[tuple[str, str, str]]:
    """Return the claims about a component."""
    return {
        (one.side, METRICS[at], one.against)
        for one in found
        for at in np.flatnonzero(one.claimed[component])
    }


def month(components: int) -> Floats:
    """Return 42 days of some components at 0.2, with a little scatter."""
    noise = np.random.default_rng(2).normal(0, 0.005, (components, len(METRICS), 42))
    return np.asarray(0.2 + noise)


def test_in_a_fleet_terms_are_held_against_it_and_the_loss_against_its_past_too() -> None:
    means = month(4)
    means[0, METRICS.index("grounding")] = 0.6
    means[0, METRICS.index("contradictions")] = 0.04
    means[0, METRICS.index(LOSS), -PAST_DAYS:] += 0.3
    found = looks(alike(means))
    assert claimed(found) == {
        ("weakness", "grounding", "fleet"),
        ("strength", "contradictions", "fleet"),
        ("weakness", "loss", "fleet"),
        ("weakness", "loss", "past"),
    }
    # One that is far off moves the mean of a fleet of four for the others.
    assert claimed(found, 1) == {
        ("strength", "grounding", "fleet"),
        ("weakness", "contradictions", "fleet"),
    }


@pytest.mark.parametrize("components", [1, 2])
def test_without_two_others_its_own_past_and_the_thresholds_count(components: int) -> None:
    means = month(components)
    means[0, METRICS.index("grounding")] = 0.6
    means[0, METRICS.index("ragCoverage")] = 0.02
    means[0, METRICS.index("contradictions"), -PAST_DAYS:] = 0.1
    assert claimed(looks(alike(means))) == {
        ("weakness", "grounding", "threshold"),
        ("strength", "ragCoverage", "threshold"),
        ("strength", "contradictions", "past"),
    }


def test_a_metric_that_is_never_told_is_claimed_of_nobody() -> None:
    days = alike(month(3))
    days.n[:, METRICS.index("grounding")] = 0
    days.x[:, METRICS.index("grounding")] = 0
    found = looks(days)
    assert not any(metric == "grounding" for _, metric, _ in claimed(found))
    assert isinstance(found[0].compared, Compared)
