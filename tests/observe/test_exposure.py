"""An exposure is checked field by field, and told from an observation by its kind."""

from datetime import timedelta
from typing import Any

import pytest

from ratchet.client.batch import EXPOSURE
from ratchet.kernel.clock import millis
from ratchet.observe.exposure import KIND, Exposure, check_sent
from ratchet.observe.observation import AHEAD, RETENTION, Observation, Rejection
from tests.support.observing import NOON, exposure, observation

SECOND = timedelta(seconds=1)
NEEDED = ("ts", "rolloutId", "step", "rolloutArm", "unit", "propensity")

# field -> values that are refused by that field's name.
BAD: dict[str, list[Any]] = {
    "ts": [None, "2026-03-10T12:00:00Z", 1.5, True],
    "rolloutId": [None, "", "a b", "a" * 121],
    "step": [None, -1, 100, 1.0, "0", True],
    "rolloutArm": [None, "", "a~b", 1],
    "unit": [None, "", "u" * 257, 7, "\ud800"],
    "propensity": [None, 0, -0.1, 1.1, float("nan"), "0.5"],
    "intendedVersion": ["", 1],
    "kind": ["metric", "", None, 1, ["exposure"]],
    "component": ["router"],  # what only an observation has
    "outcome": ["success"],
}


def refused(raw: Any) -> Rejection:
    found = check_sent(raw, 3, now=NOON)
    assert isinstance(found, Rejection), f"{raw} was taken"
    return found


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in BAD.items() for value in values]
)
def test_a_bad_field_is_named_with_its_item_and_a_reason(field: str, value: Any) -> None:
    found = refused(exposure() | {field: value})
    assert (found.index, found.field) == (3, field)
    assert found.reason


@pytest.mark.parametrize("field", NEEDED)
def test_a_missing_field_is_named(field: str) -> None:
    found = refused({k: v for k, v in exposure().items() if k != field})
    assert (found.field, found.reason) == (field, "Field required")


def test_the_kind_tells_what_an_item_is_and_without_one_it_is_an_observation() -> None:
    assert isinstance(check_sent(exposure(), 0, now=NOON), Exposure)
    for kind in ({}, {"kind": "observation"}):
        assert isinstance(check_sent(observation() | kind, 0, now=NOON), Observation)
    assert "observation or exposure" in refused(observation(kind="metric")).reason
    assert refused({k: v for k, v in exposure().items() if k != "kind"}).field == "component"
    assert KIND == EXPOSURE  # the client has no model to take it from


def test_an_instant_may_be_ten_minutes_ahead_and_as_old_as_the_retention() -> None:
    for ts in (NOON + AHEAD, NOON - RETENTION):
        assert isinstance(check_sent(exposure(ts), 0, now=NOON), Exposure)
    assert "ahead of the clock" in refused(exposure(NOON + AHEAD + SECOND)).reason
    assert "retention of 30 days" in refused(exposure(NOON - RETENTION - SECOND)).reason
    assert "looks like seconds" in refused(exposure() | {"ts": millis(NOON) // 1000}).reason


def test_every_field_is_stored_as_it_was_sent_but_its_kind() -> None:
    sent = exposure(step=99, propensity=1, intendedVersion="p@1.0.1")
    found = check_sent(sent, 0, now=NOON)
    assert isinstance(found, Exposure)
    assert found.to_map() == {
        "ts": NOON,
        "rolloutId": "r1",
        "step": 99,
        "rolloutArm": "control",
        "unit": "u1",
        "propensity": 1.0,
        "intendedVersion": "p@1.0.1",
    }
