"""Golden sets under test: one that is frozen, and scores on it."""

from collections.abc import Mapping
from typing import Any

from ratchet.govern.roles import Actor
from ratchet.kernel.canonical import content_hash
from ratchet.rollouts.golden.create import create_golden
from ratchet.rollouts.golden.golden_set import GoldenEntry, GoldenSet, GoldenTerms
from ratchet.rollouts.golden.record import GoldenRecorded, record_golden
from ratchet.store.blobs import Blobs
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS, NOON, POLICY

CHAMPION, TRIED = f"{POLICY}@1.0.0", f"{POLICY}@1.0.1"
NAME = "airline"


def example_ids(n: int) -> list[str]:
    """Return the ids of a set's examples, in their order."""
    return [f"e{i:05d}" for i in range(n)]


def entries_of(blobs: Blobs, n: int) -> list[GoldenEntry]:
    """Return examples whose words are there."""
    return [
        GoldenEntry(id=one, content=blobs.put(one.encode()), normal=content_hash(one))
        for one in example_ids(n)
    ]


def frozen_set(
    store: Store,
    blobs: Blobs,
    n: int = 4,
    *,
    budget: int = 3,
    name: str = NAME,
    actor: Actor = ADA,
    **terms: Any,
) -> GoldenSet:
    """Let a person freeze a set of examples."""
    wanted = GoldenTerms(metric="success", budget=budget, **terms)
    return create_golden(
        store,
        blobs,
        KEYS,
        actor,
        name,
        entries_of(blobs, n),
        wanted,
        source="of the tests",
        dedupe="1",
        reason="test",
        now=NOON,
    )


def scores(n: int, failed: int = 0) -> dict[str, float]:
    """Return scores of 1, but for the first, which are 0."""
    return {one: float(i >= failed) for i, one in enumerate(example_ids(n))}


def expose(
    store: Store, blobs: Blobs, own: Mapping[str, float], version: str = TRIED, **how: Any
) -> GoldenRecorded:
    """Record a version's scores."""
    given: dict[str, Any] = {"now": NOON} | how
    return record_golden(store, blobs, KEYS, ADA, NAME, version, own, **given)
