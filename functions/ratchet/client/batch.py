"""Batch: the unit that travels, and how what a component reports becomes its JSON.

An item, an observation, an exposure or a run, is encoded once, so every retry carries the same
bytes. Runs travel in batches of their own, to a function of their own.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, Self

from ratchet.kernel.clock import millis
from ratchet.kernel.errors import InvalidInput, TooLarge

MAX_BATCH = 500
MAX_ITEM = 16_384  # characters; the service takes 2,000 bytes, and says so item by item
MAX_BODY = 900_000  # characters; a stored document has at most 1 MiB
EXPOSURE = "exposure"

Kind = Literal["observations", "runs"]
PATHS: Mapping[Kind, str] = {"observations": "/record", "runs": "/record_run"}


@dataclass(frozen=True)
class Batch:
    """Up to 500 observations and exposures under one id, which is also the idempotency key.

    Or up to 100 runs: these are known again by what they say, so their batch's id stays here.
    """

    id: str
    texts: tuple[str, ...]
    kind: Kind = "observations"

    @classmethod
    def of(
        cls, batch_id: str, items: Iterable[Mapping[str, Any]], kind: Kind = "observations"
    ) -> Self:
        """Return the batch of items that are JSON objects already."""
        return cls(batch_id, tuple(dump(item) for item in items), kind)

    @classmethod
    def from_body(cls, body: bytes, run_batch: str = "") -> Self:
        """Return the batch of a request's body; one of runs has no id there, and gets this.

        Raises: InvalidInput where it is not one.
        """
        try:
            data = json.loads(body)
            if "runs" in data:
                return cls.of(run_batch, data["runs"], "runs")
            return cls.of(str(data["id"]), data["observations"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("not the body of a batch", field="(whole)") from error

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def observations(self) -> list[dict[str, Any]]:
        """Return fresh maps of what was recorded, camelCase, as the service reads them."""
        return self._items("observations")

    @property
    def runs(self) -> list[dict[str, Any]]:
        """Return fresh maps of the runs, likewise."""
        return self._items("runs")

    def _items(self, kind: Kind) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts] if kind == self.kind else []

    def run_id(self, index: int | None) -> str | None:
        """Return the id of the run at a place, or of the only one; None where that says no run."""
        at = 0 if index is None and len(self) == 1 else index
        if self.kind != "runs" or at is None or not 0 <= at < len(self):
            return None
        run = json.loads(self.texts[at])
        return str(run.get("runId", "")) if isinstance(run, dict) else None

    def body(self) -> bytes:
        """Return the request's body, the same bytes every time."""
        named = f'"id":{dump(self.id)},' if self.kind == "observations" else ""
        return f'{{{named}"{self.kind}":[{",".join(self.texts)}]}}'.encode()


def observation_text(fields: Mapping[str, Any], stamp: datetime) -> str:
    """Return an observation or an exposure as JSON; `stamp` is its instant unless it brings a `ts`.

    Raises: InvalidInput, TypeError or ValueError for what has no JSON.
    """
    wire = wire_fields(fields)
    wire["ts"] = wire_time("ts", wire.get("ts", stamp))
    if "exposedAt" in wire:
        wire["exposedAt"] = wire_time("exposedAt", wire["exposedAt"])
    text = dump(wire)
    text.encode()  # a lone surrogate has no UTF-8
    if len(text) > MAX_ITEM:
        raise TooLarge(f"an observation of {len(text)} characters", mend=f"at most {MAX_ITEM}")
    return text


def wire_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was reported under its wire names, without what is unknown.

    Raises: InvalidInput where a field is missing that the service cannot do without.
    """
    wire = {camel(key): value for key, value in fields.items() if value is not None}
    exposed = wire.get("kind") == EXPOSURE
    for name in ("rolloutId", "rolloutArm", "unit") if exposed else ("component", "outcome"):
        if not isinstance(wire.get(name, ""), str):
            raise _textless(name, exposed, wire[name])
        if not wire.get(name):
            raise _without(name, exposed)
    for name in ("step", "propensity") if exposed else ():
        if name not in wire:
            raise _without(name, exposed)
    return wire


def _without(name: str, exposed: bool) -> InvalidInput:
    return InvalidInput(f"{_item(exposed)} without {name}", field=name)


def _textless(name: str, exposed: bool, value: object) -> InvalidInput:
    what = f"{_item(exposed)} whose {name} is {type(value).__name__}, not text"
    return InvalidInput(what, field=name, mend=f"give {name} as text")


def _item(exposed: bool) -> str:
    return "an exposure" if exposed else "an observation"


@lru_cache(maxsize=1024)
def camel(name: str) -> str:
    """Return the wire name of a field.

    >>> camel("duration_ms"), camel("durationMs")
    ('durationMs', 'durationMs')
    """
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def wire_time(name: str, value: Any) -> Any:
    """Return an instant as milliseconds since 1970; the service judges what is none.

    Raises: InvalidInput.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidInput(f"{name} has no time zone", field=name, mend="use an aware datetime")
        return millis(value)
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    return value


def dump(value: Any) -> str:
    """Return compact JSON; raises for NaN and for what has no JSON."""
    return _ENCODER.encode(value)


def _plain(value: Any) -> Any:
    """Take what measuring code commonly holds: decimals, and the scalars of numpy and torch."""
    if isinstance(value, Decimal):
        return float(value)
    if callable(getattr(value, "item", None)):
        return value.item()
    raise TypeError(f"a {type(value).__name__} has no JSON")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
)
