"""Look: judge a rollout on what is frozen now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ratchet.observe.read_until import read_until
from ratchet.observe.rollout_buckets import frozen_until, rollout_buckets
from ratchet.rollouts.judge import judge
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.spent import open_spend
from ratchet.rollouts.verdict import Judged, Verdict
from ratchet.stats.rollout_bucket import RolloutBucket
from ratchet.store.port import Store


@dataclass(frozen=True)
class Look:
    """What was judged, and the buckets that it was judged by."""

    judged: Judged
    buckets: Sequence[RolloutBucket]


def look(store: Store, rollout: Rollout, *, now: datetime, before: Verdict | None) -> Look:
    """Judge a rollout by its closed hours; what shadows cost since counts, too."""
    read = read_until(store)
    until = frozen_until(rollout.watch, read)
    buckets = rollout_buckets(store, rollout.id, rollout.watch, read)
    spent = open_spend(store, rollout, until)
    judged = judge(rollout, buckets, until=until, now=now, before=before, open_spend=spent)
    return Look(judged, buckets)
