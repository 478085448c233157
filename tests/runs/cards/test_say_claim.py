"""Claims in words."""

import pytest

from ratchet.runs.cards.card import METRICS, Against, Claim, Side
from ratchet.runs.cards.say_claim import WORDS, say_claim
from ratchet.stats.intervals import Interval


def claim(side: Side, metric: str, against: Against, worse: float) -> Claim:
    interval = Interval(low=worse - 0.05, high=worse + 0.05)
    return Claim(
        side=side,
        metric=metric,
        against=against,
        mean=0.61,
        reference=0.5,
        worse=worse,
        interval=interval,
        runs=1200,
        days=14,
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            claim("weakness", "grounding", "past", 0.11),
            "poor grounding: 0.61, before it was 0.50 (0.060 to 0.16 worse; 1,200 runs in 14 days)",
        ),
        (
            claim("strength", "reward", "threshold", -0.11),
            "high reward: 0.61, above 0.50 is strong (0.060 to 0.16 better; 1,200 runs in 14 days)",
        ),
        (
            claim("weakness", "reward", "threshold", 0.2),
            "low reward: 0.61, below 0.50 is weak (0.15 to 0.25 worse; 1,200 runs in 14 days)",
        ),
        (
            claim("strength", "loss", "threshold", -0.2),
            "low loss: 0.61, below 0.50 is strong (0.15 to 0.25 better; 1,200 runs in 14 days)",
        ),
    ],
)
def test_a_claim_says_what_it_rests_on(given: Claim, told: str) -> None:
    assert say_claim(given) == told


def test_every_metric_has_its_words() -> None:
    assert tuple(WORDS) == METRICS
