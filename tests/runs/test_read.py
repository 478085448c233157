"""Reading runs: the newest first, one with all that was told of it, and past a broken one."""

import pytest

from ratchet.kernel.clock import DAY
from ratchet.kernel.errors import NotFound, RatchetError
from ratchet.runs.read import list_runs, show_run
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON, observation, worker
from tests.support.told import a_run, tell


def test_the_runs_of_a_component_come_newest_first(store: Store) -> None:
    at = worker(store)
    for days in (2, 0, 1, 3):
        tell(at, a_run(f"r{days}", when=NOON - days * DAY))
    tell(at, a_run("other", component="writer"))
    found = list_runs(store, "planner", limit=3)
    assert [run.report.run_id for run in found] == ["r0", "r1", "r2"]
    since = list_runs(store, "planner", since=NOON - DAY, limit=9)
    assert [run.report.run_id for run in since] == ["r0", "r1"]


def test_a_broken_run_is_told_and_left_out(embedded: SqliteStore) -> None:
    at = worker(embedded)
    for name in ("a", "b"):
        tell(at, a_run(name))
    found = embedded.get(Ref("ops_runs", "a"))
    assert found is not None
    embedded.set(found.ref, found.data | {"shard": "x"})
    told: list[RatchetError] = []
    assert [r.report.run_id for r in list_runs(embedded, "planner", limit=9, tell=told.append)] == [
        "b"
    ]
    assert "ops_runs/a: run: shard" in told[0].message


def test_a_run_is_shown_with_what_was_observed_of_it(embedded: SqliteStore) -> None:
    at = worker(embedded)
    name = "night/build:7"
    tell(at, a_run(name))
    at.record({"id": "o1"} | observation(runId=name, costUsd=0.5))
    at.scored_later()
    shown = show_run(embedded, name)
    assert shown.observed is not None
    assert (shown.run.report.run_id, shown.observed.n, shown.others) == (name, 1, ())


def test_a_run_that_is_not_there_is_not_found(embedded: SqliteStore) -> None:
    with pytest.raises(NotFound, match="there is no run nobody") as caught:
        show_run(embedded, "nobody")
    assert caught.value.mend == "ratchet run list --component NAME"
