"""The whole way once more, on a Firestore that fails at one call: nothing is lost or done twice."""

from collections.abc import Callable
from typing import Literal

import pytest

from ratchet.entry.wiring import serving
from ratchet.kernel.errors import AlreadyExists, RatchetError, Unavailable
from tests.emulator import way
from tests.emulator.cloud import Cloud
from tests.support.faults import Died, FaultyStore
from tests.support.functions import ADMIN, Answer
from tests.support.governed import (
    POLICY,
    alerts,
    assert_agreement,
    entries,
    head_of,
    statuses,
)
from tests.support.observing import reward_of
from tests.support.recount import check, pairs

pytestmark = pytest.mark.emulator
When = Literal["before", "after"]
PLACES = 4  # of each kind of fault; the first issue's tests try every one, without the functions


def roll_back_by_hand(cloud: Cloud) -> None:
    cloud.status("1.0.1", "archived")
    cloud.status("1.0.0", "active")


def settle(cloud: Cloud) -> None:
    cloud.settle()


def rollback(cloud: Cloud) -> Answer:
    asked = {"id": POLICY, "version": "1.0.1"}
    return cloud.functions.send("rollback", actor=ADMIN, json=asked)


# Whatever of it failed is asked again, as clients, Cloud Scheduler and Eventarc do.
DAY: list[Callable[[Cloud], Answer | None]] = [
    lambda c: way.send(c, "b1", 12, policyVersion=f"{POLICY}@1.0.0"),
    lambda c: way.tick(c, "score_observations"),
    lambda c: way.grade(c, "b1.3", 0.5),
    lambda c: way.propose(c, "1.0.1", latencyTargetMs=2600),
    lambda c: way.activate(c, "1.0.1"),
    settle,
    lambda c: way.send(c, "b2", 5, component="planner", policyVersion=f"{POLICY}@1.0.1"),
    lambda c: way.tick(c, "score_observations"),
    lambda c: way.tick(c, "roll_stats"),
    roll_back_by_hand,
    settle,
    rollback,
    lambda c: way.switch(c, enabled=False),
    lambda c: way.tick(c, "auto_tune_policies"),
    lambda c: way.tick(c, "sweep"),
    settle,
    lambda c: way.tick(c, "verify_audit"),
]


def live(cloud: Cloud, die_at: int | None, when: When, error: RatchetError | None) -> list[str]:
    """Live through the day on a store that fails once; return the calls that it had."""
    cloud.start()
    cloud.seeded()
    cloud.settle()
    faulty = FaultyStore(cloud.store, die_at, when, error)
    for step in DAY:
        for _ in range(3):  # a fault strikes once; each repetition is a fresh process
            with serving(cloud.process(faulty)):
                try:
                    answer = step(cloud)
                except Died:
                    continue
            if answer is None or answer.status < 500:
                break
        assert answer is None or answer.status == 200 or is_there(answer), answer.body
    return faulty.log


def is_there(answer: Answer) -> bool:
    """Say whether a proposal landed before its proposer died: the number is taken."""
    error = answer.error
    return error["details"]["code"] == AlreadyExists.code and POLICY in error["message"]


def prove(cloud: Cloud) -> None:
    """Fail unless each observation was scored once and the versions and the chain agree."""
    store = cloud.store
    expected = sorted([f"b1.{i}" for i in range(12)] + [f"b2.{i}" for i in range(5)])
    assert sorted(key for key, *_ in pairs(store)) == expected
    check(store)
    # 0.25 for a success, 0.6 of the quality, and 0.25 * 900/4000 off for the latency.
    assert reward_of(store, "b1.3")["score"] == 0.25 + 0.6 * 0.5 - 0.05625
    assert head_of(store).active == "1.0.1"
    assert statuses(store) == {"1.0.0": "archived", "1.0.1": "active"}
    moves = [(e.action, e.to, e.actor_kind) for e in entries(store)[2:]]
    assert moves == [
        ("propose", f"{POLICY}@1.0.1", "person"),
        ("activate", "1.0.1", "person"),
        ("rollback", "1.0.0", "console"),
        ("rollback", "1.0.1", "person"),
    ]
    assert_agreement(store)
    assert alerts(store) == []
    assert cloud.read("config/flags")["learning"]["enabled"] is False
    with serving(cloud.process()):
        assert way.resolve(cloud).body["version"] == f"{POLICY}@1.0.1"


@pytest.mark.parametrize(
    ("when", "error", "calls"),
    [
        pytest.param("before", Unavailable("no answer"), "commit", id="a commit fails"),
        pytest.param("after", Unavailable("no answer"), "commit", id="a commit is reported lost"),
        pytest.param("before", None, "", id="a worker dies before a call"),
        pytest.param("after", None, "", id="a worker dies after a call"),
    ],
)
def test_a_fault_on_the_way_loses_nothing_and_does_nothing_twice(
    cloud: Cloud, when: When, error: RatchetError | None, calls: str
) -> None:
    made = live(cloud, None, when, None)
    prove(cloud)
    places = [n for n, name in enumerate(made, 1) if name.startswith(calls)]
    assert len(places) >= 2 * PLACES
    step = len(places) // PLACES
    for place in places[step // 2 :: step]:
        live(cloud, place, when, error)
        prove(cloud)
