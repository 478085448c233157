"""The simulated worlds of `python -m certify` are what they claim."""

from functools import partial

import numpy as np
import pytest

from certify.late import closed_hours
from certify.shadow import shadowed
from certify.shapes import (
    Shape,
    costly,
    high_skewed,
    lognormal,
    low_skewed,
    rare_ones,
    rare_zeros,
    seldom,
    spread,
)
from certify.streams import tally
from certify.worlds import Requests, World, draw

RAMP = World(30, 100, ((0.9, 0.1), (0.5, 0.5), (0.0, 1.0)), units=200)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_a_shadow_repeats_each_request_and_its_outcome_so_often_as_asked() -> None:
    source = rng()
    requests = draw(World(4, 1_000, units=500), 10, source)
    both = shadowed(requests, 0.7, source)
    served, shadow = both.arm == 0, both.arm == 1
    for name in ("run", "look", "bin", "unit"):
        assert (getattr(both, name)[served] == getattr(both, name)[shadow]).all()
    assert (both.value[served] == requests.value).all()
    alike = np.corrcoef(both.value[served], both.value[shadow])[0, 1]
    assert alike == pytest.approx(0.7, abs=0.015)


def test_steps_last_so_many_looks_as_their_lengths_say() -> None:
    assert World(5, 10, RAMP.shares[:2], lengths=(1, 4)).step_of().tolist() == [0, 1, 1, 1, 1]
    assert World(5, 10, RAMP.shares[:2]).step_of().tolist() == [0, 0, 0, 1, 1]


def test_log_normal_costs_have_their_quantiles() -> None:
    # exp(-2) and exp(2 x 1.959964 - 2)
    found = lognormal(np.array([0.5, 0.975]), 1.0, sigma=2.0)
    assert found == pytest.approx([0.135335, 6.82047], rel=1e-5)


@pytest.mark.parametrize(
    ("shape", "mean", "deviation"),
    [
        (low_skewed, 0.2, 0.26667),  # Beta(1/4, 1): sqrt(a / (a + 2)) / (a + 1)
        (high_skewed, 0.6, 0.3),  # the mirror of Beta(2/3, 1)
        (rare_ones, 0.0975, 0.20895),  # 5 % ones, uniform on 0..0.1 else
        (rare_zeros, 0.9025, 0.20895),
        (partial(seldom, rate=0.02), 0.01, 0.07),  # sqrt(0.98 / 0.02) times the mean
        (partial(seldom, rate=0.005, noise=0.1), 0.01, 0.12689),  # 1.8, uniform on 0..0.00201 else
        (costly, 0.01, 0.01545),  # sqrt(Gamma(4) / Gamma(2.5)^2 - 1) = 1.5477
    ],
)
def test_a_shape_has_the_mean_asked_for_and_a_known_spread(
    shape: Shape, mean: float, deviation: float
) -> None:
    at = (np.arange(1_000_000) + 0.5) / 1_000_000
    assert shape(at, mean).mean() == pytest.approx(mean, rel=2e-3)
    assert spread(shape, mean) == pytest.approx(deviation, rel=5e-3)


def test_outcomes_of_one_unit_correlate_as_asked() -> None:
    world = World(2, 1_000, units=1_000, correlation=0.3)
    found = draw(world, 200, rng())
    order = np.argsort(found.unit, kind="stable")
    same = found.unit[order][:-1] == found.unit[order][1:]
    values = found.value[order]
    pairs = np.corrcoef(values[:-1][same], values[1:][same])
    assert pairs[0, 1] == pytest.approx(0.3, abs=0.015)
    assert found.value.mean() == pytest.approx(0.2, abs=0.005)


def test_a_ramp_only_moves_units_to_the_challenger_and_keeps_its_shares() -> None:
    found = draw(RAMP, 50, rng())
    latest = np.zeros(50 * 200, int)
    for step, share in enumerate((0.1, 0.5, 1.0)):
        here = found.step == step
        before = latest[found.unit[here]]
        assert (found.arm[here] >= before).all()
        latest[found.unit[here]] = found.arm[here]
        assert found.arm[here].mean() == pytest.approx(share, abs=0.02)


def test_a_unit_keeps_its_bin_whatever_its_arm_and_hour() -> None:
    found = draw(RAMP, 3, rng())
    bins = {(unit, of) for unit, of in zip(found.unit.tolist(), found.bin.tolist(), strict=True)}
    assert len(bins) == len(set(found.unit.tolist()))


def test_every_challenger_gets_its_share() -> None:
    world = World(10, 1_000, ((0.8, 0.05, 0.15),), means=(0.2,) * 3)
    counts = np.bincount(draw(world, 20, rng()).arm, minlength=3) / 200_000
    assert counts.tolist() == pytest.approx([0.8, 0.05, 0.15], abs=0.004)


def test_the_planned_error_counts_shares_steps_and_clusters() -> None:
    # 9,600 requests, 960 of them the challenger's, SD 4/15.
    alone = 4 / 15 * np.sqrt(1 / 960 + 1 / 8_640)
    assert World().planned_error() == pytest.approx(alone, rel=1e-4)
    # 480 equal units of 20: a design effect of 1 + 0.3 x 20.
    clustered = World(units=480, correlation=0.3).planned_error()
    assert clustered == pytest.approx(alone * np.sqrt(7), rel=1e-4)
    # 1,000 requests a step; the last step has no control and says nothing.
    ramp = 4 / 15 / np.sqrt(90 + 250)
    assert RAMP.planned_error() == pytest.approx(ramp, rel=1e-4)


def few(**changed: object) -> Requests:
    """Return five requests of one run, three looks and three units."""
    fields = {
        "world": World(3, 2, units=3),
        "runs": 1,
        "run": np.zeros(5, int),
        "look": np.array([0, 0, 1, 2, 2]),
        "step": np.zeros(5, int),
        "arm": np.array([0, 1, 1, 0, 1]),
        "bin": np.array([9, 4, 4, 9, 250]),
        "unit": np.array([0, 1, 1, 0, 2]),
        "u": np.zeros(5),
        "value": np.array([0.5, 1.0, 0.25, 0.5, 0.0]),
    }
    return Requests(**(fields | changed))  # type: ignore[arg-type]  # one fixture, many types


def test_a_stream_adds_up_what_each_look_has_seen() -> None:
    stream = tally(few(), weight=np.array([1.0, 2.0, 1.0, 1.0, 10.0]))
    assert stream.num[0, :, 0, 1, 4].tolist() == [2.0, 2.25, 2.25]
    assert stream.den[0, :, 0, 1, 250].tolist() == [0.0, 0.0, 10.0]
    assert stream.den[0, :, 0, 0].sum(-1).tolist() == [1.0, 1.0, 2.0]
    assert stream.squares[0, :, 0, 1].tolist() == [2.0, 2.0625, 2.0625]
    assert stream.units[0].tolist() == [[1, 1], [1, 1], [1, 2]]


def test_a_delayed_stream_shows_the_hours_that_are_closed() -> None:
    stream = tally(few()).delayed(np.array([0, 0, 1]))
    assert stream.den.sum((-3, -2, -1))[0].tolist() == [0.0, 0.0, 2.0]
    assert stream.units[0].tolist() == [[0, 0], [0, 0], [1, 1]]


def test_an_hour_is_read_once_its_window_of_twelve_hours_has_closed() -> None:
    assert closed_hours(15).tolist() == [0] * 12 + [1, 2, 3]
