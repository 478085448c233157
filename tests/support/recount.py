"""A recount from scratch: plain loops over stored observations and rewards, none of our own code.

What the buckets must hold is counted here the slow way, and held against them.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from ratchet.stats.bucket import Bucket
from ratchet.store.port import Query, Store
from tests.support.observing import buckets_of

Place = tuple[str, str, int, datetime]
Counts = dict[str, Counter[Any]]
Map = Mapping[str, Any]

# An observation adds to these moments: metric -> integer units in one natural unit.
UNITS = {"reward": 10**6, "drawn": 10**6, "quality": 10**6, "latency": 10**3, "cost": 10**9}
POWERS = ("n", "w", "wx", "wxx", "w2", "w2x", "w2xx")
_GAMMA = 201 / 199
_BOUNDS = [_GAMMA**i for i in range(-2100, 2400)]


def stored(store: Store, collection: str) -> dict[str, dict[str, Any]]:
    """Return every document of a collection."""
    return {s.ref.id: s.data for s in store.query(Query(collection))}


def pairs(store: Store) -> list[tuple[str, dict[str, Any], dict[str, Any], int]]:
    """Return (id, observation, reward, epoch) of each; fails where they are not one to one."""
    observations, rewards = stored(store, "ops_observations"), stored(store, "ops_rewards")
    assert sorted(observations) == sorted(rewards), "observations and rewards are not one to one"
    out = []
    for key, found in observations.items():
        reward = rewards[key]
        assert reward["obsId"] == key
        if "items" not in found:
            assert "items" not in reward
            out.append((key, found, reward, reward["rewardEpoch"]))
            continue
        assert len(found["items"]) == len(reward["items"]), f"{key}: items and rewards differ"
        for i, (item, one) in enumerate(zip(found["items"], reward["items"], strict=True)):
            out.append((f"{key}.{i}", item, one, reward["rewardEpoch"]))
    return out


def recount(store: Store) -> dict[Place, Counts]:
    """Return what each bucket must hold, by component, version, epoch and hour."""
    return counted((item, reward, epoch) for _, item, reward, epoch in pairs(store))


def counted(rows: Iterable[tuple[Map, Map, int]]) -> dict[Place, Counts]:
    """Count observations with their rewards and epochs, one by one."""
    out: dict[Place, Counts] = defaultdict(lambda: defaultdict(Counter))
    for item, reward, epoch in rows:
        if item.get("shadow"):
            continue
        hour = item["ts"].replace(minute=0, second=0, microsecond=0)
        component, version = item["component"], item.get("policyVersion", "none")
        if reward.get("series") == "other":
            component = version = "other"
        _add(out[component, version, epoch, hour], item, reward)
    return {place: dict(counts) for place, counts in out.items()}


def _add(counts: Counts, item: Map, reward: Map) -> None:
    w = item.get("weight", 1)
    outcome = reward.get("outcome", item["outcome"])
    quality = reward.get("quality", item.get("quality"))
    counts["outcomes"].update({(outcome, "n"): 1, (outcome, "w"): w, (outcome, "w2"): w * w})
    if "errorCode" in item:
        counts["errors"][item["errorCode"]] += w
    values = {
        "reward": reward["score"],
        "drawn": None if "fallbackFrom" in item else reward["score"],
        "quality": quality,
        "latency": item.get("durationMs"),
        "cost": item.get("costUsd"),
    }
    for metric, value in values.items():
        if value is None:
            continue
        x = round(Fraction(value) * UNITS[metric])
        powers = (1, w, w * x, w * x * x, w * w, w * w * x, w * w * x * x)
        counts[metric].update(dict(zip(POWERS, powers, strict=True)))
        if metric in ("reward", "latency", "cost"):
            counts[f"{metric}_bins"][bin_number(value)] += w
        if outcome == "success" and metric in ("latency", "cost", "quality"):
            counts["known_success"][metric] += w
    for name in ("tokensIn", "tokensOut", "retries"):
        counts["totals"][name] += w * item.get(name, 0)


def bin_number(value: float) -> int | str:
    """Return the number i of the bin gamma**(i-1) < value <= gamma**i, found by its bounds."""
    return "zero" if value <= 1e-9 else bisect_left(_BOUNDS, value) - 2100


def held(store: Store, level: str = "shard") -> dict[Place, Counts]:
    """Return what the buckets of a level hold, in the form of a recount, summed over shards."""
    return held_in(buckets_of(store, level))


def held_in(buckets: Iterable[Bucket]) -> dict[Place, Counts]:
    """Return what some buckets hold together."""
    out: dict[Place, Counts] = defaultdict(lambda: defaultdict(Counter))
    for bucket in buckets:
        counts = out[bucket.component, bucket.version, bucket.epoch, bucket.hour]
        sums = bucket.sums
        for outcome, tally in sums.outcomes.items():
            counts["outcomes"].update({(outcome, k): v for k, v in tally.to_map().items()})
        counts["errors"].update(sums.errors)
        counts["known_success"].update(sums.known_success)
        for metric in UNITS:
            moments = getattr(sums, metric)
            counts[metric].update({power: getattr(moments, power) for power in POWERS})
        for name in ("reward_bins", "latency_bins", "cost_bins"):
            histogram = getattr(sums, name)
            index, n = histogram.bins()
            counts[name].update(dict(zip(index.tolist(), n.tolist(), strict=True)))
            counts[name]["zero"] += histogram.zeros
        for field, name in (("tokens_in", "tokensIn"), ("tokens_out", "tokensOut")):
            counts["totals"][name] += getattr(sums, field)
        counts["totals"]["retries"] += sums.retries
    return {place: dict(counts) for place, counts in out.items()}


def plain(found: dict[Place, Counts]) -> dict[Place, dict[str, dict[Any, int]]]:
    """Return counts without zeros and without empty buckets, so that they compare."""
    cleaned = {
        place: {
            name: kept for name, c in counts.items() if (kept := {k: v for k, v in c.items() if v})
        }
        for place, counts in found.items()
    }
    return {place: counts for place, counts in cleaned.items() if counts}


def check(store: Store, level: str = "shard") -> None:
    """Fail unless each observation has one reward and the buckets equal a recount."""
    assert plain(held(store, level)) == plain(recount(store))
