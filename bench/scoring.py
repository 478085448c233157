"""Scoring and rolling on the emulator, against the obvious implementation, in one run."""

import os
import time
from typing import Any

from bench.figure import Figure
from bench.support import emulator, fill, make_app, observation, settle
from ratchet.entry.ticks import SCHEDULES
from ratchet.store.port import Store
from tests.emulator import server

N, OBVIOUS_N = 20_000, 2_000
SAMPLES = 200


def figures() -> list[Figure]:
    """Measure both per observation; nothing where there is no emulator."""
    with emulator() as store:
        if store is None:
            return []
        obvious = obvious_seconds(store) / OBVIOUS_N
        batches = ours_seconds(store, batch=100) / N
        singles = ours_seconds(store, batch=1) / N
    name = "scoring and rolling on the emulator against the obvious implementation: "
    return [
        Figure(name + "batches", obvious / batches, "x", 40, "higher"),
        Figure(name + "singles", obvious / singles, "x", 15, "higher"),
        Figure("... the obvious implementation", obvious * 1e3, "ms/obs"),
        Figure("... ours, batches of 100", batches * 1e3, "ms/obs"),
        Figure("... ours, singles", singles * 1e3, "ms/obs"),
    ]


def ours_seconds(store: Store, *, batch: int) -> float:
    """Return the seconds to score and roll 20,000 observations."""
    empty()
    app, _, clock = make_app(store)
    fill(app, N, batch=batch)
    settle(clock)
    began = time.perf_counter()
    report = SCHEDULES["score_observations"].run(app, clock())
    SCHEDULES["roll_stats"].run(app, clock())
    took = time.perf_counter() - began
    if report["scored"] != N:
        raise RuntimeError(f"scored {report['scored']} of {N}")
    return took


def obvious_seconds(store: Store) -> float:
    """Return the seconds of one transaction an observation on a statistics document.

    A document each; reward, samples capped at 200 and averages are written by the client's own
    transaction, and the observation is marked as scored.
    """
    from google.cloud import firestore

    empty()
    client = firestore.Client(project=server.PROJECT)
    now = make_app(store)[2]()
    observations = client.collection("obvious_observations")
    writer = client.batch()
    for i in range(OBVIOUS_N):
        writer.set(observations.document(f"o{i}"), observation(i, now) | {"scored": False})
        if i % 400 == 399:
            writer.commit()
            writer = client.batch()
    writer.commit()

    @firestore.transactional
    def score(transaction: Any, found: Any) -> None:
        data = found.to_dict()
        statistics = client.collection("obvious_stats").document(data["component"])
        stats = statistics.get(transaction=transaction).to_dict() or {"latency": [], "reward": []}
        success = data["outcome"] == "success"
        penalty = 0.25 * min(1, data["durationMs"] / 4000) + 0.2 * min(1, data["costUsd"] / 0.1)
        reward = max(0.0, min(1.0, 0.25 + (0.6 if success else -0.6) - penalty))
        latency = [*stats["latency"], data["durationMs"]][-SAMPLES:]
        rewards = [*stats["reward"], reward][-SAMPLES:]
        transaction.set(client.collection("obvious_rewards").document(found.id), {"score": reward})
        transaction.set(
            statistics,
            {
                "latency": latency,
                "reward": rewards,
                "p95": sorted(latency)[int(0.95 * (len(latency) - 1))],
                "avgReward": sum(rewards) / len(rewards),
            },
        )
        transaction.update(found.reference, {"scored": True})

    began = time.perf_counter()
    for found in observations.where(filter=firestore.FieldFilter("scored", "==", False)).stream():
        score(client.transaction(), found)
    took = time.perf_counter() - began
    client.close()  # type: ignore[no-untyped-call]  # no types there
    return took


def empty() -> None:
    """Clear the emulator."""
    server.clear(os.environ["FIRESTORE_EMULATOR_HOST"])
