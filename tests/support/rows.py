"""Stored observations for property tests, scored by hand: what a bucket adds up."""

from datetime import timedelta
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ratchet.observe.tally import Series, columns_of, sums_of
from ratchet.stats.bucket import Sums
from tests.support.observing import NOON

Row = tuple[dict[str, Any], float]


def _item(known: dict[str, Any], hour: int) -> dict[str, Any]:
    return {"ts": NOON + timedelta(hours=hour, minutes=7)} | known


# Stored maps: what is unknown is absent. Wide costs and weights go beyond 64 bits when squared.
ITEMS = st.builds(
    _item,
    st.fixed_dictionaries(
        {
            "component": st.sampled_from(["router", "planner"]),
            "outcome": st.sampled_from(["success", "failure", "timeout"]),
        },
        optional={
            "policyVersion": st.sampled_from(["p@1.0.0", "p@1.0.1"]),
            "durationMs": st.integers(0, 600_000).map(float),
            "costUsd": st.integers(0, 10_000_000).map(lambda n: n / 1000),
            "quality": st.integers(0, 100).map(lambda n: n / 100),
            "errorCode": st.sampled_from(["429", "boom"]),
            "weight": st.sampled_from([1, 10, 1000]),
            "fallbackFrom": st.just("other"),
            "shadow": st.just(True),
            "tokensIn": st.integers(0, 10**9),
            "tokensOut": st.integers(0, 10**9),
            "retries": st.integers(0, 5),
        },
    ),
    st.integers(0, 2),
)
ROWS = st.lists(st.tuples(ITEMS, st.integers(0, 10**6).map(lambda n: n / 10**6)), max_size=25)


def sums(rows: list[Row]) -> dict[Series, Sums]:
    """Return the sums of each series of some scored observations."""
    if not rows:
        return {}
    return sums_of(columns_of([item for item, _ in rows]), np.array([score for _, score in rows]))


def total(rows: list[Row]) -> Sums:
    """Return the sums of all of them together."""
    return sum(sums(rows).values(), Sums())
