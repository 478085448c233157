"""Silver made by hand: examples with their words in blobs, and settings that take them."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ratchet.datasets.example import Content, Example, Facts, Lineage, Redaction, example_id
from ratchet.datasets.protect.redact import REDACTION
from ratchet.datasets.settings import DatasetSettings, DatasetSpec
from ratchet.govern.config import ConfigReader
from ratchet.govern.config_change import set_config
from ratchet.govern.roles import SEEDER, Actor, person
from ratchet.kernel.keys import derive_keys
from ratchet.store.blobs import Blobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Ref, Store

KEYS = derive_keys("a secret of the tests, 32 bytes.")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA: Actor = person("ada")
DOMAINS = ("travel", "coding", "qa", "planning", "general")


def words(seed: int, n: int = 40) -> str:
    """Return a text that is near no other: words of letters drawn by a seed."""
    draw = random.Random(seed)
    return " ".join(
        "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 9))) for _ in range(n)
    )


def content(seed: int) -> Content:
    """Return the words of an example that is like no other."""
    return Content(input=f"Question {words(seed, 15)}?", output=f"Answer {words(seed + 10**6)}.")


def example(i: int, said: Content, **changes: Any) -> Example:
    """Return the i-th example, which the collector kept and a check vouches for."""
    source_id = f"trace-{i}"
    data = said.to_bytes()
    known: dict[str, Any] = {
        "id": example_id("events", source_id),
        "source": "events",
        "source_id": source_id,
        "task_id": f"task-{i}",
        "ts": NOON - timedelta(days=1) + timedelta(seconds=i),
        "component": "planner",
        "domain": DOMAINS[i % 5],
        "task_type": "single_step",
        "difficulty": 0.2 + 0.3 * (i % 3),
        "quality": 80.0 + i % 20,
        "confidence": 0.9,
        "facts": Facts(outcome="success", duration_ms=20_000.0),
        "lineage": Lineage(model="gpt-x", vouched=("check",)),
        "content": MemoryBlobs().put(data),
        "content_bytes": len(data),
        "tokens": 60,
        "redaction": Redaction(version=REDACTION, content=MemoryBlobs().put(data)),
        "shard": i % 4,
        "collected_at": NOON - timedelta(hours=2),
        "changed_at": NOON - timedelta(hours=2),
        "expire_at": NOON + timedelta(days=180),
    }
    return Example(**(known | changes))


def put_example(
    store: Store, blobs: Blobs, i: int, said: Content | None = None, **changes: Any
) -> Example:
    """Put the i-th example, with its words, as the collector does."""
    text = said or content(i)
    made = example(i, text, **changes)
    blobs.put(text.to_bytes())
    store.set(Ref(made.collection, made.key()), made.to_map())
    return made


def fill(store: Store, blobs: Blobs, numbers: Iterable[int], **changes: Any) -> list[Example]:
    """Put examples that are like no others."""
    return [put_example(store, blobs, i, **changes) for i in numbers]


def reader_of(store: Store, now: datetime = NOON) -> ConfigReader:
    """Return a reader of configuration that keeps nothing from one look to the next."""
    return ConfigReader(store, lambda: now)


def set_specs(store: Store, **specs: DatasetSpec) -> None:
    """Let a person say which datasets there are."""
    settings = DatasetSettings(datasets=specs)
    set_config(store, KEYS, SEEDER, DatasetSettings, settings.to_map(), reason="test", now=NOON)
