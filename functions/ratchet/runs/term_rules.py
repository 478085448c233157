"""Rules: at which value a term of the run loss is as bad as it can be."""

from typing import Annotated

from pydantic import Field

from ratchet.kernel.document import Model

MAX_RATIO = 1e6  # what stands for any cost over a budget of nothing
Positive = Annotated[float, Field(gt=0, le=1000)]


class Saturation(Model):
    """A count is 1, the worst, from `saturatesAt` on, and grows evenly until there."""

    saturates_at: Positive

    def loss(self, count: float) -> float:
        """Return the loss of a count.

        >>> Saturation(saturates_at=5).loss(2), Saturation(saturates_at=5).loss(9)
        (0.4, 1.0)
        """
        return min(1.0, count / self.saturates_at)


class Overrun(Model):
    """What is within its budget is 0, and 1 + `overAt` times the budget is 1, the worst."""

    over_at: Positive

    def loss(self, ratio: float) -> float:
        """Return the loss of a multiple of the budget.

        >>> Overrun(over_at=0.5).loss(0.9), Overrun(over_at=0.5).loss(1.25)
        (0.0, 0.5)
        """
        return min(1.0, max(0.0, (ratio - 1) / self.over_at))


class Rules(Model):
    """How the terms that are no shares come into 0..1; a share is its own loss, or 1 less it.

    Five contradictions in one run are as bad as fifty, one critical finding is, three breakages
    are; twice the budget, of money or of time, is.
    """

    contradictions: Saturation = Saturation(saturates_at=5)
    cost_over_budget: Overrun = Overrun(over_at=1)
    latency_p95: Overrun = Overrun(over_at=1)
    security_criticals: Saturation = Saturation(saturates_at=1)
    api_breakages: Saturation = Saturation(saturates_at=3)


def times_of(spent: float | None, budget: float | None) -> float | None:
    """Return how many times a budget was spent, or None where either is unknown.

    >>> times_of(3.0, 2.0), times_of(0.0, 0.0), times_of(0.01, 0.0)
    (1.5, 0.0, 1000000.0)
    """
    if spent is None or budget is None:
        return None
    if not spent:
        return 0.0
    return min(MAX_RATIO, spent / budget) if budget else MAX_RATIO
