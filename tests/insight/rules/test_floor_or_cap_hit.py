"""Floor or cap hit: a param of an active version at an edge of its envelope."""

from typing import Any

import pytest

from ratchet.insight.rules.floor_or_cap_hit import RULE, edges_of
from ratchet.kernel.clock import HOUR
from ratchet.policies.space import Choice, Range, Simplex
from ratchet.store.port import Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.governed import NOON, PARAMS, POLICY, SPACE, draft, promote, weights
from tests.support.watching import alert_of, look, seen_by, standing

SIMPLEX = Simplex(kind="simplex", floor=0.05, cap=0.9)
RANGE = Range(kind="float", low=500, high=10_000)


@pytest.mark.parametrize(
    ("span", "value", "edges"),
    [
        (SIMPLEX, {"a": 0.5, "b": 0.5}, []),
        (SIMPLEX, {"a": 0.9, "b": 0.1}, [("a", "cap")]),
        (SIMPLEX, {"a": 0.9, "b": 0.05, "c": 0.05}, [("a", "cap"), ("b", "floor"), ("c", "floor")]),
        (Simplex(kind="simplex"), {"a": 1.0}, []),  # one arm can have nothing but the whole
        (RANGE, 500, [("", "floor")]),
        (RANGE, 10_000.0, [("", "cap")]),
        (RANGE, 501, []),
        (Range(kind="float", low=3, high=3), 3, []),
        (RANGE, "500", []),
        (Choice(kind="choice", options=("a", "b")), "a", []),
    ],
)
def test_an_edge_is_the_floor_or_the_cap(span: Any, value: Any, edges: list[Any]) -> None:
    assert edges_of(span, value) == edges


def test_a_weight_at_its_floor_is_told_until_another_version_is_active(store: Store) -> None:
    promote(store, draft(store, weights(0.8), now=NOON).version)  # gemini: 0.05
    look(store, NOON)
    told = alert_of(store, "floor-or-cap-hit")
    assert (told.subject, told.severity) == (f"{POLICY}.modelWeights", "info")
    assert told.text == f"modelWeights of {POLICY}@1.0.0: gemini at its floor"
    assert told.command == f"ratchet policy show {POLICY}"
    promote(store, draft(store, weights(0.6), now=NOON).version)
    look(store, NOON + HOUR)
    assert alert_of(store, "floor-or-cap-hit").is_over


def test_a_param_that_leaves_the_envelope_is_at_no_edge(embedded: SqliteStore) -> None:
    promote(embedded, draft(embedded, PARAMS | {"latencyTargetMs": 500}, now=NOON).version)
    look(embedded, NOON)
    less = {"modelWeights": SPACE["modelWeights"]}
    promote(embedded, draft(embedded, PARAMS, tuning_space=less, now=NOON).version)
    look(embedded, NOON + HOUR)
    assert alert_of(embedded, "floor-or-cap-hit").is_over


def test_a_version_that_cannot_be_read_leaves_what_was_said_of_it(embedded: SqliteStore) -> None:
    promote(embedded, draft(embedded, PARAMS | {"latencyTargetMs": 500}, now=NOON).version)
    look(embedded, NOON)
    ref = Ref("ops_policies", f"{POLICY}@1.0.0")
    found = embedded.get(ref)
    assert found is not None
    embedded.set(ref, found.data | {"params": {}})
    report = look(embedded, NOON + HOUR)
    assert report.failed == ("floor-or-cap-hit",)
    assert ("floor-or-cap-hit", f"{POLICY}.latencyTargetMs") in standing(embedded)
    assert seen_by(RULE, SqliteStore()) == {}
