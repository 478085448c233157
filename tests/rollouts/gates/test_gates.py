"""Every gate keeps the Protocol's laws, and no file is left unregistered."""

from pathlib import Path
from typing import get_args

import pytest

from ratchet.rollouts import gates
from ratchet.rollouts.gate_rules import GateName, Gates
from ratchet.rollouts.gates import GATES
from ratchet.rollouts.gates.gate import Gate, Result
from ratchet.store.port import Store
from tests.support.governed import entries, head_of, statuses
from tests.support.roads import road_of

every_gate = pytest.mark.parametrize("gate", GATES.values(), ids=GATES.keys())


def test_every_file_is_a_gate_under_its_name_and_may_stand_in_config_gates() -> None:
    files = {path.stem for path in Path(gates.__path__[0]).glob("*.py")}
    assert set(GATES) == files - {"__init__", "gate"}
    assert set(get_args(GateName)) == set(GATES)
    assert {gate.__module__.rpartition(".")[2] for gate in GATES.values()} == set(GATES)


def test_the_gates_that_ship_are_there() -> None:
    rules = Gates()
    assert rules.allocation.gates == ("replay",)
    assert rules.behaviour.gates == ("shadow", "canary", "approval")


@every_gate
@pytest.mark.parametrize("arms", [("1.0.1",), ("1.0.1", "1.0.2")])
def test_a_gate_says_what_becomes_of_versions_and_changes_none(
    embedded: Store, gate: Gate, arms: tuple[str, ...]
) -> None:
    road = road_of(embedded, *arms)
    before = (head_of(embedded), statuses(embedded), len(entries(embedded)))
    entered = gate(road)
    assert entered.result in get_args(Result)
    assert (entered.draft is not None) == (entered.result == "runs")
    assert entered.reasons or entered.result in ("passed", "runs")
    assert (head_of(embedded), statuses(embedded), len(entries(embedded))) == before
