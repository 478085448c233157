"""A recount of runs' totals from scratch: plain loops over stored observations and rewards."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from ratchet.observe.run_totals import RunTotals
from ratchet.stats.moments import Moments
from ratchet.store.port import Query, Store
from tests.support.recount import POWERS, bin_number, pairs

Counts = dict[str, Counter[Any]]
UNITS = {"reward": 10**6, "latency": 10**3, "cost": 10**9}


def totals_of(store: Store) -> dict[str, RunTotals]:
    """Return the stored totals by run."""
    found = [RunTotals.from_store(s.data) for s in store.query(Query(RunTotals.collection))]
    return {totals.run_id: totals for totals in found}


def held(store: Store) -> Counts:
    """Return what the stored totals hold."""
    out: Counts = {}
    for run, totals in totals_of(store).items():
        sums = totals.sums
        counts = out[run] = Counter({"n": sums.n, "retries": sums.retries})
        counts |= {"tokensIn": sums.tokens_in, "tokensOut": sums.tokens_out}
        counts.update({("outcome", name): w for name, w in sums.outcomes.items()})
        counts.update({("error", name): w for name, w in sums.errors.items()})
        for name in UNITS:
            counts.update(_powers(name, getattr(sums, name)))
        for arm, moments in sums.by_arm.items():
            counts.update(_powers(f"arm {arm}", moments))
        index, n = sums.latency_bins.bins()
        counts.update({("bin", i): c for i, c in zip(index.tolist(), n.tolist(), strict=True)})
        counts["bin", "zero"] += sums.latency_bins.zeros
    return {run: Counter({k: v for k, v in counts.items() if v}) for run, counts in out.items()}


def _powers(name: str, moments: Moments) -> dict[Any, int]:
    return {(name, power): getattr(moments, power) for power in POWERS}


def recount(store: Store) -> Counts:
    """Return what the totals must hold, one observation at a time."""
    out: Counts = defaultdict(Counter)
    for _, item, reward, _ in pairs(store):
        if "runId" in item and not item.get("shadow"):
            _add(out[item["runId"]], item, reward)
    return {run: Counter({k: v for k, v in counts.items() if v}) for run, counts in out.items()}


def _add(counts: Counter[Any], item: Mapping[str, Any], reward: Mapping[str, Any]) -> None:
    w, latency = item.get("weight", 1), item.get("durationMs")
    counts["n"] += 1
    counts["outcome", reward.get("outcome", item["outcome"])] += w
    if "errorCode" in item:
        counts["error", item["errorCode"]] += w
    for name in ("tokensIn", "tokensOut", "retries"):
        counts[name] += w * item.get(name, 0)
    values = {"reward": reward["score"], "latency": latency, "cost": item.get("costUsd")}
    for name, value in values.items():
        if value is not None:
            x = round(value * UNITS[name])
            counts.update(_of(name, w, x))
            if name == "reward" and "arm" in item:
                counts.update(_of(f"arm {item['arm']}", w, x))
    if latency is not None:
        counts["bin", bin_number(latency)] += w


def _of(name: str, w: int, x: int) -> dict[Any, int]:
    powers = (1, w, w * x, w * x * x, w * w, w * w * x, w * w * x * x)
    return {(name, power): value for power, value in zip(POWERS, powers, strict=True)}


def check(store: Store) -> None:
    """Fail unless the totals of runs equal a recount."""
    assert held(store) == recount(store)
