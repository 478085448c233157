"""Read evidence: what a rollout's closed windows show, whatever comes in meanwhile."""

from ratchet.observe.read_until import read_until
from ratchet.observe.rollout_buckets import frozen_until, rollout_buckets
from ratchet.rollouts.findings import findings
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.report import RolloutEvidence
from ratchet.store.port import Store


def read_evidence(store: Store, rollout_id: str) -> RolloutEvidence:
    """Return the evidence of a rollout, on the hours that are frozen.

    Raises: NotFound.
    """
    rollout = get_rollout(store, rollout_id)
    read = read_until(store)
    frozen = frozen_until(rollout.watch, read)
    buckets = rollout_buckets(store, rollout_id, rollout.watch, read)
    return findings(rollout, buckets, frozen if frozen > rollout.started_at else None)
