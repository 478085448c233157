"""Below the minimum: a component's mean reward is under `thresholds.minAcceptable`."""

from collections.abc import Iterator

from ratchet.insight.below import below
from ratchet.insight.hysteresis import Band
from ratchet.insight.rule import Condition, Rule, Sight
from ratchet.kernel.clock import HOUR


def look(sight: Sight) -> Iterator[Condition]:
    """Yield how far each component is under what is acceptable."""
    return below(sight, lambda thresholds: thresholds.min_acceptable)


RULE = Rule("warning", HOUR, Band(opens=0, closes=-0.02, opens_after=2, closes_after=2), look)
