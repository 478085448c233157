"""`python -m certify`: the small form keeps the limits, and its worlds are what they claim."""

import importlib
import json
import pkgutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import certify
from bench.figure import Figure
from certify import __main__ as command
from certify.clusters import recurring
from certify.judge import met_at
from certify.looks import identical
from certify.measure import measure, median, processes, rate
from certify.obvious import significant, two_up_five_down, z_scores
from certify.outcomes import closed_hours
from certify.sequential import gbstats_rejects
from certify.shapes import Shape, costly, high_skewed, low_skewed, rare_ones, rare_zeros, spread
from certify.streams import Stream, tally
from certify.worlds import Requests, World, draw

SHARED = {"__main__", "judge", "measure", "obvious", "shapes", "streams", "worlds"}
RAMP = World(30, 100, ((0.9, 0.1), (0.5, 0.5), (0.0, 1.0)), units=200)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize("group", [name for name in command.GROUPS if name != "replay"])
def test_the_small_form_keeps_every_limit(group: str) -> None:
    figures = importlib.import_module(f"certify.{group}").figures(True)
    assert any(figure.limit is not None for figure in figures)
    assert [f for f in figures if command.beyond(f, command.SLACK)] == []


def test_every_file_is_a_group_or_shared_by_the_groups() -> None:
    files = {module.name for module in pkgutil.iter_modules(certify.__path__)}
    assert files - SHARED == set(command.GROUPS)


def test_a_bound_for_one_look_misses_the_limit_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ratchet.rollouts.evidence.asymptotic.reach", lambda alpha, information: 1.96
    )
    found = identical(World(), rng(), 60)
    assert found["decided"].mean() > 0.15


def test_observations_taken_as_units_miss_the_limit_and_bins_of_units_keep_it() -> None:
    world = World(48, 800, units=960, correlation=0.5)
    found = recurring(world, "reward", rng(), 30)
    assert found["as units"].mean() > 0.25
    assert found["once"].mean() > 0.25
    assert found["decided"].mean() < 0.1


@pytest.mark.parametrize(
    ("shape", "mean", "deviation"),
    [
        (low_skewed, 0.2, 0.26667),  # Beta(1/4, 1): sqrt(a / (a + 2)) / (a + 1)
        (high_skewed, 0.6, 0.3),  # the mirror of Beta(2/3, 1)
        (rare_ones, 0.0975, 0.20895),  # 5 % ones, uniform on 0..0.1 else
        (rare_zeros, 0.9025, 0.20895),
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


def four(control: tuple[float, float], challenger: tuple[float, float]) -> Stream:
    """Return a stream of one look, of two observations in each arm."""
    value = np.array([*control, *challenger])
    world = World(1, 4)
    zeros, arm = np.zeros(4, int), np.array([0, 0, 1, 1])
    return tally(
        Requests(world, 1, zeros, zeros, zeros, arm, np.arange(4), np.arange(4), value, value)
    )


def test_the_obvious_test_is_welchs() -> None:
    # Means 0.1 and 0.6; variances 0.02 and 0.02 over 2 each: 0.5 / sqrt(0.02).
    stream = four((0.0, 0.2), (0.5, 0.7))
    assert z_scores(stream)[0, 0] == pytest.approx(3.5355, rel=1e-4)
    assert significant(stream).all()
    assert not significant(four((0.0, 0.2), (0.1, 0.2))).any()


@pytest.mark.parametrize(
    ("challenger", "up", "down"), [(0.52, True, False), (0.47, False, True), (0.49, False, False)]
)
def test_the_nightly_rule_promotes_above_2_and_rolls_back_below_5_percent(
    challenger: float, up: bool, down: bool
) -> None:
    found = two_up_five_down(four((0.5, 0.5), (challenger, challenger + 0.001)))
    assert [bool(side[0]) for side in found] == [up, down]


def test_gbstats_rejects_what_is_plain_and_nothing_else() -> None:
    loss = World(12, 200, shape=high_skewed, means=(0.6, 0.2))
    assert gbstats_rejects(tally(draw(loss, 3, rng())), 2_400).any(1).all()
    alike = World(12, 200, shape=high_skewed, means=(0.6, 0.6))
    assert not gbstats_rejects(tally(draw(alike, 3, rng())), 2_400).any()


def test_units_at_a_decision_are_infinite_where_there_is_none() -> None:
    units = np.array([[10.0, 20.0], [10.0, 20.0]])
    decided = np.array([[False, True], [False, False]])
    assert met_at(units, decided).tolist() == [20.0, np.inf]


def test_figures_carry_their_monte_carlo_error() -> None:
    found = rate("share", np.array([1.0] * 10 + [0.0] * 90), 0.05)
    assert (found.value, found.unit, found.holds) == (0.1, "of 100", False)
    assert found.error == pytest.approx(0.031, abs=0.001)
    middle = median("units", np.arange(1, 102, dtype=float), 60)
    assert middle.value == 51.0
    assert middle.error == pytest.approx(5.0, abs=1.0)


def test_processes_change_nothing_that_is_found() -> None:
    world = World(2, 50)
    alone = measure("the same name", draw_total, 7, world)["total"]
    with processes(2):
        assert measure("the same name", draw_total, 7, world)["total"].tolist() == alone.tolist()
    assert measure("another name", draw_total, 7, world)["total"].tolist() != alone.tolist()


def draw_total(source: np.random.Generator, runs: int) -> dict[str, np.ndarray]:
    return {"total": source.random(runs)}


def test_the_command_prints_writes_and_exits_with_1_on_a_miss(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    near, far = (Figure(n, v, "of 9", 0.05, error=0.01) for n, v in (("a", 0.06), ("b", 0.08)))
    monkeypatch.setattr(command, "GROUPS", ("one",))
    monkeypatch.setattr(
        "importlib.import_module", lambda _: SimpleNamespace(figures=lambda small: [near, far])
    )
    out = tmp_path / "figures.json"
    assert command.main(["--small", str(out)]) == 1
    told = capsys.readouterr()
    assert "20261121, the small form" in told.out
    assert "0.06 +- 0.01 of 9" in told.out
    assert told.err == "missed: b\n"
    assert [(row["name"], row["error"]) for row in json.loads(out.read_text())] == [
        ("a", 0.01),
        ("b", 0.01),
    ]
    assert command.main([]) == 1
    assert capsys.readouterr().err == "missed: a\nmissed: b\n"
