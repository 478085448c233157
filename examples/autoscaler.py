"""An autoscaler: its decisions are observations, graded later by what they led to."""

from ratchet.client import Batch, Transport


def scale(transport: Transport, load: list[float], batch_id: str) -> list[int]:
    """Decide replicas for each load figure, and record each decision; returns the replicas."""
    decisions = [max(1, round(requests / 100)) for requests in load]
    observations = [
        {
            "component": "autoscaler:web",
            "outcome": "success" if replicas <= 20 else "failure",
            "ts": 1_767_225_600_000 + 60_000 * minute,
            "costUsd": 0.002 * replicas,
            "meta": {"replicas": replicas, "load": requests},
        }
        for minute, (requests, replicas) in enumerate(zip(load, decisions, strict=True))
    ]
    transport.send(Batch.of(batch_id, observations))
    return decisions


def grade(transport: Transport, batch_id: str, utilisation: list[float]) -> None:
    """Grade the decisions once the utilisation is known: 1 at 60 %, less on either side."""
    items = [
        {
            "obsId": f"{batch_id}.{i}",
            "source": "utilisation",
            "grade": max(0.0, 1 - abs(u - 0.6) / 0.6),
        }
        for i, u in enumerate(utilisation)
    ]
    transport.feedback(items)
