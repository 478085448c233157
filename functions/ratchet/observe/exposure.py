"""Exposure: the record that a unit met an arm of a rollout, whether or not an outcome follows."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import ConfigDict

from ratchet.kernel.document import Instant, Model
from ratchet.observe.observation import (
    RETENTION,
    Name,
    Observation,
    Propensity,
    Rejection,
    Step,
    Unit,
    check_item,
    parse_item,
    refusal,
)

KIND: Literal["exposure"] = "exposure"
KINDS = ("observation", KIND)


def _told_by_kind(schema: dict[str, Any]) -> None:
    """Have the kind in what travels: without it an item is an observation."""
    schema["required"] = ["kind", *schema["required"]]


class Exposure(Model):
    """One assignment that took effect; sent in the same list as observations, told by its `kind`.

    `propensity` is the share of the arm in its step; `intendedVersion` the version assigned.
    """

    model_config = ConfigDict(strict=True, json_schema_extra=_told_by_kind)

    kind: Literal["exposure"] = KIND
    ts: Instant
    rollout_id: Name
    step: Step
    rollout_arm: Name
    unit: Unit
    propensity: Propensity
    intended_version: Name | None = None

    def to_map(self) -> dict[str, Any]:
        """Return the map that is stored; its place says its kind."""
        data = super().to_map()
        del data["kind"]
        return data


def is_exposure(raw: Any) -> bool:
    """Say whether an item was sent as an exposure."""
    return isinstance(raw, Mapping) and raw.get("kind") == KIND


def check_sent(
    raw: Any, index: int, *, now: datetime, retention: timedelta = RETENTION
) -> Observation | Exposure | Rejection:
    """Return an item's observation or exposure, told by its `kind`, or why it is neither."""
    if not is_exposure(raw):
        if isinstance(raw, Mapping) and raw.get("kind", "observation") not in KINDS:
            reason = f"is {' or '.join(KINDS)}, an observation where it is left out"
            return Rejection(index=index, field="kind", reason=reason)
        return check_item(raw, index, now=now, retention=retention)
    found = parse_item(Exposure, raw, index)
    if isinstance(found, Rejection):
        return found
    return refusal(found, found.ts, index, now, retention) or found
