"""Examples to curate, small and made by hand, with their words."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ratchet.datasets.curate.vector import vector_of
from ratchet.datasets.example import Content, Example
from ratchet.datasets.versions.prepared import Prepared

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SAID = Content(input="Which train goes to Basel?", output="The one at ten past nine.")


def id_of(name: object) -> str:
    """Return the id of an example by a name."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def an_example(name: object = "e1", **changes: Any) -> Example:
    """Return an example that went well in a minute; `facts` and `lineage` are maps."""
    return Example.parse(
        {
            "id": id_of(name),
            "source": "runs",
            "sourceId": str(name),
            "taskId": f"task/{name}",
            "ts": NOON,
            "component": "planner",
            "domain": "travel",
            "taskType": "single_step",
            "difficulty": 0.2,
            "quality": 90.0,
            "confidence": 0.9,
            "facts": {"outcome": "success", "durationMs": 60_000.0},
            "content": "0" * 64,
            "contentBytes": 100,
            "tokens": 500,
            "collectedAt": NOON,
            "changedAt": NOON,
            "expireAt": NOON + timedelta(days=180),
        }
        | changes
    )


def a_prepared(name: object = "e1", content: Content = SAID, **changes: Any) -> Prepared:
    """Return a prepared example of some words."""
    example = an_example(name, **changes)
    return Prepared(
        example=example,
        content=hashlib.sha256(content.to_bytes()).hexdigest(),
        normal=id_of(content.texts()),
        signature=np.zeros(4, np.uint64),
        vector=vector_of(example, content),
        redactions={},
        tokens=example.tokens,
    )
