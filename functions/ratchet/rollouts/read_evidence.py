"""Read evidence: what a rollout's closed windows show, whatever comes in meanwhile."""

from datetime import UTC, datetime

from ratchet.kernel.clock import HOUR
from ratchet.observe.read_until import read_until
from ratchet.observe.rollout_buckets import buckets_between, frozen_until, rollout_buckets
from ratchet.observe.watch import PAIRED
from ratchet.rollouts.findings import findings
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.report import OpenHours, RolloutEvidence
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Store

_LAST = datetime(9999, 1, 1, tzinfo=UTC)


def read_evidence(store: Store, rollout_id: str) -> RolloutEvidence:
    """Return the evidence of a rollout, on the hours that are frozen.

    Where they hold nothing, what the open hours count is said beside; it is no evidence yet.

    Raises: NotFound.
    """
    rollout = get_rollout(store, rollout_id)
    read = read_until(store)
    frozen = frozen_until(rollout.watch, read)
    buckets = rollout_buckets(store, rollout_id, rollout.watch, read)
    # a clock that ran behind has exposed before the start
    found = findings(rollout, buckets, frozen if buckets or frozen > rollout.started_at else None)
    if buckets:
        return found
    return found.model_copy(update={"open": _open_hours(store, rollout, frozen)})


def _open_hours(store: Store, rollout: Rollout, frozen: datetime) -> OpenHours:
    found = buckets_between(store, rollout.id, "shard", frozen, _LAST)
    served = [bucket for bucket in found if not bucket.arm.startswith(PAIRED)]  # counted once
    first = min((bucket.hour for bucket in found), default=None)
    return OpenHours(
        exposures=sum(bucket.sums.exposures.total() for bucket in served),
        outcomes=sum(bucket.sums.n.total() for bucket in served),
        closes=None if first is None else rollout.watch.closes(first + HOUR),
    )
