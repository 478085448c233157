"""Policies and configuration that an admin may try to write, and lists that are too long."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx

from tests.rules.rest import Door, Write, created, deleted, updated
from tests.rules.seeded import CONFIGS, DRAFT, Case

KEY = "router-core@1.0.0"
NEW = "router-core@1.0.1"
# Who may call, what a version must pass, and what nobody has heard of.
HIDDEN = (
    *("access", "alerts", "cards", "datasets", "gates", "heuristics", "judges", "labels"),
    *("review", "run_loss", "studies", "anything"),
)
BELOW = f"ops_policies/{KEY}/ops_stats/one"

_SPACE = {"latencyTargetMs": {"kind": "float", "low": 500, "high": 10000, "maxStep": 500}}
# name: (document id, the draft's fields)
GOOD_DRAFTS: dict[str, tuple[str, dict[str, Any]]] = {
    "the least": (NEW, DRAFT),
    "a space and notes": (NEW, DRAFT | {"tuningSpace": _SPACE, "notes": "by hand"}),
    "no params": (NEW, DRAFT | {"params": {}}),
    "the longest id": ("a" * 63 + "@1.0.0", DRAFT | {"id": "a" * 63, "version": "1.0.0"}),
    **{
        f"version {version}": (f"p@{version}", DRAFT | {"id": "p", "version": version})
        for version in ("0.0.0", "10.20.30", "123456789.0.123456789")
    },
}
BAD_DRAFTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"without {name}": (NEW, {k: v for k, v in DRAFT.items() if k != name}) for name in DRAFT},
    **{
        f"with {name}": (NEW, DRAFT | {name: value})
        for name, value in {
            "signature": "0" * 64,
            "createdBy": "me",
            "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
            "updatedAt": datetime(2026, 1, 1, tzinfo=UTC),
            "parent": KEY,
            "changeClass": "allocation",
            "artifacts": [],
            "proposal": {"tuner": "weights", "reasons": ["gain"]},
            "status": "active",
            "params": "none",
            "tuningSpace": [],
            "notes": 1,
        }.items()
    },
    "another id": ("router-core@1.0.2", DRAFT),
    "an id without version": ("router-core", DRAFT),
    "the id of the audit's own stream": ("config@1.0.1", DRAFT | {"id": "config"}),
    "an id in capitals": ("Router@1.0.1", DRAFT | {"id": "Router"}),
    "an id that is too long": ("a" * 64 + "@1.0.1", DRAFT | {"id": "a" * 64}),
    "an id that is no text": ("7@1.0.1", DRAFT | {"id": 7}),
    **{
        f"version {version}": (f"p@{version}", DRAFT | {"id": "p", "version": version})
        for version in (
            "1.0",
            "1.0.0.0",
            "1x0x0",
            "01.0.0",
            "1.0.01",
            "1234567890.0.0",
            "1.0.1234567890",
            "",
        )
    },
    "a version that is no text": ("router-core@1", DRAFT | {"version": 1}),
}
CONTENT: dict[str, Any] = {
    "id": "other",
    "version": "9.9.9",
    "params": {"latencyTargetMs": 1},
    "notes": "changed",
    "signature": "0" * 64,
    "createdBy": "me",
}


def cases() -> Iterator[Case]:
    """Yield every write and every list that is tried."""
    for allowed, drafts in ((True, GOOD_DRAFTS), (False, BAD_DRAFTS)):
        for name, (key, data) in drafts.items():
            path = f"ops_policies/{key}"
            yield _write(f"draft, {name}", created(path, data), allowed, path)
    yield from _statuses()
    yield from _configs()
    yield from _lists()


def _statuses() -> Iterator[Case]:
    path = f"ops_policies/{KEY}"
    past = datetime(2026, 1, 1, tzinfo=UTC)
    for status, allowed in {
        "active": True,
        "archived": True,
        "rejected": True,
        "draft": False,
        "shadow": False,
        "canary": False,
        "": False,
        None: False,
        1: False,
    }.items():
        write = updated(path, {"status": status}, "updatedAt")
        yield _write(f"status {status!r}", write, allowed, path)
    active = {"status": "active"}
    yield _write("status without a time", updated(path, active), True, path)
    yield _write("no status", updated(path, {}, gone=("status",)), False, path)
    made_up = updated(path, active | {"updatedAt": past})
    yield _write("status at a time of one's own", made_up, False, path)
    yield _write("status, and no params", updated(path, active, gone=("params",)), False, path)
    for name, value in CONTENT.items():
        both = updated(path, active | {name: value})
        yield _write(f"status and {name}", both, False, path)
        yield _write(f"{name} alone", updated(path, {name: value}), False, path)


def _configs() -> Iterator[Case]:
    for name in CONFIGS:
        path = f"config/{name}"
        yield _write(f"change config/{name}", updated(path, {"touched": True}), False, path)
        yield _write(f"remove config/{name}", deleted(path), False, path)
        for who, shown in (("service", name not in HIDDEN), ("admin", True)):
            yield Case(f"read config/{name}", who, partial(Door.get, path=path), shown)


def _lists() -> Iterator[Case]:
    for who in ("service", "admin"):
        for limit, allowed in ((1, True), (100, True), (101, False), (None, False)):
            yield _read(who, f"list of {limit}", partial(Door.query, limit=limit), allowed)
            yield _read(who, f"count of {limit}", partial(Door.count, limit=limit), allowed)
        group = partial(Door.query, limit=1, allDescendants=True)
        yield _read(who, "every collection of the name", group, False)
        yield Case("a document below", who, lambda door: door.get(BELOW), False)


def _write(name: str, write: Write, allowed: bool, path: str) -> Case:
    return Case(name, "admin", lambda door: door.commit(write), allowed, path)


def _read(who: str, name: str, ask: Callable[..., httpx.Response], allowed: bool) -> Case:
    return Case(name, who, lambda door: ask(door, "ops_stats"), allowed)
