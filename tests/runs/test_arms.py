"""Runs that an arm of a rollout served: counted with their loss in its bucket, moved with it."""

from datetime import timedelta
from typing import Any

from ratchet.kernel.clock import HOUR
from ratchet.observe.read_until import load_read_until
from ratchet.runs.recompute import recompute_runs
from ratchet.runs.settings import RunLossSettings
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import NOON, Worker, configure
from tests.support.rollout_recount import NEW, kept, only, running, start
from tests.support.told import a_run, check_runs, count, run_of, tell


def rolling(store: Store, **ingest: Any) -> Worker:
    """Return a worker beside a rollout, and in the reward epoch that this is pinned to."""
    at = running(store, **ingest)
    at.score()
    return at


def served(run_id: str = "r1", arm: str = "control", **fields: Any) -> dict[str, Any]:
    """Return a run that an arm of the rollout served at noon."""
    named: dict[str, Any] = {
        "rolloutId": "r1",
        "rolloutStep": 0,
        "rolloutArm": arm,
        "unit": f"unit of {run_id}",
    }
    return a_run(run_id, **(named | fields))


def held(store: Store, arm: str) -> tuple[int, dict[str, int]]:
    """Return how many runs an arm counts, and what they add up to by name."""
    sums = [bucket.sums for bucket in kept(store) if bucket.arm == arm]
    names = sorted({name for one in sums for name in one.run_wx})
    added = {n: sum(one.run_wx[n].total() for one in sums if n in one.run_wx) for n in names}
    return sum(one.runs.total() for one in sums), {n: x for n, x in added.items() if x}


def test_a_run_counts_in_its_arm_by_its_loss_and_terms(store: Store) -> None:
    at = rolling(store, shards=3)
    for n in range(3):
        tell(at, served(f"r{n}"))
    tell(at, served("new", NEW, gates={"tests": "passed"}))
    tell(at, a_run("of-no-rollout"))
    at.later()
    for _ in range(2):
        count(at)
    terms = {"contradictions": 600_000, "gatePassRate": 1_500_000, "loss": 1_162_500}
    assert held(store, "control") == (3, terms)
    assert held(store, NEW) == (1, {"contradictions": 200_000, "loss": 75_000})
    assert {bucket.hour for bucket in kept(store)} == {NOON}
    assert load_read_until(store).rollouts == {"r1": NOON + 2 * HOUR}


def test_a_revision_and_changed_settings_move_what_a_run_counts(embedded: SqliteStore) -> None:
    at = rolling(embedded, shards=3)
    for n in range(6):
        tell(at, served(f"r{n}"))
    at.later()
    count(at)
    tell(at, served("r0", NEW, gates={"tests": "passed"}))
    at.later()
    count(at)
    assert (held(embedded, "control")[0], held(embedded, NEW)[0]) == (5, 1)
    zeros = dict.fromkeys(RunLossSettings().weights, 0.0)
    configure(embedded, RunLossSettings(weights=zeros | {"gatePassRate": 1.0}))
    at.later(timedelta(minutes=2))
    recompute_runs(embedded, at.reader, now=at.clock())
    assert held(embedded, "control")[1]["loss"] == 2_500_000
    assert held(embedded, NEW)[1] == {"contradictions": 200_000}


def test_runs_of_many_shards_hold_all_their_rollouts_open(embedded: SqliteStore) -> None:
    at = rolling(embedded, shards=4)
    start(embedded, "r2")
    for n in range(8):
        tell(at, served(f"r{n}", rolloutId="r1" if n < 6 else "r2", component=f"c{n % 2}"))
    at.later()
    assert recompute_runs(embedded, at.reader, now=at.clock()).changed == 8
    assert load_read_until(embedded).rollouts == dict.fromkeys(("r1", "r2"), NOON + 2 * HOUR)
    assert held(embedded, "control")[0] == 8


def test_a_run_that_is_told_after_the_outcome_window_counts_in_its_component_alone(
    embedded: SqliteStore,
) -> None:
    at = rolling(embedded)
    at.later(HOUR + timedelta(minutes=1))
    tell(at, served("late"))
    tell(
        at,
        served("known", NEW, exposedAt=served()["ts"] + 3_000_000, ts=served()["ts"] + 3_000_000),
    )
    at.later()
    count(at)
    assert held(embedded, "control") == (0, {})
    assert held(embedded, NEW)[0] == 1
    assert run_of(embedded, "late").counted is not None
    assert only(embedded, NEW).hour == NOON
    check_runs(embedded)


def test_a_run_of_a_rollout_that_is_not_there_counts_in_its_component_alone(
    embedded: SqliteStore,
) -> None:
    at = rolling(embedded)
    tell(at, served(rolloutId="nowhere"))
    at.later()
    assert count(at).counted == 1
    assert kept(embedded) == []
    check_runs(embedded)
