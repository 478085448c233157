"""What the tests of feedback share: something scored, and grades for it."""

from typing import Any

from ratchet.store.port import Store
from tests.support.observing import Worker, observation, worker


def scored(store: Store) -> Worker:
    """Return a worker that has scored one observation and a batch of three."""
    at = worker(store)
    at.record({"id": "s1"} | observation())
    at.batch("b1", [observation(), observation(outcome="failure"), observation(quality=0.5)])
    at.scored_later()
    return at


def grade(obs_id: str, value: float, source: str = "person", **fields: Any) -> dict[str, Any]:
    return {"obsId": obs_id, "source": source, "grade": value} | fields


def folded(at: Worker, *items: dict[str, Any]) -> int:
    """Send feedback, let the lag pass, and fold; return how many rewards changed."""
    at.feedback(list(items))
    at.later()
    return at.fold().corrected
