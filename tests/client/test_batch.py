import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from ratchet.client.batch import MAX_ITEM, Batch, camel, observation_text
from ratchet.kernel.clock import from_millis
from ratchet.kernel.errors import InvalidInput
from ratchet.observe.exposure import Exposure, check_sent
from ratchet.observe.observation import Observation, check_item

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PLAIN: dict[str, Any] = {"component": "planner", "outcome": "success"}


def encoded(**fields: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(observation_text(PLAIN | fields, NOON))
    return data


def test_python_names_become_wire_names_and_unknowns_are_left_out() -> None:
    found = encoded(duration_ms=3.5, tokens_in=1, costUsd=0.1, quality=None)
    assert found == PLAIN | {
        "durationMs": 3.5,
        "tokensIn": 1,
        "costUsd": 0.1,
        "ts": 1767355200000,
    }


def test_the_keys_inside_meta_are_left_alone() -> None:
    assert encoded(meta={"user_tier": {"a_b": 1}})["meta"] == {"user_tier": {"a_b": 1}}


def test_a_ts_may_be_a_datetime_or_milliseconds() -> None:
    assert encoded(ts=from_millis(1500))["ts"] == 1500
    assert encoded(ts=1500)["ts"] == 1500
    assert encoded(ts=1500.9)["ts"] == 1500


def test_the_scalars_of_measuring_code_are_taken() -> None:
    found = encoded(duration_ms=np.float32(2.5), tokens_in=np.int64(7), cost_usd=Decimal("0.25"))
    assert (found["durationMs"], found["tokensIn"], found["costUsd"]) == (2.5, 7, 0.25)


@pytest.mark.parametrize(
    "fields",
    [
        {"component": ""},
        {"outcome": None},
        {"component": 3},
        {"quality": float("nan")},
        {"ts": datetime(2026, 1, 1)},  # noqa: DTZ001 (naive on purpose)
        {"meta": {"x": object()}},
        {"meta": {"x": "\ud800"}},
        {"meta": {"x": {1, 2}}},
        {"unit": "x" * (MAX_ITEM + 1)},
    ],
)
def test_what_has_no_place_on_the_wire_is_an_error(fields: dict[str, Any]) -> None:
    with pytest.raises((InvalidInput, TypeError, ValueError)):
        observation_text(PLAIN | fields, NOON)


def test_every_field_of_an_observation_passes_the_service_under_its_python_name() -> None:
    fields: dict[str, Any] = {
        "quality": 0.5,
        "confidence": 0.5,
        "duration_ms": 1.0,
        "tokens_in": 1,
        "tokens_out": 1,
        "cost_usd": 0.1,
        "retries": 1,
        "error_code": "x",
        "policy_version": "p@1.0.0",
        "intended_version": "p@1.0.0",
        "arm": "a",
        "propensity": 0.5,
        "fallback_from": "b",
        "weight": 2,
        "unit": "u",
        "rollout_id": "r",
        "rollout_arm": "control",
        "rollout_step": 1,
        "exposed_at": NOON,
        "paired": ("1.0.1",),
        "run_id": "r",
        "meta": {"a": 1},
    }
    others = {"kind", "ts", "component", "outcome", "shadow"}  # a shadow is not paired
    assert set(fields) | others == set(Observation.model_fields)
    found = check_item(encoded(**fields), 0, now=NOON)
    assert isinstance(found, Observation)
    assert found.model_dump(include=set(fields)) == fields


EXPOSED: dict[str, Any] = {
    "kind": "exposure",
    "rollout_id": "r1",
    "step": 0,
    "rollout_arm": "control",
    "unit": "u1",
    "propensity": 0.9,
}


def test_an_exposure_passes_the_service_under_its_python_names() -> None:
    fields = EXPOSED | {"intended_version": "p@1.0.0"}
    assert set(fields) | {"ts"} == set(Exposure.model_fields)
    found = check_sent(json.loads(observation_text(fields, NOON)), 0, now=NOON)
    assert isinstance(found, Exposure)
    assert found.model_dump() == fields | {"ts": NOON}


@pytest.mark.parametrize("field", sorted(set(EXPOSED) - {"kind"}))
def test_an_exposure_that_lacks_a_field_is_an_error_that_names_it(field: str) -> None:
    with pytest.raises(InvalidInput, match="an exposure without") as raised:
        observation_text(EXPOSED | {field: None}, NOON)
    assert raised.value.field == camel(field)


@pytest.mark.parametrize("given", [PLAIN, EXPOSED])
def test_what_should_be_text_and_is_none_is_not_called_missing(given: dict[str, Any]) -> None:
    field = "component" if given is PLAIN else "unit"
    with pytest.raises(InvalidInput, match=rf"whose {field} is int, not text") as raised:
        observation_text(given | {field: 12345}, NOON)
    assert (raised.value.field, raised.value.mend) == (field, f"give {field} as text")
    with pytest.raises(InvalidInput, match=rf"without {field}"):
        observation_text(given | {field: ""}, NOON)


def test_an_instant_that_an_exposure_brings_is_kept() -> None:
    assert json.loads(observation_text(EXPOSED | {"ts": 1500}, NOON))["ts"] == 1500


def test_when_a_unit_met_its_arm_may_be_a_datetime_too() -> None:
    assert encoded(exposed_at=from_millis(1500))["exposedAt"] == 1500
    with pytest.raises(InvalidInput, match="exposedAt has no time zone") as raised:
        encoded(exposed_at=datetime(2026, 1, 1))  # noqa: DTZ001 (naive on purpose)
    assert raised.value.field == "exposedAt"


def test_a_body_reads_back_to_the_same_bytes() -> None:
    batch = Batch.of("b1", [PLAIN | {"meta": {"ä": [1.5, None, True]}}, PLAIN])
    assert Batch.from_body(batch.body()) == batch
    assert Batch.from_body(batch.body()).body() == batch.body()
    assert len(batch) == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id":"x","observations":3}', b"\xff"])
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        Batch.from_body(body)


def test_the_observations_of_a_batch_are_fresh_maps() -> None:
    batch = Batch.of("b1", [PLAIN])
    batch.observations[0]["component"] = "changed"
    assert batch.observations == [PLAIN]
