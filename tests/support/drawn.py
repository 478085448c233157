"""A policy whose arms are drawn by its weights, with rewards that are known: what replays read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.replay_document import StoredReplay
from ratchet.rollouts.replay_store import run_replay
from ratchet.store.port import Store
from tests.support.governed import KEYS, POLICY, WEIGHTS, draft, promote, switch_flags, weights
from tests.support.observing import NOON, Worker, observation, worker

ACTIVE = f"{POLICY}@1.0.0"
EARNED = 0.85  # the reward of a success whose latency and cost nobody knows; a failure earns 0
# gemini's weight grows from 0.25 to 0.45 at the cost of gpt-5's.
MORE_GEMINI = weights(0.4)
GEMINI_BETTER = {"gpt-5": 0.2, "gemini": 0.9, "claude": 0.5}
GEMINI_WORSE = {"gpt-5": 0.9, "gemini": 0.2, "claude": 0.5}
ALIKE = dict.fromkeys(WEIGHTS, 0.5)


@dataclass
class Drawn:
    """A policy at 1.0.0 with a draft of other weights, 1.0.1, and the worker that scores."""

    store: Store
    worker: Worker
    draft: PolicyVersion
    batches: int = 0

    def serve(self, rates: Mapping[str, float], n: int = 400, **fields: Any) -> str:
        """Serve n requests in proportion to the weights, score them; an arm succeeds at its rate.

        Returns the id of the batch.
        """
        self.batches += 1
        name, items = f"served-{self.batches}", []
        for arm, weight in WEIGHTS.items():
            drawn = round(n * weight)
            for i in range(drawn):
                said = {"component": f"router:{arm}", "arm": arm, "propensity": weight}
                won = "success" if i < round(drawn * rates[arm]) else "failure"
                items.append(self.item(**said | {"outcome": won} | fields))
        self.send(name, items)
        return name

    def item(self, **fields: Any) -> dict[str, Any]:
        """Return one observation that is served now."""
        given = {"policyVersion": ACTIVE} | fields
        named = {k: v for k, v in given.items() if v is not None}
        return observation(self.worker.clock(), **named)

    def send(self, name: str, items: list[dict[str, Any]]) -> None:
        """Record a batch and score it."""
        self.worker.batch(name, items)
        self.worker.scored_later()

    def replay(self, **options: Any) -> StoredReplay:
        """Replay the draft."""
        now = self.worker.clock()
        return run_replay(
            self.store, KEYS, self.worker.reader, POLICY, self.draft.version, now=now, **options
        )


def drawn(store: Store, params: Mapping[str, Any] = MORE_GEMINI, **ingest: Any) -> Drawn:
    """Return a policy that nobody was served by yet; learning is on."""
    switch_flags(store)
    draft(store, now=NOON)
    promote(store, "1.0.0", now=NOON)
    made = draft(store, params, now=NOON)
    return Drawn(store, worker(store, NOON + timedelta(minutes=10), **ingest), made)
