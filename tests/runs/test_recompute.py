"""Losses anew by changed settings, and the sums that follow them."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import DAY
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.runs.recompute import recompute_runs
from ratchet.runs.settings import RunLossSettings
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON, Worker, configure, observation, worker
from tests.support.told import a_run, check_runs, count, run_of, tell

# The gates alone: each run of these tests passed one of two.
GATES = {t: float(t == "gatePassRate") for t in RunLossSettings().weights}


def changed(store: Store) -> Worker:
    """Return a worker with four runs, counted by the settings of before."""
    at = worker(store, shards=2)
    tell(at, a_run("a"))
    tell(at, a_run("b", when=NOON - DAY))
    tell(at, a_run("c", component="writer"))
    tell(at, a_run("d", budget={"maxCostUsd": 1.0}))
    at.record({"id": "o1"} | observation(runId="d", costUsd=1.5))
    at.later()
    at.score()
    count(at)
    configure(store, RunLossSettings(weights=GATES))
    at.later(timedelta(minutes=2))
    return at


def recompute(at: Worker, **named: Any) -> tuple[int, int]:
    found = recompute_runs(at.store, at.reader, now=at.clock(), **named)
    return found.read, found.changed


def losses(store: Store) -> dict[str, float | None]:
    return {name: run_of(store, name).loss.loss for name in "abcd"}


def test_all_runs_have_the_loss_of_the_present_settings_once(store: Store) -> None:
    at = changed(store)
    before = losses(store)
    assert before["d"] == pytest.approx((0.125 + 0.03 + 0.05) / 0.5)
    assert recompute(at) == (4, 4)
    assert losses(store) == dict.fromkeys("abcd", 0.5)
    run = run_of(store, "d")
    assert (run.loss.computed_at, run.loss.settings) == (
        at.clock(),
        RunLossSettings(weights=GATES).digest,
    )
    found = store.get(Ref("ops_run_buckets", "planner~none~20260310"))
    assert found is not None
    assert found.data["sums"]["loss"]["wx"] == 1_000_000
    assert found.data["updatedAt"] == at.clock()
    at.later()
    assert recompute(at) == (4, 0)
    configure(store, RunLossSettings())
    at.later(timedelta(minutes=2))
    recompute(at)
    assert losses(store) == before
    check_runs(store)


def test_only_what_is_named_is_computed_anew(embedded: SqliteStore) -> None:
    at = changed(embedded)
    before = losses(embedded)
    assert recompute(at, component="planner", since=NOON - timedelta(hours=1)) == (2, 2)
    assert losses(embedded) == before | {"a": 0.5, "d": 0.5}
    assert recompute(at, run="c") == (1, 1)
    assert recompute(at, since=NOON) == (4, 0)
    assert losses(embedded) == dict.fromkeys("acd", 0.5) | {"b": before["b"]}


def test_many_runs_are_computed_page_by_page(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratchet.runs.recompute.PAGE", 2)
    at = changed(embedded)
    assert recompute(at, component="planner") == (3, 3)
    assert recompute(at) == (4, 1)


@pytest.mark.parametrize(
    ("named", "error", "field"),
    [
        ({"run": "nobody"}, NotFound, "runId"),
        ({"run": "a", "component": "planner"}, InvalidInput, "run"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    embedded: SqliteStore, named: dict[str, str], error: type[InvalidInput], field: str
) -> None:
    with pytest.raises(error) as caught:
        recompute(changed(embedded), **named)
    assert (caught.value.field, bool(caught.value.mend)) == (field, True)


def test_a_run_that_cannot_be_read_is_named(embedded: SqliteStore) -> None:
    at = changed(embedded)
    found = embedded.get(Ref("ops_runs", "a"))
    assert found is not None
    embedded.set(found.ref, found.data | {"ts": "noon"})
    with pytest.raises(InvalidInput, match="ops_runs/a: run: ts"):
        recompute(at, run="a")
    assert recompute_runs(embedded, at.reader, now=at.clock()).unreadable == 1
