"""The demo of runs: what is told comes back from the card, by the ticks of production."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from ratchet.datasets.extract.trajectory import Trajectory
from ratchet.entry.demo.runs.replay import RunsShown, tell_runs
from ratchet.kernel.errors import InvalidInput
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import KEYS
from tests.support.trajectories import trajectory

pytestmark = pytest.mark.slow

TOLD = [Trajectory.parse(trajectory(i, reward=float(i % 4 == 0))) for i in range(28)]


class Told(NamedTuple):
    """A demo that has been run."""

    store: Store
    shown: RunsShown
    progress: list[tuple[int, int]]


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    store, progress = SqliteStore(), list[tuple[int, int]]()
    shown = tell_runs(store, KEYS, TOLD, lambda n, of: progress.append((n, of)))
    yield Told(store, shown, progress)
    store.close()


def test_every_run_and_step_is_told_counted_and_on_the_card(told: Told) -> None:
    card, s = told.shown.card, told.shown.summary
    assert (s.runs, s.observations, s.tool_errors) == (28, 56, 28)
    assert (s.passed, s.pass_rate) == (0.25, 0.25)
    assert (told.store.count(Query("ops_runs")), card.runs) == (28, 28)
    failed = {(f.kind, f.name): f.runs for f in card.failures}
    assert failed["gate", "task"] == failed["outcome", "failure"] == 21
    assert failed["error", "tool_errors"] == 21


def test_the_cost_of_a_run_is_that_of_its_steps(told: Told) -> None:
    for totals in told.store.query(Query("ops_run_totals")):
        assert totals.data["sums"]["n"] == 2
    # 110 and 122 tokens in, 8 and 20 out: $0.00086 a run, of 28 runs
    assert told.shown.summary.cost_usd == 0.02


def test_the_days_are_simulated_and_all_closed(told: Told) -> None:
    card = told.shown.card
    assert f"{card.as_of:%Y-%m-%d} {card.closed_until:%Y-%m-%d}" == "2026-01-15 2026-01-15"
    assert told.progress == [(n, 28) for n in range(1, 29)]


def test_a_store_in_use_is_left_alone(told: Told) -> None:
    with pytest.raises(InvalidInput, match="in use"):
        tell_runs(told.store, KEYS, TOLD, lambda n, of: None)
    assert told.store.count(Query("ops_runs")) == 28
