"""The golden gate: what it passes and stops, when it waits, and when it is not asked."""

from dataclasses import replace
from typing import Any

import pytest

from ratchet.rollouts.carry_draft import carry_draft
from ratchet.rollouts.gate_rules import ClassRules, Gates
from ratchet.rollouts.gates.gate import Entered, Road
from ratchet.rollouts.gates.golden import enter
from ratchet.rollouts.golden.golden_set import GOLDEN_SETS
from ratchet.rollouts.golden.read import get_golden
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store
from ratchet.tune.carry import Carried
from tests.support.carried import SALT
from tests.support.golden_sets import CHAMPION, NAME, TRIED, expose, frozen_set, scores
from tests.support.governed import KEYS, NOON, POLICY, entries, machine_draft
from tests.support.observing import configure
from tests.support.roads import road_of
from tests.support.turns import reader

N = 600


def on_golden(road: Road, name: str | None = NAME, max_loss: str = "2 points") -> Road:
    return replace(road, rules=road.rules.model_copy(update={"golden": name, "max_loss": max_loss}))


def held(store: Store, failed: int, of_champion: int = 0, **rules: Any) -> Entered:
    """Return what the gate says of a version that failed so many examples of the set."""
    blobs = MemoryBlobs()
    road = on_golden(road_of(store, "1.0.1"), **rules)
    frozen_set(store, blobs, N)
    expose(
        store,
        blobs,
        scores(N, failed),
        champion=CHAMPION,
        champion_scores=scores(N, of_champion),
    )
    return enter(road)


@pytest.mark.parametrize(
    ("failed", "of_champion", "result"),
    [(0, 0, "passed"), (0, 30, "passed"), (60, 0, "stopped"), (6, 0, "waits")],
)
def test_the_bound_of_the_gain_decides(
    embedded: Store, failed: int, of_champion: int, result: str
) -> None:
    found = held(embedded, failed, of_champion)
    assert found.result == result
    evidence = found.evidence["versions"][TRIED]
    assert evidence["exposure"] == "airline~000001"
    assert evidence["maxLoss"] == 0.02
    assert (evidence["gain"]["low"] > -0.02, evidence["gain"]["high"] < -0.02) == (
        result == "passed",
        result == "stopped",
    )


@pytest.mark.parametrize(
    ("allowed", "result"), [("5 points", "passed"), ("10 %", "passed"), ("4 %", "waits")]
)
def test_a_relative_loss_is_a_part_of_the_champions_mean(
    embedded: Store, allowed: str, result: str
) -> None:
    # The champion's mean is 0.5; 10 % of it are 5 points, and 4 % are 2.
    assert held(embedded, 306, 300, max_loss=allowed).result == result


def test_without_a_set_in_the_rules_it_is_not_asked(embedded: Store) -> None:
    assert enter(road_of(embedded, "1.0.1")).result == "not_asked"


def test_it_waits_for_the_set_and_for_a_result_beside_this_champion(embedded: Store) -> None:
    blobs = MemoryBlobs()
    road = on_golden(road_of(embedded, "1.0.1"))
    assert (enter(road).result, enter(road).reasons[0][:30]) == (
        "waits",
        "there is no golden set airline",
    )
    frozen_set(embedded, blobs)
    command = f"ratchet golden record {NAME} {TRIED} --champion {CHAMPION} --scores FILE"
    for _ in range(2):
        found = enter(road)
        assert found.result == "waits"
        assert found.reasons[0].endswith(f"{command} --champion-scores FILE")
        expose(embedded, blobs, scores(4))  # alone: it is beside no champion


def test_a_look_past_the_budget_justifies_nothing(embedded: Store) -> None:
    blobs = MemoryBlobs()
    road = on_golden(road_of(embedded, "1.0.1"))
    frozen_set(embedded, blobs, N, budget=1)
    expose(embedded, blobs, scores(N), CHAMPION)
    expose(embedded, blobs, scores(N), champion=CHAMPION, purpose="look")
    found = enter(road)
    assert found.result == "waits"
    assert "past the budget of 1 looks" in found.reasons[0]


def test_where_the_budget_is_spent_no_look_is_advised(embedded: Store) -> None:
    blobs = MemoryBlobs()
    road = on_golden(road_of(embedded, "1.0.1"))
    frozen_set(embedded, blobs, budget=1)
    expose(embedded, blobs, scores(4), CHAMPION)
    (reason,) = enter(road).reasons
    assert reason.endswith("the budget of 1 looks is spent, freeze a new set")
    assert "golden record" not in reason


@pytest.mark.parametrize(("failed", "result"), [(0, "passed"), (60, "stopped"), (None, "waits")])
def test_of_several_versions_the_worst_decides(
    embedded: Store, failed: int | None, result: str
) -> None:
    blobs = MemoryBlobs()
    road = on_golden(road_of(embedded, "1.0.1", "1.0.2"))
    frozen_set(embedded, blobs, N)
    beside: dict[str, Any] = {"champion": CHAMPION, "champion_scores": scores(N)}
    expose(embedded, blobs, scores(N), **beside)
    if failed is not None:
        expose(embedded, blobs, scores(N, failed), f"{POLICY}@1.0.2", **beside)
    found = enter(road)
    assert (found.result, len(found.reasons)) == (result, 2)


def test_a_set_changed_by_hand_lets_nothing_through(embedded: Store) -> None:
    blobs = MemoryBlobs()
    road = on_golden(road_of(embedded, "1.0.1"))
    frozen_set(embedded, blobs, N)
    expose(embedded, blobs, scores(N), champion=CHAMPION, champion_scores=scores(N))
    assert enter(road).result == "passed"
    changed = get_golden(embedded, KEYS, NAME).to_map() | {"reason": "better"}
    embedded.set(Ref(GOLDEN_SETS, NAME), changed)
    found = enter(road)
    assert found.result == "waits"
    assert "changed by hand" in found.reasons[0]


def test_a_tuners_draft_waits_at_the_gate_until_its_look_justifies_it(embedded: Store) -> None:
    blobs = MemoryBlobs()
    road_of(embedded, "1.0.1")
    frozen_set(embedded, blobs, N)
    rules = ClassRules(gates=("golden",), golden=NAME)
    configure(embedded, Gates(allocation=rules))
    made = machine_draft(embedded, 0.5)

    def carried() -> Carried:
        return carry_draft(embedded, KEYS, reader(embedded), made, salt=lambda: SALT, now=NOON)

    first = carried()
    assert (first.decision, "has no result on airline" in first.reasons[0]) == ("proposed", True)
    beside: dict[str, Any] = {"champion": CHAMPION, "champion_scores": scores(N)}
    expose(embedded, blobs, scores(N), made.key(), **beside)
    assert carried().decision == "activated"
    entry = entries(embedded)[-1]
    assert entry.evidence["gates"]["golden"]["versions"][made.key()]["exposure"] == "airline~000001"
