"""Losses anew by changed settings, and the sums that follow them."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import DAY, day_of
from ratchet.kernel.errors import InvalidInput, NotFound
from ratchet.runs.move import mover_on
from ratchet.runs.recompute import recompute_runs
from ratchet.runs.recount import recount_days
from ratchet.runs.settings import RunLossSettings
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faults import FaultyStore
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


TODAY, YESTERDAY = (Ref("ops_run_buckets", f"planner~none~202603{day}") for day in ("10", "09"))


def recounted(at: Worker, **named: Any) -> int:
    report = recompute_runs(at.store, at.reader, now=at.clock(), recount=True, **named)
    return report.recounted


def test_sums_that_are_lost_are_made_anew_of_what_runs_count(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratchet.runs.recount.PAGE", 2)
    at = changed(store)
    configure(store, RunLossSettings())
    recompute(at)
    before = [found.data["sums"] for found in store.get_many([TODAY, YESTERDAY]) if found]
    store.delete(YESTERDAY)
    tell(at, a_run("e"))
    store.delete(TODAY)
    at.later()
    count(at)  # begins the day's sums anew, with one run of the three
    assert recounted(at, component="planner", since=NOON - 2 * DAY) == 2
    check_runs(store)
    after = [found.data["sums"] for found in store.get_many([TODAY, YESTERDAY]) if found]
    assert [sums["runs"] for sums in before] == [2, 1]
    assert [sums["runs"] for sums in after] == [3, 1]
    assert after[1] == before[1]
    assert recounted(at) == 0


def test_sums_that_cannot_be_read_are_made_anew_and_what_waited_counts(
    embedded: SqliteStore,
) -> None:
    at = changed(embedded)
    embedded.set(TODAY, {"v": 1, "component": "planner", "sums": "none"})
    tell(at, a_run("e"))
    assert recounted(at) == 1
    check = embedded.get(TODAY)
    assert check is not None
    assert check.data["sums"]["runs"] == 3


class Crossed(FaultyStore):
    """A store in which another run is told and counted before, or after, one chosen call."""

    def __init__(self, at: Worker, call: int, when: str) -> None:
        super().__init__(at.store)
        self._at, self._chosen, self._before = at, call, when == "before"

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls != self._chosen:
            return act()
        answer = None if self._before else act()
        tell(self._at, a_run("e"))
        count(self._at)
        return act() if self._before else answer


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("lost", [True, False])
def test_a_run_that_is_counted_meanwhile_is_in_the_recount(when: str, lost: bool) -> None:
    for call in itertools.count(1):
        inner = SqliteStore()
        at = changed(inner)
        recompute(at)
        configure(inner, RunLossSettings())
        at.later(timedelta(minutes=2))
        recompute(at)
        found = inner.get(TODAY)
        assert found is not None
        if lost:
            inner.delete(TODAY)
        else:
            inner.set(TODAY, found.data | {"sums": {"runs": 1}})
        crossed = Crossed(at, call, when)
        done = recount_days(
            crossed,
            [("planner", day_of(NOON))],
            mover_on(inner, at.reader, at.ingest, at.clock()),
            retention=RunLossSettings().retention,
        )
        assert done == 1
        if crossed.calls < call:
            assert call > 3
            return
        check_runs(inner)
        inner.close()


def test_sums_of_runs_that_are_gone_are_left(embedded: SqliteStore) -> None:
    at = changed(embedded)
    recompute(at)
    before = embedded.get(TODAY)
    embedded.delete(Ref("ops_runs", "a"))
    embedded.delete(YESTERDAY)
    at.later(RunLossSettings().retention)  # of the day before some may have expired
    assert recounted(at) == 0
    assert (embedded.get(TODAY), embedded.get(YESTERDAY)) == (before, None)


@pytest.mark.parametrize(
    ("named", "error", "field"),
    [
        ({"run": "nobody"}, NotFound, "runId"),
        ({"run": "a", "component": "planner"}, InvalidInput, "run"),
        ({"run": "a", "recount": True}, InvalidInput, "run"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    embedded: SqliteStore, named: dict[str, Any], error: type[InvalidInput], field: str
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
