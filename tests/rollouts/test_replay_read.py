"""The stored log of a param's arms: which observations are rows, and what is said of the others."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.observe.reward import RewardConfig, Weights
from ratchet.policies.history import get_version
from ratchet.rollouts import replay_read
from ratchet.rollouts.replay_document import question_of
from ratchet.rollouts.replay_read import Log, read_log
from ratchet.rollouts.replay_store import period_of
from ratchet.store.port import Store
from tests.support.drawn import ACTIVE, ALIKE, Drawn, drawn
from tests.support.governed import KEYS, PARAMS, POLICY, draft, promote
from tests.support.observing import configure

DRAW: dict[str, Any] = {
    "component": "router:gemini",
    "arm": "gemini",
    "propensity": 0.25,
    "outcome": "success",
}
HOUR = timedelta(hours=1)


def log_of(it: Drawn, **options: Any) -> Log:
    champion = get_version(it.store, KEYS, POLICY, "1.0.0")
    period = period_of(it.store, it.worker.reader, now=it.worker.clock(), **options)
    question = question_of(champion, it.draft)
    return read_log(it.store, KEYS, it.worker.reader, champion, question, period)


def test_a_row_is_what_was_drawn_by_a_chance_that_is_named(store: Store) -> None:
    it = drawn(store)
    it.send("b", [it.item(**DRAW, unit="ada", weight=3), it.item(**DRAW)])
    chunk = log_of(it).chunk
    assert chunk.arm.tolist() == ["gemini", "gemini"]
    assert chunk.reward.tolist() == [0.85, 0.85]
    assert chunk.propensity is not None
    assert chunk.propensity.tolist() == [0.25, 0.25]
    assert chunk.count is not None
    assert chunk.count.tolist() == [3.0, 1.0]
    assert len(set(chunk.unit.tolist())) == 2


def test_what_is_no_row_is_counted_by_why(embedded: Store) -> None:
    it = drawn(embedded)
    of_rollout = {"rolloutId": "r1", "rolloutStep": 0, "unit": "u"}
    it.send(
        "b",
        [
            it.item(**DRAW),
            it.item(**DRAW | {"propensity": None}),
            it.item(**DRAW | {"arm": None}),
            it.item(**DRAW | {"arm": "gpt-5"}),
            it.item(**DRAW, fallbackFrom="gpt-5"),
            it.item(**DRAW, shadow=True),
            it.item(**DRAW, **of_rollout, rolloutArm="1.0.1"),
            it.item(**DRAW, **of_rollout, rolloutArm="control"),
            it.item(**DRAW, policyVersion="another@1.0.0"),
            it.item(**DRAW | {"component": "planner"}),
        ],
    )
    read = log_of(it).read
    assert read.rows == 2
    assert read.passed_over == {
        "challenger": 1,
        "fallback": 1,
        "noPropensity": 2,
        "otherArm": 1,
        "otherVersion": 1,
        "shadow": 1,
    }


@pytest.mark.parametrize(("fields", "undrawn"), [({"propensity": None}, True), ({}, False)])
def test_a_log_whose_arms_never_name_their_chance_says_so(
    embedded: Store, fields: dict[str, Any], undrawn: bool
) -> None:
    it = drawn(embedded)
    assert not log_of(it).is_undrawn
    it.serve(ALIKE, 20, **fields)
    assert log_of(it).is_undrawn is undrawn


def test_versions_of_the_same_behaviour_count_and_other_ones_do_not(store: Store) -> None:
    it = drawn(store)
    other = draft(store, PARAMS | {"prompts": {"system": "be kind"}})
    versions = [ACTIVE, it.draft.key(), None, other.key(), f"{POLICY}@7.0.0"]
    it.send("b", [it.item(**DRAW, policyVersion=version) for version in versions])
    promote(store, other.version)
    assert log_of(it).read.rows == 3


def test_rewards_of_another_epoch_and_what_has_none_are_passed_over(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(ALIKE, 20)
    configure(embedded, RewardConfig(weights=Weights(error=0.5)))
    it.worker = type(it.worker)(embedded, it.worker.clock)
    it.serve(ALIKE, 40)
    it.worker.batch("unscored", [it.item(**DRAW)])
    it.worker.later()
    assert log_of(it).read.passed_over == {"otherEpoch": 20, "unscored": 1}
    assert log_of(it).read.rows == 40


def test_what_came_in_before_the_period_is_not_read(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(ALIKE, 20)
    it.worker.later(2 * HOUR)
    it.serve(ALIKE, 40)
    assert log_of(it, hours=1.0).read.rows == 40
    assert log_of(it).read.rows == 60


def test_rows_come_newest_first_whatever_their_shard(store: Store) -> None:
    it = drawn(store, shards=4)
    for weight in (1, 2, 3, 4, 5):
        it.send(f"batch-{weight}", [it.item(**DRAW, weight=weight)])
    count = log_of(it).chunk.count
    assert count is not None
    assert count.tolist() == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(("name", "limit"), [("MAX_ROWS", 50), ("MAX_DOCUMENTS", 3)])
def test_a_long_log_is_read_no_further_than_a_replay_needs_in_whole_documents(
    embedded: Store, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(replay_read, name, limit)
    monkeypatch.setattr(replay_read, "PAGE", 2)
    it = drawn(embedded)
    for _ in range(5):
        it.serve(ALIKE, 20)
    read = log_of(it).read
    assert (read.documents, read.rows, read.left_out) == (3, 60, 2)


def test_a_log_that_was_read_whole_leaves_nothing_out(embedded: Store) -> None:
    it = drawn(embedded)
    it.serve(ALIKE, 20)
    read = log_of(it).read
    assert (read.documents, read.left_out, list(read.hours)) == (1, 0, ["2026031012"])


def test_a_late_grade_changes_the_hash_of_its_hour_alone(embedded: Store) -> None:
    it = drawn(embedded)
    first = it.serve(ALIKE, 20)
    it.worker.later(HOUR)
    it.serve(ALIKE, 20)
    before = log_of(it).read.hours
    it.worker.feedback({"obsId": f"{first}.0", "source": "ada", "grade": 0.5})
    it.worker.later()
    it.worker.fold()
    after = log_of(it).read.hours
    assert [hour for hour in before if before[hour] != after[hour]] == ["2026031012"]
    assert after["2026031012"].rows == 20
