"""The nights of an agent's judges, the latest first."""

import pytest

from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.labels.judge_weight import JudgeWeightNight
from ratchet.labels.weight_history import all_weights, weight_history
from ratchet.store.port import Ref, Store
from tests.support.judge_nights import DAY, judge_all, label_all, night
from tests.support.observing import NOON


def test_nights_are_listed_by_agent_judge_and_time(store: Store) -> None:
    label_all(store)
    for judge in ("wise", "new"):
        judge_all(store, judge)
    for day in range(3):
        night(store, NOON + day * DAY)
    found = weight_history(store, "router", limit=4)
    assert [one.ts for one in found] == [NOON + day * DAY for day in (2, 2, 1, 1)]
    own = weight_history(store, "router", "wise", limit=9, since=NOON + DAY)
    assert [(one.judge, one.ts) for one in own] == [("wise", NOON + d * DAY) for d in (2, 1)]
    assert weight_history(store, "another", limit=9) == []
    assert [one.judge for one in all_weights(store)] == ["new", "wise"]
    store.set(Ref(JudgeWeightNight.collection, "broken"), {"agent": "router", "ts": NOON})
    spoiled: list[RatchetError] = []
    assert len(weight_history(store, "router", limit=9, tell=spoiled.append)) == 6
    assert len(spoiled) == 1
    with pytest.raises(InvalidInput):
        weight_history(store, "router", limit=9)
