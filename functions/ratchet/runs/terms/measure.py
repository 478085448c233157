"""Measure: how one term of the run loss is read from what is known, and becomes 0..1."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ratchet.runs.term_rules import Rules
from ratchet.runs.terms.facts import Facts

SHARE = (0.0, 1.0)
COUNT = (0.0, 1e9)
MILLIS = (0.0, 90 * 86_400_000.0)


class Measure(NamedTuple):
    """One term: its value of what is known (None of nothing), and the loss of a value by the rules.

    `metrics` are the numbers of a report that it reads, each with its least and greatest value.
    """

    value: Callable[[Facts], float | None]
    loss: Callable[[float, Rules], float]
    metrics: Mapping[str, tuple[float, float]]
