"""Every gate keeps the Protocol, is registered under its file's name, and can be configured."""

import inspect
from typing import get_args

import pytest

from ratchet.kernel.ids import random_id
from ratchet.rollouts import gates
from ratchet.rollouts.gate_rules import GateName
from ratchet.rollouts.gates import GATES
from ratchet.rollouts.gates.gate import Entered, Gate, Result, Road
from ratchet.rollouts.prepare import prepare
from ratchet.rollouts.road import open_road
from ratchet.rollouts.rollout import Challenger
from ratchet.store.port import Query, Store
from tests.contracts.test_registries import modules
from tests.support.drawn import ACTIVE, GEMINI_BETTER, drawn
from tests.support.governed import KEYS, POLICY

every = pytest.mark.parametrize("gate", GATES.values(), ids=GATES.keys())
STATE = ("ops_policies", "ops_policy_heads", "ops_rollouts", "ops_approvals", "ops_audit")


def road(store: Store) -> Road:
    """Return the road of one draft of other weights, on a log that can be replayed."""
    it = drawn(store)
    it.serve(GEMINI_BETTER, 200)
    tried = Challenger(arm="1.0.1", version=it.draft.key())
    return open_road(store, KEYS, it.worker.reader, ACTIVE, [tried], now=it.worker.clock())


def test_every_file_with_a_gate_is_registered_under_its_name() -> None:
    found = {name: m.enter for name, m in modules(gates).items() if hasattr(m, "enter")}
    assert dict(GATES) == found
    assert set(modules(gates)) - set(found) == {"gate"}


def test_the_configuration_names_the_gates_that_there_are() -> None:
    assert tuple(GATES) == get_args(GateName)


@every
def test_a_gate_takes_a_road_and_nothing_else(gate: Gate) -> None:
    signature = inspect.signature(gate)
    assert [p.annotation for p in signature.parameters.values()] == [Road]
    assert signature.return_annotation is Entered


@every
def test_a_gate_moves_no_version_itself_and_says_the_same_again(gate: Gate, store: Store) -> None:
    at = road(store)
    before = {name: store.query(Query(name)) for name in STATE}
    found = gate(at)
    assert found.result in get_args(Result)
    assert gate(at) == found
    assert {name: store.query(Query(name)) for name in STATE} == before


@every
def test_a_gate_has_a_rollout_that_can_begin_exactly_where_it_runs_one(
    gate: Gate, embedded: Store
) -> None:
    at = road(embedded)
    found = gate(at)
    assert (found.draft is not None) == (found.result == "runs")
    if found.draft is not None:
        assert found.draft.policy == POLICY
        assert found.draft.challengers == at.challengers
        assert found.draft.profile == at.profile
        prepare(embedded, at.reader, found.draft, at.champion, salt=random_id(), now=at.now)
    elif found.result != "passed":
        assert found.reasons
