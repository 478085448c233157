"""Below: how far components' mean rewards are under a threshold of the reward configuration."""

from collections.abc import Callable, Iterator
from shlex import quote

from ratchet.insight.rule import Condition, Sight
from ratchet.kernel.each import each
from ratchet.observe.reward import RewardConfig, Thresholds
from ratchet.stats.window import ALL, Stats, WindowName
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query

WINDOW: WindowName = "24h"
LEAST = 30  # rewards: of fewer, a mean says nothing


def below(sight: Sight, limit_of: Callable[[Thresholds], float]) -> Iterator[Condition]:
    """Yield how far each component's mean reward of a day is under its threshold.

    One read a component. Units: rewards, 0..1; below 0 is over the threshold.
    """
    where = (Filter("window", "==", WINDOW), Filter("version", "==", ALL))
    stored = sight.store.stream(Query(Stats.collection, where))
    config = sight.reader.read(RewardConfig)
    for stats in each(stored, naming(lambda s: Stats.from_store(s.data)), sight.tell):
        if stats.avg_reward is not None and stats.reward_n >= LEAST:
            limit = limit_of(config.for_component(stats.component).thresholds)
            yield _condition(stats, stats.avg_reward, limit)


def _condition(stats: Stats, mean: float, limit: float) -> Condition:
    interval = stats.avg_reward_interval
    under = "under" if mean < limit else "not under"
    return Condition(
        subject=stats.component,
        level=limit - mean,
        unsure=mean - interval.low if interval else 0.0,
        text=f"{stats.component} has mean reward {mean:.3f}, {under} {limit:g}",
        command=f"ratchet stats --component {quote(stats.component)}",
        evidence={
            "meanReward": round(mean, 6),
            "threshold": limit,
            "window": WINDOW,
            "rewards": stats.reward_n,
            "epoch": stats.epoch,
        },
        as_of=stats.ts,
    )
