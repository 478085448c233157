import math
import random
from collections import Counter
from typing import Any

import pytest

from ratchet.client.choice import Choice, draw, shares_of


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ({"a": 0.6, "b": 0.4}, {"a": 0.6, "b": 0.4}),
        ({"a": 3, "b": 1, "c": 0, "d": -5}, {"a": 0.75, "b": 0.25}),
        ({"a": math.nan, "b": math.inf, "c": "1", "d": True, "e": 2}, {"e": 1.0}),
        ({"a": 1.7e308, "b": 1.7e308}, {"a": 0.5, "b": 0.5}),
        ({"a": 1e300, "b": 1e-300}, {"a": 1.0}),
        ({"a": 10**400, "b": 1}, {"b": 1.0}),
        ({"a": 0}, {}),
        ({}, {}),
        (None, {}),
        ([1], {}),
    ],
)
def test_weights_become_shares(weights: Any, shares: dict[str, float]) -> None:
    assert shares_of({"modelWeights": weights}) == pytest.approx(shares)


def test_draws_follow_the_shares() -> None:
    shares = {"a": 0.6, "b": 0.3, "c": 0.1}
    rng = random.Random(7)
    n = 20_000
    seen = Counter(draw(shares, rng.random()) for _ in range(n))
    chi2 = sum((seen[arm] - n * s) ** 2 / (n * s) for arm, s in shares.items())
    assert chi2 < 13.8  # chi-square, 2 degrees of freedom, p = 0.001


@pytest.mark.parametrize("uniform", [0.0, 0.1, 0.5, 1 - 2**-53])
def test_any_point_draws_an_arm(uniform: float) -> None:
    assert draw({"a": 0.1, "b": 0.1, "c": 0.1}, uniform) in {"a", "b", "c"}


def test_a_drawn_arm_is_recorded_with_its_propensity() -> None:
    assert Choice("a", 0.6, "p@1.0.0").as_observation() == {
        "arm": "a",
        "propensity": 0.6,
        "policyVersion": "p@1.0.0",
    }


def test_a_fallback_is_recorded_without_one() -> None:
    assert Choice("b", None, "p@1.0.0", fallback_from="a").as_observation() == {
        "arm": "b",
        "policyVersion": "p@1.0.0",
        "fallbackFrom": "a",
    }
