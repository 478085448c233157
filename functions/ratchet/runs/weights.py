"""Weights of the run loss: all of them sum to 1, and an override scales those it does not name."""

import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from ratchet.kernel.errors import InvalidConfig
from ratchet.stats.loss_terms import TERMS

EPS = 1e-9

# What a run is asked for weighs most, then whether what it says is true; then what it may spend,
# and what harm it does where it is, which most runs cannot do at all.
DEFAULT: Mapping[str, float] = {
    "gatePassRate": 0.25,
    "contradictions": 0.15,
    "grounding": 0.15,
    "costOverBudget": 0.10,
    "latencyP95": 0.10,
    "securityCriticals": 0.10,
    "apiBreakages": 0.05,
    "dbMigrationFail": 0.05,
    "ragCoverage": 0.05,
}


def _overriding(named: dict[str, float]) -> dict[str, float]:
    unknown = sorted(set(named) - set(TERMS))
    if unknown:
        raise ValueError(f"{unknown[0]} is no term; known are {', '.join(TERMS)}")
    total = math.fsum(named.values())
    if total > 1 + EPS:
        raise ValueError(f"weights sum to 1 at most, these to {total:.10g}")
    if len(named) == len(TERMS) and total < 1 - EPS:
        raise ValueError(f"all weights sum to 1, these to {total:.10g}")
    return named


def _whole(named: dict[str, float]) -> dict[str, float]:
    missing = [term for term in TERMS if term not in named]
    if missing:
        raise ValueError(f"{missing[0]} has no weight; 0 leaves a term out")
    return _overriding(named)


Weight = Annotated[float, Field(ge=0, le=1)]
Override = Annotated[dict[str, Weight], AfterValidator(_overriding)]
Weights = Annotated[dict[str, Weight], AfterValidator(_whole)]


def overridden(
    inherited: Mapping[str, float], named: Mapping[str, float], *, field: str
) -> dict[str, float]:
    """Return weights with those named in place, and the others scaled so that all sum to 1.

    Raises: InvalidConfig that names the field where the others are all 0 and cannot grow.

    >>> overridden({"a": 0.5, "b": 0.4, "c": 0.1}, {"a": 0.75}, field="weights")
    {'a': 0.75, 'b': 0.2, 'c': 0.05}
    """
    left = max(0.0, 1 - math.fsum(named.values()))
    others = math.fsum(weight for term, weight in inherited.items() if term not in named)
    if not others and left > EPS:
        raise InvalidConfig(
            f"config/run_loss: {field}: the terms that it does not name weigh nothing,"
            f" so that the weights sum to {1 - left:.10g}",
            field=field,
            mend="name weights that sum to 1",
        )
    # Shares of the others first: the quotient of what is left and of next to nothing may overflow.
    scaled = {term: weight / others * left if others else 0.0 for term, weight in inherited.items()}
    return scaled | dict(named)
