"""Look: judge a rollout on what is frozen now, or on what a verdict says was frozen then."""

from datetime import datetime

from ratchet.observe.read_until import read_until
from ratchet.observe.rollout_buckets import frozen_until, rollout_buckets
from ratchet.rollouts.judge import judge
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.spent import open_spend
from ratchet.rollouts.verdict import Judged, Verdict
from ratchet.store.port import Store


def look(store: Store, rollout: Rollout, *, now: datetime, before: Verdict | None) -> Judged:
    """Judge a rollout by its closed hours; what shadows cost since counts, too."""
    read = read_until(store)
    until = frozen_until(rollout.watch, read)
    return judge(
        rollout,
        rollout_buckets(store, rollout.id, rollout.watch, read),
        until=until,
        now=now,
        before=before,
        open_spend=open_spend(store, rollout, until),
    )
