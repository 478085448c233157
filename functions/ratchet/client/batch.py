"""Batch: the unit that travels, and how what a component reports becomes its JSON.

An item, an observation or an exposure, is encoded once, so every retry carries the same bytes.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Self

from ratchet.kernel.clock import millis
from ratchet.kernel.errors import InvalidInput, TooLarge

MAX_BATCH = 500
MAX_ITEM = 16_384  # characters; the service takes 2,000 bytes, and says so item by item
MAX_BODY = 900_000  # characters; a stored document has at most 1 MiB
EXPOSURE = "exposure"


@dataclass(frozen=True)
class Batch:
    """Up to 500 observations and exposures under one id, which is also the idempotency key."""

    id: str
    texts: tuple[str, ...]

    @classmethod
    def of(cls, batch_id: str, observations: Iterable[Mapping[str, Any]]) -> Self:
        """Return the batch of observations that are JSON objects already."""
        return cls(batch_id, tuple(dump(o) for o in observations))

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """Return the batch of a request's body.

        Raises: InvalidInput where it is not one.
        """
        try:
            data = json.loads(body)
            return cls.of(str(data["id"]), data["observations"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput("not the body of a batch", field="(whole)") from error

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def observations(self) -> list[dict[str, Any]]:
        """Return fresh maps of what was recorded, camelCase, as the service reads them."""
        return [json.loads(text) for text in self.texts]

    def body(self) -> bytes:
        """Return the request's body, the same bytes every time."""
        return f'{{"id":{dump(self.id)},"observations":[{",".join(self.texts)}]}}'.encode()


def observation_text(fields: Mapping[str, Any], stamp: datetime) -> str:
    """Return an observation or an exposure as JSON; `stamp` is its instant unless it brings a `ts`.

    Raises: InvalidInput, TypeError or ValueError for what has no JSON.
    """
    wire = wire_fields(fields)
    wire["ts"] = _wire_time("ts", wire.get("ts", stamp))
    if "exposedAt" in wire:
        wire["exposedAt"] = _wire_time("exposedAt", wire["exposedAt"])
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


def _wire_time(name: str, value: Any) -> Any:
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
