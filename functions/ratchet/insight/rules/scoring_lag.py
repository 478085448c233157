"""Scoring lag: observations wait long for their reward."""

from collections.abc import Iterator
from datetime import timedelta

from ratchet.insight.hysteresis import Band
from ratchet.insight.rule import Condition, Rule, Sight
from ratchet.observe.lag import longest_wait
from ratchet.observe.settings import Ingest


def look(sight: Sight) -> Iterator[Condition]:
    """Yield how many seconds the oldest observation without a reward has waited.

    Three reads a shard at most.
    """
    longest = longest_wait(sight.store, sight.reader.read(Ingest), now=sight.now)
    yield Condition(
        subject="score_observations",
        level=longest.age.total_seconds(),
        text=longest.text,
        command="ratchet doctor",
        evidence={"shard": longest.shard, "seconds": longest.age.total_seconds()},
    )


# Units: seconds.
RULE = Rule(
    "warning",
    timedelta(minutes=5),
    Band(opens=300, closes=60, opens_after=2, closes_after=2),
    look,
)
