"""Observation: one thing a component did, as it arrives and as it is stored."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    JsonValue,
    Strict,
    StringConstraints,
    ValidationError,
    field_validator,
)

from ratchet.kernel.clock import EPOCH
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import RatchetError
from ratchet.kernel.fault import first_fault
from ratchet.store.limits import check_document

COLLECTION = "ops_observations"
MAX_BATCH = 500
MAX_ITEM_BYTES = 2000
MAX_META_DEPTH = 4
MAX_PAIRED = 4
AHEAD = timedelta(minutes=10)
RETENTION = timedelta(days=30)
EXPOSED_BEFORE = timedelta(days=400)  # no outcome window reaches that far back

T = TypeVar("T", bound=Model)
Outcome = Literal["success", "failure", "timeout"]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Name = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/+-]*$", max_length=120)
]
DocumentId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=120)
]
Step = Annotated[int, Field(ge=0, le=99)]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Propensity = Annotated[float, Field(gt=0, le=1)]
Paired = Annotated[tuple[Name, ...], Strict(False), Field(max_length=MAX_PAIRED)]


def countable(code: str) -> bool:
    """Say whether a store can count under an error code: names like `__x__` are reserved."""
    return not (code[:2] == "__" == code[-2:])


def _countable(code: str) -> str:
    if not countable(code):
        raise ValueError("a code that begins and ends with `__` is reserved")
    return code


Code = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_countable)]


class Observation(Model):
    """One thing a component did. What is unknown is absent, never zero.

    Units: durationMs in milliseconds, costUsd in US dollars, quality 0..1, weight the number of
    observations it stands for (1/sampling rate). A served fallback names, in `fallbackFrom`, the
    arm that was drawn; without a propensity an observation counts as drawn. `paired` names the
    challengers that ran in shadow beside a served one; `exposedAt` says when the unit met its arm,
    where the outcome came later.
    """

    model_config = ConfigDict(strict=True)

    kind: Literal["observation"] = "observation"
    ts: Instant
    component: Name
    outcome: Outcome
    quality: Share | None = None
    confidence: Share | None = None
    duration_ms: Annotated[float, Field(ge=0, le=7 * 86_400_000)] | None = None
    tokens_in: Count | None = None
    tokens_out: Count | None = None
    cost_usd: Annotated[float, Field(ge=0, le=10_000)] | None = None
    retries: Annotated[int, Field(ge=0, le=1000)] | None = None
    error_code: Code | None = None
    policy_version: Name | None = None
    intended_version: Name | None = None
    arm: Name | None = None
    propensity: Propensity | None = None
    fallback_from: Name | None = None
    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    unit: Unit | None = None
    rollout_id: Name | None = None
    rollout_arm: Name | None = None
    rollout_step: Step | None = None
    exposed_at: Instant | None = None
    shadow: bool = False
    paired: Paired = ()
    run_id: Name | None = None
    meta: dict[str, JsonValue] | None = None

    @field_validator("meta")
    @classmethod
    def _shallow(cls, meta: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        if meta is not None and _depth(meta) > MAX_META_DEPTH:
            raise ValueError(f"nested deeper than {MAX_META_DEPTH}")
        return meta

    def to_map(self) -> dict[str, Any]:
        """Return the map that is stored; defaults are left out."""
        data = super().to_map()
        del data["kind"], data["paired"]
        if self.weight == 1:
            del data["weight"]
        if not self.shadow:
            del data["shadow"]
        return data | {"paired": list(self.paired)} if self.paired else data


class Rejection(Model):
    """Why one item was not taken."""

    index: int
    field: str
    reason: str


def items_of(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the observations of a stored document as maps."""
    items = data.get("items")
    return list(items) if items is not None else [data]


