"""`config/cards`: limits by metric, and what is refused."""

import pytest

from ratchet.kernel.errors import InvalidConfig
from ratchet.runs.cards.card import METRICS
from ratchet.runs.cards.card_settings import CardSettings


def test_named_limits_replace_their_default_alone() -> None:
    given = {"v": 1, "limits": {"grounding": {"weakAbove": 0.6, "strongBelow": 0.2}}}
    limits = CardSettings.parse(given).limits_with(0.55)
    at = {name: i for i, name in enumerate(METRICS)}
    assert limits.weak_above[at["grounding"]] == 0.6
    assert limits.weak_above[at["contradictions"]] == 0.3
    assert limits.strong_below[at["loss"]] == 0.1
    # A reward under 0.55 lacks more than 0.45; one above 0.8 less than 0.2.
    assert limits.weak_above[at["reward"]] == pytest.approx(0.45)
    assert limits.strong_below[at["reward"]] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"limits": {"speed": {"weakAbove": 0.5}}}, "'speed' is no term"),
        ({"limits": {"loss": {"weakAbove": 0.1, "strongBelow": 0.2}}}, "strongBelow is not above"),
        ({"leastDifference": 2}, "leastDifference"),
        ({"strongReward": "0.8"}, "strongReward"),
        ({"leastModelRuns": 1}, "leastModelRuns"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidConfig, match=told):
        CardSettings.parse({"v": 1} | given)
