"""Policy performance: each version against its parent, else against the one that is active."""

from typing import Any

import pytest
from scipy import stats  # type: ignore[import-untyped]  # it ships no types

from ratchet.kernel.document import Model
from ratchet.kernel.errors import BadSignature
from ratchet.policies.version import COLLECTION
from ratchet.runs.read_view import read_view
from ratchet.store.port import Ref, Store
from tests.support.governed import KEYS, draft, promote, weights
from tests.support.run_days import NOON, put_bucket, refresh, runs

COLUMNS = (
    *("component", "candidate", "control", "candidateAvgLoss", "controlAvgLoss"),
    *("delta", "interval", "candidateRuns", "controlRuns", "sameDays"),
)
FIRST, SECOND, THIRD = (f"router-core@1.0.{n}" for n in range(3))


@pytest.fixture
def versions(embedded: Store) -> Store:
    """1.0.0, and 1.0.1 made from it; both were active, the first is again, then 1.0.2 of 1.0.1."""
    for number, first in enumerate((0.6, 0.62, 0.64)):
        draft(embedded, weights(first))
        if number < 2:
            promote(embedded, f"1.0.{number}")
    promote(embedded, "1.0.0")
    return embedded


def served(store: Store, losses: dict[str, list[float]]) -> None:
    """Let each version have runs with one loss a day, the last of them today."""
    for version, means in losses.items():
        for back, mean in enumerate(reversed(means)):
            put_bucket(store, runs(mean, mean), back=back, version=version)
    refresh(store)


def performance(store: Store, **asked: Any) -> list[Model]:
    return list(read_view(store, KEYS, "policy_performance", now=NOON, **asked))


def named(rows: list[Model]) -> list[tuple[str, str]]:
    return [(row["candidate"], row["control"]) for row in map(Model.to_wire, rows)]


def test_a_candidate_is_held_against_the_version_it_was_made_from(versions: Store) -> None:
    old, new = [0.30, 0.42, 0.36, 0.40], [0.22, 0.30, 0.20, 0.28]
    served(versions, {FIRST: old, SECOND: new})
    found = performance(versions)
    assert named(found) == [(SECOND, FIRST)]
    assert tuple(str(f.alias) for f in type(found[0]).model_fields.values()) == COLUMNS
    row = found[0].to_wire()
    assert tuple(row) == COLUMNS
    assert (row["component"], row["candidateRuns"], row["controlRuns"]) == ("planner", 8, 8)
    assert (row["candidateAvgLoss"], row["controlAvgLoss"]) == pytest.approx((0.25, 0.37))
    assert row["delta"] == pytest.approx(-0.12)
    assert row["sameDays"] == 4
    peer = stats.ttest_rel(new, old).confidence_interval(0.95)
    ends = (row["interval"]["low"], row["interval"]["high"])
    assert ends == pytest.approx((peer.low, peer.high), rel=0.01)


def test_without_runs_of_the_parent_the_active_version_is_the_control(versions: Store) -> None:
    served(versions, {FIRST: [0.4], THIRD: [0.3]})
    assert named(performance(versions)) == [(THIRD, FIRST)]
    promote(versions, "1.0.2")  # now the first one, which has no parent, is held against it
    assert named(performance(versions)) == [(FIRST, THIRD)]


def test_a_version_alone_and_what_is_no_version_have_no_row(versions: Store) -> None:
    served(versions, {"none": [0.5], "nightly": [0.5], "router-core@9.0.0": [0.5], FIRST: [0.4]})
    assert named(performance(versions)) == [("router-core@9.0.0", FIRST)]
    assert performance(versions, component="nobody") == []


def test_runs_before_the_window_do_not_count_and_a_longer_one_reads_them(versions: Store) -> None:
    served(versions, {FIRST: [0.4]})
    put_bucket(versions, runs(0.3), back=99, version=SECOND)
    assert performance(versions, days=99) == []
    (row,) = performance(versions, days=100)
    assert row.to_wire()["delta"] == pytest.approx(-0.1)
    assert "interval" not in row.to_wire()
    assert row.to_wire()["sameDays"] == 0


def test_a_version_that_was_tampered_with_is_told_and_hides_no_other(versions: Store) -> None:
    served(versions, {FIRST: [0.4], SECOND: [0.3], THIRD: [0.2]})
    found = versions.get(Ref(COLLECTION, SECOND))
    assert found is not None
    versions.set(found.ref, found.data | {"notes": "mine"})
    told: list[Exception] = []
    assert named(performance(versions, tell=told.append)) == [(THIRD, SECOND)]
    assert [type(error) for error in told] == [BadSignature]
