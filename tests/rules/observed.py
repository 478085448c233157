"""Observations that a service may try to create: each field right, missing, and wrong."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import httpx

from ratchet.kernel.ids import random_id
from tests.rules.rest import Door, created
from tests.rules.seeded import DAY, MINUTE, Case, observed

# (values that are right, values that are not)
Values = tuple[tuple[Any, ...], tuple[Any, ...]]
REQUIRED = ("v", "ts", "component", "outcome", "shard", "ingestedAt", "expireAt")
# Absent is how one says that a value is unknown, so null is wrong for every field.
_NO_NUMBER = ("1", None, True, math.nan, math.inf, -math.inf, [1], {"a": 1})
_NO_WHOLE = (1.5, 2.0, *_NO_NUMBER)
_NAMES = ("a", "7", "x" * 120, "router:gpt-5@1.0.0", "a/b+c_d.e-f")
_NO_NAMES = ("", "x" * 121, "-a", ".a", "a b", "a\n", "é", "a~b", 7, None, ["a"])

FIELDS: dict[str, Values] = {
    "outcome": (("success", "failure", "timeout"), ("", "SUCCESS", "ok", 1, None, ["success"])),
    "quality": ((0, 0.0, 0.5, 1), (-0.001, 1.001, *_NO_NUMBER)),
    "confidence": ((0, 0.5, 1.0), (-0.001, 1.001, *_NO_NUMBER)),
    "durationMs": ((0, 12.5, 604_800_000), (-1, 604_800_000.5, *_NO_NUMBER)),
    "costUsd": ((0, 0.001, 10_000), (-0.01, 10_000.01, *_NO_NUMBER)),
    "tokensIn": ((0, 1_000_000_000), (-1, 1_000_000_001, *_NO_WHOLE)),
    "tokensOut": ((0, 1_000_000_000), (-1, 1_000_000_001, *_NO_WHOLE)),
    "retries": ((0, 1000), (-1, 1001, *_NO_WHOLE)),
    "weight": ((1, 1000), (0, 1001, *_NO_WHOLE)),
    "propensity": ((0.001, 0.5, 1), (0, -0.5, 1.001, *_NO_NUMBER)),
    "errorCode": (
        ("4", "rate limit\n", "é" * 64, "__x", "x__", "_", "____x"),
        ("", "x" * 65, "__", "___", "____", "__x__", "__a\nb__", 429, None, ["429"]),
    ),
    "shadow": ((False, True), ("true", 0, None)),
    **dict.fromkeys(
        (
            "component",
            "policyVersion",
            "intendedVersion",
            "arm",
            "fallbackFrom",
            "rolloutId",
            "runId",
        ),
        (_NAMES, _NO_NAMES),
    ),
}
# What only the stored form has.
KEPT: dict[str, Values] = {
    "v": ((1,), (0, 2, 1.0, "1", None)),
    "shard": ((0, 3), (-1, 4, 1.0, "0", None)),
}
# What a batch, a pseudonym and the recorder's own bookkeeping would need.
EXTRA: dict[str, Any] = {
    "unit": "u1",
    "meta": {"a": 1},
    "rolloutArm": "1.0.1",
    "rolloutStep": 0,
    "paired": ["1.0.1"],
    "exposedAt": datetime(2026, 1, 1, tzinfo=UTC),
    "kind": "observation",
    "items": [{"outcome": "success"}],
    "exposures": [{"step": 0}],
    "indexes": [0],
    "contentHash": "0" * 64,
    "sampled": 1,
    "series": "other",
    "scored": True,
    "id": "x",
}
# Spans from now; the slack is for a slow machine, since the rules ask their own clock.
_MONTH, _SLACK = 30 * DAY, timedelta(seconds=20)
_MOMENTS: dict[str, Values] = {
    "ts": (
        (-_MONTH + _SLACK, 10 * MINUTE - _SLACK),
        (-_MONTH - _SLACK, 10 * MINUTE + _SLACK, "2026-01-01T00:00:00Z", 1_767_225_600_000, None),
    ),
    "expireAt": (
        (_MONTH - MINUTE + _SLACK, _MONTH + MINUTE - _SLACK),
        (_MONTH - MINUTE - _SLACK, _MONTH + MINUTE + _SLACK, "2026-01-01T00:00:00Z", None),
    ),
    "ingestedAt": ((), (0 * DAY, -MINUTE, MINUTE, None, "now")),
}
_IDS = (("a", "7", "A_b-c", "x" * 120), ("x" * 121, "-a", "_a", "a.0", "a~b", "a b", "é", "a:b"))


def whole() -> dict[str, Any]:
    """Return every field that an observation may have, but for its times."""
    return {name: good[-1] for name, (good, _) in FIELDS.items()} | {"v": 1, "shard": 3}


def cases() -> dict[str, list[Case]]:
    """Return every observation that is tried, by what is right or wrong with it."""
    tried = {
        "fields": [
            *(_case("the least", True, who=who) for who in ("service", "admin")),
            *(_case("every field", True, whole(), who=who) for who in ("service", "admin")),
            *(_case(f"without {field}", False, gone=field) for field in REQUIRED),
            *(_case(f"with {field}", False, {field: value}) for field, value in EXTRA.items()),
        ],
        "id": [_case(f"id {key:.40}", right, key=key) for key, right in judged(_IDS)],
    }
    for field, values in (FIELDS | KEPT | _MOMENTS).items():
        tried[field] = [
            _case(f"{field} {value!r:.40}", right, {field: value})
            for value, right in judged(values)
        ]
    return tried


def judged(values: Values) -> Iterator[tuple[Any, bool]]:
    """Yield each value, and whether it is right."""
    good, bad = values
    yield from ((value, True) for value in good)
    yield from ((value, False) for value in bad)


def _case(
    name: str,
    allowed: bool,
    changes: Mapping[str, Any] = MappingProxyType({}),
    *,
    who: str = "service",
    gone: str = "",
    key: str = "",
) -> Case:
    path = f"ops_observations/{key or random_id()}"

    def ask(door: Door) -> httpx.Response:
        now = datetime.now(UTC)
        spans = {k: now + v for k, v in changes.items() if isinstance(v, timedelta)}
        data = observed(now) | dict(changes) | spans
        by_server = {"ingestedAt"} - set(data) - {gone}
        return door.commit(created(path, {k: v for k, v in data.items() if k != gone}, *by_server))

    return Case(name, who, ask, allowed, path)