def exposures_of(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the exposures of a stored document as maps."""
    return list(data.get("exposures", ()))


def item_ids(document_id: str, data: Mapping[str, Any]) -> list[str]:
    """Return the id of each observation: the document's, or `batch.index`."""
    items = data.get("items")
    if items is None:
        return [document_id]
    return [f"{document_id}.{i}" for i in data.get("indexes") or range(len(items))]


def split_id(observation_id: str) -> tuple[str, int | None]:
    """Return (document id, index in its batch or None)."""
    document_id, dot, index = observation_id.partition(".")
    return (document_id, int(index)) if dot and index.isdecimal() else (observation_id, None)


def check_item(
    raw: Any, index: int, *, now: datetime, retention: timedelta = RETENTION
) -> Observation | Rejection:
    """Return an item's observation, or why it is not one."""
    found = parse_item(Observation, raw, index)
    if isinstance(found, Rejection):
        return found
    if misfit := _misfit(found):
        return Rejection(index=index, field=misfit[0], reason=misfit[1])
    return refusal(found, found.ts, index, now, retention) or found


def parse_item(kind: type[T], raw: Any, index: int) -> T | Rejection:
    """Return an item as a model of its kind, or the first field that is wrong."""
    if not isinstance(raw, Mapping):
        return Rejection(index=index, field="(whole)", reason="an observation is a JSON object")
    try:
        return kind.model_validate(dict(raw))
    except ValidationError as error:
        field, reason = first_fault(error, kind)
        return Rejection(index=index, field=field, reason=reason)
    except RecursionError:
        return Rejection(index=index, field="meta", reason=f"deeper than {MAX_META_DEPTH}")


def refusal(
    found: Model, ts: datetime, index: int, now: datetime, retention: timedelta
) -> Rejection | None:
    """Say why an item is not taken at this time, or cannot be stored."""
    if reason := untimely(ts, now, retention):
        return Rejection(index=index, field="ts", reason=reason)
    try:
        size = check_document(COLLECTION, "item", found.to_map())
    except RatchetError as error:
        return Rejection(index=index, field=error.field or "meta", reason=error.message)
    if size > MAX_ITEM_BYTES:
        reason = f"{size} bytes, an observation has at most {MAX_ITEM_BYTES}"
        return Rejection(index=index, field="meta", reason=reason)
    return None


def untimely(ts: datetime, now: datetime, retention: timedelta) -> str | None:
    """Say why what happened at an instant is not taken at this time."""
    if ts > now + AHEAD:
        return "more than 10 minutes ahead of the clock"
    return _too_old(ts, now, retention) if ts < now - retention else None


def _misfit(found: Observation) -> tuple[str, str] | None:
    """Return (field, reason) of the first field of a rollout that does not fit the others."""
    arm, step = found.rollout_arm, found.rollout_step
    if arm is not None or step is not None:
        together = {"rolloutId": found.rollout_id, "rolloutArm": arm, "rolloutStep": step}
        for field, value in together.items():
            if value is None:
                return field, "rolloutArm and rolloutStep come together, and with a rolloutId"
    if found.paired:
        if found.shadow:
            return "paired", "a shadow observation is not served, so none runs beside it"
        if arm is None:
            return "paired", "comes with a rolloutArm"
        if len({arm, *found.paired}) <= len(found.paired):
            return "paired", "names an arm twice, or the one that was served"
    told = misexposed(found.exposed_at, found.ts)
    return ("exposedAt", told) if told else None


def misexposed(exposed_at: datetime | None, ts: datetime) -> str | None:
    """Say why a unit cannot have met its arm at an instant, where it is told."""
    if exposed_at is None:
        return None
    since = ts - exposed_at  # a sum may lie beyond what an instant can hold
    if since < -AHEAD:
        return "more than 10 minutes after ts"
    if since > EXPOSED_BEFORE:
        told = f"more than {EXPOSED_BEFORE.days} days before ts"
        return f"{told}: whole milliseconds since 1970 are wanted"
    return None


def _too_old(ts: datetime, now: datetime, retention: timedelta) -> str:
    told = f"older than the retention of {retention.days} days"
    as_seconds = (ts - EPOCH) * 1000  # may lie far beyond what an instant can hold
    if now - retention - EPOCH <= as_seconds <= now + AHEAD - EPOCH:
        return f"{told}: it looks like seconds since 1970, and milliseconds are wanted"
    return told


def _depth(value: JsonValue) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(v) for v in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(v) for v in value), default=0)
    return 0
