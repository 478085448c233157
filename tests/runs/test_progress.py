"""Differences from day to day: by hand, against scipy, and how often their intervals hold."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]  # it ships no types

from ratchet.kernel.clock import DAY
from ratchet.kernel.errors import InvalidInput
from ratchet.runs.progress import change, days_interval, difference_interval, progress_of
from ratchet.stats.moments import SCALES, Moments
from tests.support.run_days import NOON, TODAY, days_back, moments, runs

SCALE = SCALES["loss"]


def each_day(*days: Sequence[float]) -> list[Moments]:
    return [moments(losses) for losses in days]


def test_the_last_days_are_held_against_as_many_before() -> None:
    by_day = days_back(runs(0.9), runs(0.2, 0.4), runs(0.6), runs(0.1, 0.1, 0.4), runs(0.3))
    found = change(by_day, days=2, until=NOON, metric="loss")
    assert (found.days, found.runs, found.runs_before) == (2, 4, 3)
    assert found.mean == pytest.approx(0.225)  # 0.1, 0.1, 0.4 yesterday and 0.3 today
    assert found.before == pytest.approx(0.4)  # 0.2, 0.4 and 0.6
    assert found.change == pytest.approx(-0.175)


def test_midnight_ends_the_closed_days_and_later_counts_today() -> None:
    by_day = days_back(runs(0.2), runs(0.4), runs(0.8))
    closed = change(by_day, days=1, until=TODAY, metric="loss")
    assert [closed.mean, closed.before] == pytest.approx([0.4, 0.2])
    present = change(by_day, days=1, until=NOON, metric="loss")
    assert [present.mean, present.before] == pytest.approx([0.8, 0.4])


def test_a_day_without_runs_is_left_out_and_without_any_nothing_is_known() -> None:
    by_day = days_back(runs(0.5), runs(), runs(0.3))
    found = change(by_day, days=7, until=NOON, metric="loss")
    assert [found.mean, found.runs] == pytest.approx([0.4, 2])
    assert (found.before, found.change, found.interval) == (None, None, None)


def test_metrics_have_their_own_units_and_an_unknown_one_is_refused() -> None:
    told = runs(0.5, 0.5, terms={"grounding": [0.25]}, cost=moments([0.02, 0.04], "cost"))
    by_day = {TODAY: told}
    assert change(by_day, days=1, until=NOON, metric="cost").mean == pytest.approx(0.03)
    grounding = change(by_day, days=1, until=NOON, metric="grounding")
    assert [grounding.mean, grounding.runs] == pytest.approx([0.25, 1])
    with pytest.raises(InvalidInput, match="'mood' is not known") as caught:
        change(by_day, days=1, until=NOON, metric="mood")
    assert caught.value.field == "metric"


def test_where_days_differ_the_interval_is_that_of_day_means() -> None:
    last = [[0.30, 0.32], [0.50, 0.52], [0.20, 0.22], [0.42, 0.44]]
    before = [[0.60, 0.62], [0.80, 0.82], [0.65, 0.67], [0.78, 0.80]]
    found = difference_interval(each_day(*last), each_day(*before), SCALE)
    means = [[sum(day) / 2 for day in days] for days in (last, before)]
    peer = stats.ttest_ind(*means, equal_var=False).confidence_interval(0.95)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), rel=0.01)


def test_where_days_are_as_alike_as_runs_the_interval_is_that_of_runs() -> None:
    last = [[0.1, 0.5], [0.2, 0.4], [0.0, 0.6], [0.3, 0.3]]  # every day has the mean 0.3
    before = [[0.5, 0.9], [0.6, 0.8], [0.4, 1.0], [0.7, 0.7]]
    found = difference_interval(each_day(*last), each_day(*before), SCALE)
    drawn = [np.concatenate(days) for days in (last, before)]
    peer = stats.ttest_ind(*drawn, equal_var=False).confidence_interval(0.95)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), rel=0.01)


def test_days_of_unequal_size_weigh_by_their_runs() -> None:
    # Mean 0.25; without each day in turn 0.1667, 0.3 and 0.3: variance 2/3 * 0.011944 = 0.0079630,
    # error 0.089235. One of three days has half of the runs: 16 / 6 - 1 degrees, t is 5.242 there;
    # the other side does not vary.
    last, before = each_day([0.5], [0.2, 0.2], [0.1]), each_day([0.5], [0.5], [0.5])
    found = difference_interval(last, before, SCALE)
    assert found is not None
    assert (found.low + found.high) / 2 == pytest.approx(-0.25)
    assert (found.high - found.low) / 2 == pytest.approx(0.4678, rel=0.02)


def test_the_interval_of_a_mean_is_the_wider_of_runs_and_of_days() -> None:
    day_means = [0.30, 0.50, 0.20, 0.42]
    found = days_interval(each_day(*([m - 0.01, m + 0.01] for m in day_means)), SCALE)
    assert found is not None
    low, high = stats.t.interval(0.95, 3, np.mean(day_means), stats.sem(day_means))
    assert [found.low, found.high] == pytest.approx([low, high], rel=0.02)
    of_runs = days_interval(each_day([0.2, 0.6], [0.2, 0.6], [0.2, 0.6]), SCALE)
    assert of_runs is not None
    low, high = stats.t.interval(0.95, 5, 0.4, stats.sem([0.2, 0.6] * 3))
    assert [of_runs.low, of_runs.high] == pytest.approx([low, high], rel=0.01)
    assert days_interval(each_day([0.2, 0.6], [0.2, 0.6], []), SCALE) is None


def test_fewer_than_three_days_or_no_variation_give_no_interval() -> None:
    three = each_day([0.1], [0.2], [0.3])
    assert difference_interval(three, three, SCALE) is not None
    assert difference_interval(three, [*three[:2], Moments()], SCALE) is None
    same = each_day([0.5], [0.5], [0.5])
    assert difference_interval(same, same, SCALE) is None


def drawn_days(rng: np.random.Generator, mean: float, count: int) -> list[Moments]:
    """Draw days that differ (SD 0.05), with 5 to 40 runs each that differ more (SD 0.1)."""
    return [
        moments((mean + rng.normal(0, 0.05) + rng.normal(0, 0.1, rng.integers(5, 41))).tolist())
        for _ in range(count)
    ]


def test_the_interval_holds_the_difference_although_runs_of_a_day_are_alike() -> None:
    rng = np.random.default_rng(7)
    held = held_as_runs = 0
    for _ in range(500):
        last, before = drawn_days(rng, 0.35, 7), drawn_days(rng, 0.30, 7)
        found = difference_interval(last, before, SCALE)
        assert found is not None
        held += found.holds(0.05)
        pooled = [sum(days, Moments()) for days in (last, before)]
        error = sum((p.standard_error(SCALE) or 0) ** 2 for p in pooled) ** 0.5
        middle = (found.low + found.high) / 2
        held_as_runs += abs(middle - 0.05) <= 1.96 * error
    assert 0.93 <= held / 500 <= 0.985
    assert held_as_runs / 500 < 0.7  # what the error of runs alone would do


def test_progress_has_the_days_asked_for_and_changes_over_all() -> None:
    terms = {"grounding": [0.2, 0.4]}
    by_day = days_back(*[runs(0.5)] * 30, *[runs(0.3, 0.5, terms=terms)] * 30)
    found = progress_of("planner", None, by_day, start=TODAY - DAY, now=NOON)
    assert [(day.day, day.runs) for day in found.days] == [(TODAY - DAY, 2), (TODAY, 2)]
    assert found.days[-1].means == pytest.approx({"loss": 0.4, "grounding": 0.3})
    assert list(found.month) == ["loss", "grounding"]
    assert found.month["loss"].change == pytest.approx(-0.1)
    assert found.month["grounding"].change is None
    assert found.week["loss"].change == pytest.approx(0)


def test_progress_can_be_of_one_term_alone() -> None:
    by_day = days_back(runs(0.3, terms={"grounding": [0.2], "contradictions": [0.1]}))
    found = progress_of("planner", None, by_day, start=TODAY, now=NOON).of("grounding")
    assert [day.means for day in found.days] == [{"grounding": pytest.approx(0.2)}]
    assert list(found.week) == list(found.month) == ["grounding"]
