"""A recount of rollout buckets from scratch: plain loops over what was sent and graded."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from ratchet.observe.watch import Watch
from ratchet.stats.bins import BINS
from ratchet.stats.bucket import Level
from ratchet.stats.rollout_bucket import BINNED, RolloutBucket
from ratchet.store.port import Query, Ref, Store
from tests.support.observing import NOON, SECOND, Worker, exposure, observation, worker
from tests.support.recount import bin_number, stored

Cell = tuple[str, int, str, datetime]
Counts = dict[Cell, Counter[Any]]
HOUR = timedelta(hours=1)
NEW = "1.0.1"
ARMS = ("control", NEW)


def watch(**fields: Any) -> Watch:
    """Return the watch of a rollout of one challenger in two steps, in the first reward epoch."""
    known: dict[str, Any] = {"arms": ARMS, "steps": 2, "epoch": 1, "latency_objective_ms": 1000.0}
    return Watch(**(known | fields))


def start(store: Store, rollout_id: str = "r1", **fields: Any) -> Watch:
    """Write the part of a rollout that the scorer reads."""
    begun = watch(**fields)
    store.set(Ref("ops_rollouts", rollout_id), {"v": 1, "watch": begun.to_map()})
    return begun


def running(store: Store, **ingest: Any) -> Worker:
    """Return a worker beside a rollout."""
    at = worker(store, **ingest)
    start(store)
    return at


def served(ts: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """Return an outcome of an arm as it is sent."""
    arm = {"rolloutId": "r1", "rolloutStep": 0, "rolloutArm": "control", "unit": "u1"}
    return observation(ts, **(arm | fields))


def met(ts: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """Return an exposure as it is sent."""
    return exposure(ts, **fields)


def mixed(n: int, hour: int = 0) -> list[dict[str, Any]]:
    """Return exposures and outcomes of some units in both arms, as they are sent."""
    out = []
    for i in range(n):
        about: dict[str, Any] = {"unit": f"u{i}", "rolloutArm": ARMS[i % 2]}
        out.append(met(NOON + i * SECOND + hour * HOUR, **about))
        latency = None if i % 5 == 0 else 300.0 * i
        fields: dict[str, Any] = {
            "outcome": ("success", "failure", "timeout")[i % 3],
            "weight": 1 + i % 4,
        }
        fields |= {"durationMs": latency} if latency is not None else {}
        fields |= {"costUsd": i / 7} if i % 2 else {"quality": i / n}
        fields |= {"errorCode": f"e{i % 7}"} if i % 3 else {}
        out.append(served(NOON + i * SECOND + hour * HOUR, **about, **fields))
    return out


def kept(store: Store, level: Level = "shard") -> list[RolloutBucket]:
    """Return the stored rollout buckets of a level."""
    found = [RolloutBucket.from_store(s.data) for s in store.query(Query("ops_rollout_buckets"))]
    return [bucket for bucket in found if bucket.level == level]


def only(store: Store, arm: str, level: Level = "shard") -> RolloutBucket:
    """Return the one bucket of an arm."""
    (bucket,) = [bucket for bucket in kept(store, level) if bucket.arm == arm]
    return bucket


def held(buckets: list[RolloutBucket]) -> Counts:
    """Return what buckets hold together, by (field, bin)."""
    out: Counts = defaultdict(Counter)
    for bucket in buckets:
        counts = out[bucket.rollout, bucket.step, bucket.arm, bucket.hour]
        binned = {name: getattr(bucket.sums, name) for name in BINNED}
        binned |= {f"error {code}": bins for code, bins in bucket.sums.errors.items()}
        for name, bins in binned.items():
            counts.update({(name, i): n for i, n in enumerate(bins.array().tolist()) if n})
        index, n = bucket.sums.latency_bins.bins()
        counts.update({("latency", i): c for i, c in zip(index.tolist(), n.tolist(), strict=True)})
        counts["latency", "zero"] += bucket.sums.latency_bins.zeros
    return plain(out)


def plain(found: Counts) -> Counts:
    """Return counts without zeros and without empty cells, so that they compare."""
    cleaned = {cell: Counter({k: v for k, v in c.items() if v}) for cell, c in found.items()}
    return {cell: counts for cell, counts in cleaned.items() if counts}


def recount(store: Store, watches: Mapping[str, Watch]) -> Counts:
    """Return what the buckets of all shards must hold together, one item at a time."""
    out: Counts = defaultdict(Counter)
    grades: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for feedback in stored(store, "ops_feedback").values():
        grades[feedback["obsId"]].append(feedback)
    for key, found in stored(store, "ops_observations").items():
        for item in found.get("exposures", ()):
            cell = (item["rolloutId"], item["step"], item["rolloutArm"], _hour(item["ts"]))
            if item["rolloutId"] in watches:
                out[cell]["exposures", _bin(item["unit"])] += 1
        items = found.get("items", [found] if "items" not in found else [])
        for i, item in zip(found.get("indexes") or range(len(items)), items, strict=True):
            name = f"{key}.{i}" if "items" in found else key
            if "rolloutArm" in item and item["rolloutId"] in watches:
                known = watches[item["rolloutId"]]
                _count(out, known, name, item, found["ingestedAt"], grades[name])
    return plain(out)


def _count(
    out: Counts,
    known: Watch,
    name: str,
    item: Mapping[str, Any],
    ingested: datetime,
    grades: list[dict[str, Any]],
) -> None:
    exposed = item.get("exposedAt", item["ts"])
    closes = exposed + timedelta(hours=known.outcome_window_hours)
    if ingested > closes or item["rolloutStep"] >= known.steps:
        return
    said = [g for g in grades if g["ingestedAt"] <= closes]
    quality, outcome = item.get("quality"), item["outcome"]
    by = {g["source"]: g for g in said}
    judges, review = by.get("judges", {}).get("grade"), by.get("review", {})
    told = [g for g in said if g["source"] != "judges" or "grade" not in review]
    if given := [g["grade"] for g in told if "grade" in g]:
        quality = round(sum(given) / len(given), 6)
    if stated := [(g["ts"], g["outcome"]) for g in said if "outcome" in g]:
        outcome = max(stated)[1]
    arm = item["rolloutArm"]
    arms = [f"shadow:{arm}"] if item.get("shadow") else [arm]
    arms += [f"pair:{name}" for name in item.get("paired", ())]
    for place in arms:
        cell = (item["rolloutId"], item["rolloutStep"], place, _hour(exposed))
        b = _bin(item.get("unit", name))
        _add(out[cell], b, item, outcome, quality, known.latency_objective_ms)
        if judges is not None:
            _add_judged(out[cell], b, item.get("weight", 1), outcome, judges, review)


def _add(
    counts: Counter[Any],
    b: int,
    item: Mapping[str, Any],
    outcome: str,
    quality: float | None,
    objective: float | None,
) -> None:
    w, cost, latency = item.get("weight", 1), item.get("costUsd"), item.get("durationMs")
    good = outcome == "success"
    counts["n", b] += 1
    counts["w", b] += w
    counts[outcome, b] += w
    counts["reward_wx", b] += w * round(Fraction(reward(outcome, quality, latency, cost)) * 10**6)
    for name, value in (("cost", cost), ("latency", latency), ("quality", quality)):
        if value is not None:
            counts[f"{name}_w", b] += w
            counts[f"known_{name}", b] += w if good else 0
    if quality is not None:
        counts["quality_wx", b] += w * round(Fraction(quality) * 10**6)
    if cost is not None:
        counts["cost_wx", b] += w * round(Fraction(cost) * 10**9)
    if latency is not None:
        counts["over", b] += w if objective is not None and latency > objective else 0
        counts["latency", bin_number(latency)] += w
    if "errorCode" in item:
        counts[f"error {item['errorCode']}", b] += w


def _add_judged(
    counts: Counter[Any], b: int, w: int, outcome: str, judges: float, review: Mapping[str, Any]
) -> None:
    p, person = review.get("propensity"), review.get("grade")
    counts["judged_w", b] += w
    counts["judged_wx", b] += w * round(judges * 10**6)
    if outcome == "success":
        counts["known_corrected", b] += w * (
            1 if p is None or person is not None else 1 - round(1 / p)
        )
    if p is not None and person is not None:
        counts["drawn", b] += 1
        counts["drawn_w", b] += w * round(10**6 / p)
        counts["drawn_wx", b] += w * round((person - judges) / p * 10**6)


def reward(outcome: str, quality: float | None, latency: float | None, cost: float | None) -> float:
    """Return the reward under the configuration that everybody starts with, as the README says."""
    score = 0.25 - 0.25 * min(1.0, (latency or 0) / 4000) - 0.2 * min(1.0, (cost or 0) / 0.1)
    score += 0.6 * (1.0 if quality is None else quality) if outcome == "success" else -0.6
    return round(min(1.0, max(0.0, score)), 6)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _bin(unit: str) -> int:
    return hashlib.blake2b(b"bin:" + unit.encode(), digest_size=1).digest()[0] % BINS


def check(store: Store, watches: Mapping[str, Watch]) -> None:
    """Fail unless the buckets of the shards equal a recount."""
    assert held(kept(store)) == recount(store, watches)
