"""Window: the statistics of one component over a span of buckets, with what is unknown."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from ratchet.kernel.document import Document, Instant, Model
from ratchet.kernel.ids import join_key
from ratchet.stats.bucket import Sums, Tally
from ratchet.stats.intervals import Interval, mean_interval, rate_interval
from ratchet.stats.moments import SCALES, Moments

WindowName = Literal["1h", "24h", "7d", "30d"]
WINDOWS: dict[WindowName, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
ALL = "all"


class Unknown(Model):
    """Weighted shares of observations whose value is not known; quality among successes."""

    latency: float
    cost: float
    quality: float


class Stats(Document):
    """`ops_stats`: a component in a window, for one version or for all.

    A window holds whole buckets: every one that ends after `ts` minus the window's length, so it
    is never shorter than its name and at most a bucket longer; `since` says from when.
    `n` counts observations as they arrived, `weighted` what they stand for.
    Units: milliseconds, US dollars, rewards 0..1.
    """

    collection: ClassVar[str] = "ops_stats"

    component: str
    version: str = ALL
    window: WindowName
    ts: Instant
    since: Instant
    epoch: int
    n: int
    weighted: int
    success_rate: float | None = None
    success_rate_interval: Interval | None = None
    p50_latency: float | None = None
    p95_latency: float | None = None
    p99_latency: float | None = None
    avg_latency: float | None = None
    avg_cost_usd: float | None = None
    avg_cost_usd_interval: Interval | None = None
    avg_quality: float | None = None
    avg_reward: float | None = None
    avg_reward_interval: Interval | None = None
    reward_n: int = 0
    p50_reward: float | None = None
    p95_reward: float | None = None
    per_minute: float = 0.0
    unknown: Unknown | None = None
    outcomes: dict[str, float] = {}
    errors: dict[str, float] = {}
    tokens_in: int = 0
    tokens_out: int = 0
    retries: int = 0

    def key(self) -> str:
        """Return component, version and window."""
        return stats_key(self.component, self.version, self.window)


def stats_key(component: str, version: str, window: str) -> str:
    """Return the id of a component's statistics."""
    return join_key(component, version, window)


def stats_of(
    sums: Sums,
    *,
    component: str,
    version: str,
    window: WindowName,
    since: datetime,
    ts: datetime,
    epoch: int,
) -> Stats:
    """Return the statistics of merged sums; of nothing, n is 0 and the rest is absent."""
    total = sums.total
    base = Stats(
        component=component,
        version=version,
        window=window,
        ts=ts,
        since=since,
        epoch=epoch,
        n=total.n,
        weighted=total.w,
    )
    if total.n == 0:
        return base
    success = sums.outcomes.get("success", Tally())
    unknown: list[float | None] = [None] * 3
    latency = sums.latency_bins.quantiles([0.5, 0.95, 0.99]) or unknown
    reward = sums.reward_bins.quantiles([0.5, 0.95]) or unknown
    minutes = max(1.0, (ts - since).total_seconds() / 60)
    return base.model_copy(
        update={
            "success_rate": success.w / total.w,
            "success_rate_interval": rate_interval(success.w, success.w2, total.w, total.w2),
            "p50_latency": latency[0],
            "p95_latency": latency[1],
            "p99_latency": latency[2],
            "avg_latency": sums.latency.mean(SCALES["latency"]),
            "avg_cost_usd": sums.cost.mean(SCALES["cost"]),
            "avg_cost_usd_interval": mean_interval(sums.cost, SCALES["cost"]),
            "avg_quality": sums.quality.mean(SCALES["quality"]),
            "avg_reward": sums.reward.mean(SCALES["reward"]),
            "avg_reward_interval": _share(mean_interval(sums.reward, SCALES["reward"])),
            "reward_n": sums.reward.n,
            "p50_reward": reward[0],
            "p95_reward": reward[1],
            "per_minute": total.w / minutes,
            "unknown": _unknown(sums, total, success),
            "outcomes": {name: t.w / total.w for name, t in sorted(sums.outcomes.items())},
            "errors": {code: w / total.w for code, w in sorted(sums.errors.items())},
            "tokens_in": sums.tokens_in,
            "tokens_out": sums.tokens_out,
            "retries": sums.retries,
        }
    )


def _share(interval: Interval | None) -> Interval | None:
    """Keep the interval of a mean of values in 0..1 inside 0..1."""
    return interval and Interval(low=max(0.0, interval.low), high=min(1.0, interval.high))


def _unknown(sums: Sums, total: Tally, success: Tally) -> Unknown:
    def share(known: Moments) -> float:
        return 1 - known.w / total.w

    graded = sums.known_success.get("quality", 0)
    return Unknown(
        latency=share(sums.latency),
        cost=share(sums.cost),
        quality=1 - graded / success.w if success.w else 1.0,
    )
