"""One document of each collection, and what a caller may try on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.rules.rest import Door, Write, created, deleted, stored, updated
from tests.support.sources import collections

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SHARDS = 4
# What the functions know under `config`, and a document that they do not.
CONFIGS = (
    *("access", "alerts", "bindings", "cards", "datasets", "flags", "gates", "heuristics"),
    *("ingest", "judges", "labels", "review", "reward_config", "run_loss", "studies", "anything"),
)
# Collections that nobody has heard of are denied like the others.
UNKNOWN = "things"
DRAFT: dict[str, Any] = {
    "id": "router-core",
    "version": "1.0.1",
    "params": {"latencyTargetMs": 2000},
    "status": "draft",
}


Ask = Callable[[Door], httpx.Response]


@dataclass(frozen=True)
class Case:
    """What somebody asks, and whether the rules let it through."""

    name: str
    who: str
    ask: Ask
    allowed: bool
    path: str = ""

    def __str__(self) -> str:
        return f"{self.who}: {self.name}"


def home(collection: str) -> str:
    """Return the path of a collection's seeded document."""
    names = {"config": "flags", "ops_policies": "router-core@1.0.0", "ops_checkpoints": "shards"}
    return f"{collection}/{names.get(collection, 'one')}"


def writes() -> list[Write]:
    """Return the writes of one document in each collection."""
    data: dict[str, dict[str, Any]] = {
        home(name): {"v": 1, "status": "archived"} for name in (*collections(), UNKNOWN)
    }
    data |= {f"config/{name}": {"v": 1, "learning": {"enabled": False}} for name in CONFIGS}
    data["ops_checkpoints/shards"] = {"v": 1, "count": SHARDS}
    data["ops_policies/router-core@1.0.0"] = DRAFT | {"version": "1.0.0", "status": "archived"}
    return [{"update": stored(path, fields)} for path, fields in data.items()]


def observed(now: datetime) -> dict[str, Any]:
    """Return the least that an observation needs, but for what the server adds."""
    return {
        "v": 1,
        "ts": now,
        "component": "router:gpt-5",
        "outcome": "success",
        "shard": 0,
        "expireAt": now + 30 * DAY,
    }


def create_in(collection: str) -> tuple[str, Write]:
    """Return (path, write) of the best that a caller can try to create."""
    if collection == "ops_observations":
        path = f"{collection}/new"
        return path, created(path, observed(datetime.now(UTC)), "ingestedAt")
    if collection == "ops_policies":
        path = f"{collection}/router-core@1.0.1"
        return path, created(path, DRAFT)
    return f"{collection}/new", created(f"{collection}/new", {"v": 1})


def update_in(collection: str) -> tuple[str, Write]:
    """Return (path, write) of the best that a caller can try to change."""
    if collection == "config":
        return home(collection), updated(home(collection), {"learning": {"enabled": True}})
    return home(collection), updated(home(collection), {"status": "active"})


def delete_in(collection: str) -> tuple[str, Write]:
    """Return (path, write) of a removal."""
    return home(collection), deleted(home(collection))
