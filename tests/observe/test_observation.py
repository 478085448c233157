"""An observation is checked field by field; what is wrong is named."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.kernel.clock import millis
from ratchet.observe.observation import (
    AHEAD,
    MAX_ITEM_BYTES,
    RETENTION,
    Observation,
    Rejection,
    check_item,
    item_ids,
    items_of,
    split_id,
)
from tests.support.observing import NOON, observation

SECOND = timedelta(seconds=1)

# field -> values that are refused by that field's name.
BAD: dict[str, list[Any]] = {
    "ts": [None, "2026-03-10T12:00:00Z", 1.5, True, 10**18, -(10**18), NOON.replace(tzinfo=None)],
    "component": [None, "", 5, "a b", "-a", "a~b", "ü", "a" * 121, "a\n"],
    "outcome": [None, "ok", "SUCCESS", 1],
    "quality": [-0.01, 1.01, "0.5", float("nan"), True],
    "confidence": [-0.01, 1.01, float("inf")],
    "durationMs": [-1, 7 * 86_400_000 + 1, float("nan"), float("inf"), "12"],
    "tokensIn": [-1, 1.5, 10**9 + 1, "3"],
    "tokensOut": [-1, 10**9 + 1],
    "costUsd": [-0.001, 10_001, float("nan"), float("-inf")],
    "retries": [-1, 1001, 0.5],
    "errorCode": ["", "x" * 65, 429, "\ud800", "__", "___", "__x__"],
    "policyVersion": ["", "a b", 1],
    "intendedVersion": [""],
    "arm": ["", "a" * 121],
    "propensity": [0, -0.1, 1.1, float("nan")],
    "fallbackFrom": [""],
    "weight": [0, 1001, 1.0, "2"],
    "unit": ["", "u" * 257, 7],
    "rolloutId": ["", "a b"],
    "rolloutArm": ["", "a b", 1],
    "rolloutStep": [-1, 100, 1.0, "0"],
    "exposedAt": ["2026-03-10T12:00:00Z", 1.5, 10**18],
    "shadow": ["yes", 1],
    "paired": ["1.0.1", 1, {"a": 1}],
    "kind": ["exposure", "", None, 1],
    "runId": [""],
    "meta": [[1], "text", {"a": {"b": {"c": {"d": {"e": 1}}}}}, {"a": "x" * MAX_ITEM_BYTES}],
    "latencyMs": [3],  # a field that there is not
}


def refused(**fields: Any) -> Rejection:
    found = check_item(observation() | fields, 3, now=NOON)
    assert isinstance(found, Rejection), f"{fields} was taken"
    return found


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in BAD.items() for value in values]
)
def test_a_bad_field_is_named_with_its_item_and_a_reason(field: str, value: Any) -> None:
    found = refused(**{field: value})
    assert (found.index, found.field) == (3, field)
    assert found.reason


@pytest.mark.parametrize("field", ["ts", "component", "outcome"])
def test_a_missing_field_is_named(field: str) -> None:
    raw = observation()
    del raw[field]
    found = check_item(raw, 0, now=NOON)
    assert isinstance(found, Rejection)
    assert (found.field, found.reason) == (field, "Field required")


@pytest.mark.parametrize(
    ("meta", "field"),
    [
        ({"wide": 2**64}, "wide"),
        ({"odd": float("nan")}, "odd"),
        ({"odd": [1.0, float("inf")]}, "odd"),
        ({"__t__": 1}, "__t__"),
        ({"grid": [[1], [2]]}, "grid"),
    ],
)
def test_what_the_store_could_not_hold_is_refused_before_it_gets_there(
    meta: dict[str, Any], field: str
) -> None:
    assert field in refused(meta=meta).field


def test_nesting_without_end_is_refused_and_not_a_crash() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"d": deep}
    assert refused(meta=deep).field.startswith("meta")


@pytest.mark.parametrize("raw", [None, 5, "text", [1], [["ts", 1]]])
def test_what_is_no_object_is_refused_whole(raw: Any) -> None:
    found = check_item(raw, 2, now=NOON)
    assert found == Rejection(index=2, field="(whole)", reason="an observation is a JSON object")


def test_an_instant_may_be_ten_minutes_ahead_and_as_old_as_the_retention() -> None:
    for ts in (NOON + AHEAD, NOON - RETENTION):
        assert isinstance(check_item(observation(ts), 0, now=NOON), Observation)
    assert "ahead of the clock" in refused(ts=millis(NOON + AHEAD + SECOND)).reason
    assert "retention of 30 days" in refused(ts=millis(NOON - RETENTION - SECOND)).reason


ROLLOUT: dict[str, Any] = {"rolloutId": "r1", "rolloutStep": 0, "rolloutArm": "control"}


@pytest.mark.parametrize("field", ROLLOUT)
def test_the_arm_of_a_rollout_its_step_and_its_rollout_come_together(field: str) -> None:
    assert isinstance(check_item(observation(**ROLLOUT), 0, now=NOON), Observation)
    rest = {name: value for name, value in ROLLOUT.items() if name != field}
    assert refused(**rest).field == field


def test_a_rollout_may_be_named_without_an_arm() -> None:
    assert isinstance(check_item(observation(rolloutId="r1"), 0, now=NOON), Observation)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"paired": ["a"], "shadow": True}, "not served"),
        ({"paired": ["a", "b", "c", "d", "e"]}, "at most 4"),
        ({"paired": ["a", "b", "a"]}, "twice"),
        ({"paired": ["control"]}, "twice, or the one that was served"),
        ({"paired": ["a b"]}, "letters, digits"),
    ],
)
def test_shadows_run_beside_what_is_served_four_at_most_and_each_once(
    fields: dict[str, Any], reason: str
) -> None:
    found = refused(**ROLLOUT | fields)
    assert found.field.startswith("paired")
    assert reason in found.reason
    four = check_item(observation(**ROLLOUT, paired=["a", "b", "c", "d"]), 0, now=NOON)
    assert isinstance(four, Observation)


def test_shadows_beside_what_is_in_no_arm_are_refused() -> None:
    assert refused(paired=["a"]).field == "paired"


def test_a_unit_met_its_arm_at_most_ten_minutes_after_its_outcome_and_not_in_1970() -> None:
    days = timedelta(days=1)
    for met in (NOON + AHEAD, NOON, NOON - 40 * days):
        taken = check_item(observation(**ROLLOUT, exposedAt=millis(met)), 0, now=NOON)
        assert isinstance(taken, Observation)
        assert taken.exposed_at == met
    late = refused(exposedAt=millis(NOON + AHEAD + SECOND))
    assert (late.field, late.reason) == ("exposedAt", "more than 10 minutes after ts")
    seconds = refused(exposedAt=millis(NOON) // 1000)
    assert (seconds.field, "milliseconds" in seconds.reason) == ("exposedAt", True)


def test_the_last_instant_there_is_is_refused_and_not_a_crash() -> None:
    last = 253_402_300_799_999
    assert refused(ts=last, exposedAt=last).field == "ts"
    assert refused(ts=last, exposedAt=millis(NOON)).field == "exposedAt"


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=29), -AHEAD])
def test_an_instant_in_seconds_is_told_from_an_old_one(age: timedelta) -> None:
    reason = refused(ts=millis(NOON - age) // 1000).reason
    assert reason.startswith("older than the retention of 30 days: it looks like seconds since")
    assert reason.endswith("milliseconds are wanted")


@pytest.mark.parametrize(
    "ts",
    [
        millis(NOON - timedelta(days=31)),  # old, in milliseconds
        millis(NOON - timedelta(days=31)) // 1000,  # old, in seconds
        millis(NOON + 2 * AHEAD) // 1000,
        0,
        -(10**12),
    ],
)
def test_an_instant_that_is_old_either_way_is_only_old(ts: int) -> None:
    assert refused(ts=ts).reason == "older than the retention of 30 days"


FULL = {
    "ts": millis(NOON),
    "component": "router:gpt-5",
    "outcome": "timeout",
    "quality": 0.5,
    "confidence": 1.0,
    "durationMs": 12.5,
    "tokensIn": 3,
    "tokensOut": 0,
    "costUsd": 0.001,
    "retries": 2,
    "errorCode": "429 too many",
    "policyVersion": "p@1.0.0",
    "intendedVersion": "p@1.0.1",
    "arm": "gpt-5",
    "propensity": 0.25,
    "fallbackFrom": "claude",
    "weight": 10,
    "unit": "user-1",
    "rolloutId": "r1",
    "rolloutArm": "1.0.1",
    "rolloutStep": 99,
    "exposedAt": millis(NOON) - 1,
    "shadow": True,
    "runId": "run-1",
    "meta": {"region": "eu", "tags": ["a", {"b": None}]},
}


def test_every_field_of_the_data_model_is_stored_as_it_was_sent() -> None:
    found = check_item(FULL, 0, now=NOON)
    assert isinstance(found, Observation)
    at = {"ts": NOON, "exposedAt": NOON - timedelta(milliseconds=1)}
    assert found.to_map() == FULL | at
    served = {k: v for k, v in FULL.items() if k != "shadow"} | {"paired": ["1.0.2", "1.0.3"]}
    found = check_item(served, 0, now=NOON)
    assert isinstance(found, Observation)
    assert found.to_map() == served | at


def test_what_is_unknown_is_absent_and_defaults_are_left_out() -> None:
    given = observation(kind="observation", weight=1, shadow=False, costUsd=None, paired=[])
    found = check_item(given, 0, now=NOON)
    assert isinstance(found, Observation)
    assert found.to_map() == {"ts": NOON, "component": "router", "outcome": "success"}


def test_whole_numbers_do_for_fractions() -> None:
    found = check_item(observation(durationMs=12, costUsd=0, quality=1), 0, now=NOON)
    assert isinstance(found, Observation)
    assert (found.duration_ms, found.cost_usd, found.quality) == (12.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("b1.7", ("b1", 7)), ("b1", ("b1", None)), ("b1.", ("b1.", None)), ("b1.x", ("b1.x", None))],
)
def test_an_id_splits_into_document_and_index(text: str, parts: tuple[str, int | None]) -> None:
    assert split_id(text) == parts


def test_items_keep_the_numbers_they_were_sent_with() -> None:
    a, b = {"component": "a"}, {"component": "b"}
    assert items_of(a) == [a]
    assert items_of({"items": [a, b]}) == [a, b]
    assert item_ids("s", a) == ["s"]
    assert item_ids("b", {"items": [a, b]}) == ["b.0", "b.1"]
    assert item_ids("b", {"items": [a, b], "indexes": [2, 5]}) == ["b.2", "b.5"]
    assert items_of({"items": []}) == []
    assert item_ids("b", {"items": []}) == []
