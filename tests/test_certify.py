"""`python -m certify`: the small form keeps the limits, and sees what breaks them."""

import importlib
import json
import os
import pkgutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import certify
from bench.figure import Figure
from certify import __main__ as command
from certify.cards import Fleet, month
from certify.clusters import recurring
from certify.corrected import CASES as CORRECTED
from certify.corrected import compared
from certify.costs import spent
from certify.judge import met_at
from certify.looks import identical
from certify.lost import thinned
from certify.measure import measure, median, processes, rate
from certify.missing import CASES, missing
from certify.obvious import significant, two_up_five_down, z_scores
from certify.runs import CASES as OF_RUNS
from certify.runs import compared as by_loss
from certify.sequential import gbstats_rejects
from certify.shapes import event, high_skewed, seldom
from certify.streams import Stream, tally
from certify.worlds import Requests, World, draw
from ratchet.rollouts.corrected import corrected
from ratchet.rollouts.pair import Pair
from ratchet.rollouts.rates import Split, split_events
from ratchet.rollouts.strata import Strata, combine
from ratchet.stats.moments import SCALES, Floats

pytestmark = pytest.mark.slow

SHARED = {"__main__", "journey", "judge", "measure", "obvious", "shapes", "streams", "worlds"}


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


def test_units_met_taken_for_values_miss_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ratchet.rollouts.evidence.asymptotic.valued", lambda pair: pair.units)
    few = next(case for case in CASES if case.name.startswith("5 % graded"))
    assert missing(few, rng(), 150)["decided"].mean() > 0.08


def test_judges_who_flatter_promote_falsely_and_unanswered_questions_taken_for_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = next(case for case in CORRECTED if case.answered == 0.5)
    assert compared(half, rng(), 20)["flattered"].mean() > 0.9

    def of_all(pair: Pair, drawn: Floats, stands_for: Floats, higher: Floats) -> Pair:
        return corrected(pair, drawn, pair.den * SCALES["drawn"], higher)

    monkeypatch.setattr("certify.corrected.corrected", of_all)
    assert compared(half, rng(), 20)["promoted"].mean() > 0.2


def test_runs_that_hide_a_term_promote_falsely_where_the_untold_is_no_matter() -> None:
    hidden = next(case for case in OF_RUNS if case.hidden)
    found = by_loss(hidden, rng(), 30)
    assert found["as told"].mean() > 0.9
    assert found["promoted"].mean() < 0.1


def test_answers_counted_by_their_number_and_not_by_what_they_are_worth_miss_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sure = next(case for case in CORRECTED if case.open)
    assert compared(sure, rng(), 20)["decided"].mean() < 0.1

    def by_number(pair: Pair, drawn: Floats, stands_for: Floats, higher: Floats) -> Pair:
        found = corrected(pair, drawn, stands_for, higher)
        return replace(found, units=np.minimum(pair.units, drawn.sum((-3, -1))))

    monkeypatch.setattr("certify.corrected.corrected", by_number)
    assert compared(sure, rng(), 20)["promoted"].mean() > 0.2


def test_one_arms_own_spread_of_rare_costs_misses_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def own(pair: Pair) -> Strata:
        return replace(combine(pair), alike=np.zeros(pair.num.shape[:-3]))

    monkeypatch.setattr("ratchet.rollouts.evidence.asymptotic.combine", own)
    world = World(168, 200, ((0.98, 0.02),), partial(seldom, rate=0.02), (0.01, 0.01))
    assert spent(world, rng(), 40)["decided"].mean() > 0.1


def test_the_planned_share_of_events_misses_the_limit_where_observations_are_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def as_planned(pair: Pair) -> Split:
        split = split_events(pair)
        odds = np.log(split.planned / (1 - split.planned))
        return replace(split, odds=np.broadcast_to(odds, split.odds.shape))

    monkeypatch.setattr("ratchet.rollouts.evidence.mixture.split_events", as_planned)
    world = World(shares=((0.5, 0.5),), shape=event, means=(0.02, 0.02))
    found = thinned(world, "failure", (1.0, 0.6), rng(), 40)
    assert found["promoted"].mean() > 0.15


def test_claims_that_do_not_share_the_chance_of_a_month_miss_the_limit() -> None:
    assert month(Fleet(), None, rng(), 4)["false"].mean() == 0.0
    assert month(Fleet(), 0.05, rng(), 8)["false"].mean() > 0.15


def test_claims_about_what_is_rare_miss_the_limit_without_a_bound_for_any_scatter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = Fleet(runs=8)
    assert month(few, None, rng(), 4)["false"].mean() == 0.0
    monkeypatch.setattr("ratchet.runs.cards.claims._share", lambda of_day, used: 0.0)
    monkeypatch.setattr("ratchet.runs.cards.claims._largest", lambda of_day, used: 0.0)
    assert month(few, None, rng(), 4)["false"].mean() > 0.4


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


def test_processes_have_one_thread_each_and_leave_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with processes(1):
        assert measure("threads", told_threads, 2, World(2, 50))["told"].tolist() == [1.0, 1.0]
    assert os.environ["OPENBLAS_NUM_THREADS"] == "4"
    assert "OMP_NUM_THREADS" not in os.environ


def told_threads(source: np.random.Generator, runs: int) -> dict[str, np.ndarray]:
    return {"told": np.array([float(os.environ["OPENBLAS_NUM_THREADS"])] * runs)}


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
