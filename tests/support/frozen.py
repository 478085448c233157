"""Closed hours of a rollout, written by hand: what its arms did, and until when all was read."""

from collections.abc import Mapping
from datetime import datetime

from ratchet.observe.read_until import READ_UNTIL, ReadUntil
from ratchet.rollouts.rollout import Rollout
from ratchet.store.port import Ref, Store
from tests.support.evidenced import HOUR, NOON, arm_of

UNITS = 3000


def freeze(
    store: Store,
    rollout: Rollout,
    means: Mapping[str, float],
    *,
    read: datetime,
    units: int = UNITS,
    hour: int = 0,
) -> None:
    """Let units meet the arms in the shares of the present step, some hours after noon.

    An arm that is not named has a mean reward of a half.
    """
    for seed, (arm, share) in enumerate(rollout.shares(rollout.step).items()):
        size, mean = round(units * share), means.get(arm, 0.5)
        found = arm_of(arm, mean, size, seed=hour * 10 + seed, hour=hour, step=rollout.step)
        bucket = found.model_copy(update={"rollout": rollout.id})
        store.set(Ref(bucket.collection, bucket.key()), bucket.to_map())
    store.set(READ_UNTIL, ReadUntil(until=read, rollouts={rollout.id: NOON + 400 * HOUR}).to_map())
