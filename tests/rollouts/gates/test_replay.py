"""The replay gate: what it passes and stops, when it waits, and when it is not asked."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ratchet.policies.version import PolicyVersion, Proposal
from ratchet.rollouts.gates.gate import Entered, Road
from ratchet.rollouts.gates.replay import enter, judged
from ratchet.rollouts.profile import Profile, Wanted
from ratchet.rollouts.replay_document import REPLAYS
from ratchet.rollouts.replay_store import get_replay
from ratchet.rollouts.road import open_road
from ratchet.rollouts.rollout import Challenger
from ratchet.store.port import Query, Store
from tests.support.drawn import (
    ACTIVE,
    ALIKE,
    GEMINI_BETTER,
    GEMINI_WORSE,
    MORE_GEMINI,
    Drawn,
    drawn,
)
from tests.support.governed import KEYS, PARAMS, draft, machine_draft

HOUR = timedelta(hours=1)


def entered(it: Drawn, *others: PolicyVersion, of: PolicyVersion | None = None) -> Entered:
    return enter(road_of(it, of or it.draft, *others))


def road_of(it: Drawn, *versions: PolicyVersion) -> Road:
    tried = [Challenger(arm=v.version, version=v.key()) for v in versions or (it.draft,)]
    return open_road(it.store, KEYS, it.worker.reader, ACTIVE, tried, now=it.worker.clock())


@pytest.mark.parametrize(
    ("rates", "n", "result"),
    [
        (GEMINI_BETTER, 400, "passed"),
        (GEMINI_WORSE, 400, "stopped"),
        (ALIKE, 160, "waits"),
        (ALIKE, 2000, "passed"),
    ],
)
def test_the_bound_of_the_difference_decides(
    embedded: Store, rates: Mapping[str, float], n: int, result: str
) -> None:
    it = drawn(embedded)
    for _ in range(max(1, n // 400)):
        it.serve(rates, min(n, 400))
    found = entered(it)
    assert found.result == result
    difference = found.evidence["difference"]
    assert (difference["low"] > -0.02, difference["high"] < -0.02) == {
        "passed": (True, False),
        "stopped": (False, True),
        "waits": (False, False),
    }[result]


def test_the_evidence_names_the_replay_that_it_is_of(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER)
    found = entered(it)
    replay = get_replay(embedded, KEYS, found.evidence["replay"])
    kept = replay.result.difference["sndr"]
    assert found.evidence["difference"] == {"value": kept.value, "low": kept.low, "high": kept.high}
    assert found.evidence["maxLoss"] == 0.02
    assert replay.id in found.reasons[0]


def test_what_a_log_does_not_tell_of_is_said(embedded: Store) -> None:
    it = drawn(embedded, MORE_GEMINI | {"latencyTargetMs": 2600})
    it.serve(GEMINI_BETTER)
    found = entered(it)
    assert (found.result, found.reasons[1:]) == (
        "passed",
        ("a log says nothing of latencyTargetMs",),
    )


@pytest.mark.parametrize(
    ("goal", "said"), [("loss:grounding", True), ("corrected", True), ("quality", False)]
)
def test_a_goal_that_a_log_cannot_value_is_named_and_rewards_are_replayed(
    embedded: Store, goal: str, said: bool
) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER)
    found = enter(replace(road_of(it), profile=Profile(goal=Wanted(metric=goal))))
    note = f"a log says nothing of {goal}: rewards are replayed"
    assert found.result == "passed"
    assert (note in found.reasons) == said


@pytest.mark.parametrize(
    ("allowed", "result"),
    [("30 points", "passed"), ("3 points", "stopped"), ("12 points", "waits"), ("90 %", "passed")],
)
def test_how_much_may_be_lost_is_the_rules_in_points_or_as_a_part_of_the_reward(
    embedded: Store, allowed: str, result: str
) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_WORSE)  # about 0.12 is lost, of 0.56
    assert judged(it.replay(), allowed).result == result


@pytest.mark.parametrize(("n", "why"), [(0, "no draw of these arms yet"), (20, "at least 50")])
def test_a_log_that_is_too_short_yet_is_waited_for(embedded: Store, n: int, why: str) -> None:
    it = drawn(embedded)
    if n:
        it.serve(GEMINI_WORSE, n)
    found = entered(it)
    assert found.result == "waits"
    assert why in found.reasons[0]
    assert embedded.query(Query(REPLAYS)) == []


def test_a_log_without_exploration_is_waited_for(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER, 200, propensity=1.0)
    assert entered(it).result == "waits"


def test_where_no_chance_was_ever_logged_it_is_not_asked(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_WORSE, 200, propensity=None)
    found = entered(it)
    assert (found.result, found.reasons) == (
        "not_asked",
        ("modelWeights: no observation names the chance of its arm",),
    )


@pytest.mark.parametrize("changed", [{"latencyTargetMs": 2600}, {"prompts": {"system": "be kind"}}])
def test_what_no_log_can_tell_is_not_asked(embedded: Store, changed: dict[str, Any]) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_BETTER, 200)
    other = draft(embedded, PARAMS | changed)
    found = entered(it, of=other)
    assert found.result == "not_asked"
    assert other.key() in found.reasons[0]


def test_several_versions_at_once_are_not_asked(embedded: Store) -> None:
    it = drawn(embedded)
    other = draft(embedded, PARAMS | {"latencyTargetMs": 2600})
    assert entered(it, other).result == "not_asked"


def test_what_the_tuner_cut_off_as_of_another_time_is_not_asked_about(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(GEMINI_WORSE)
    it.worker.later(3 * HOUR)
    it.serve(GEMINI_BETTER)
    why = Proposal(tuner="weights", reasons=("it got better",), window_hours=1)
    made = machine_draft(embedded, 0.4, proposal=why, now=it.worker.clock())
    assert entered(it, of=made).result == "passed"
    it.worker.later(HOUR)  # and what came since it was made is of now
    it.serve(GEMINI_BETTER)
    read = [
        get_replay(embedded, KEYS, entered(it, of=version).evidence["replay"]).log.rows
        for version in (made, it.draft)
    ]
    assert read == [800, 1200]
