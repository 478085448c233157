"""Figure: one measured number, with the limit it must keep."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One number, `error` its Monte Carlo error; `limit` is None where it is shown only."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    better: Literal["lower", "higher"] = "lower"
    error: float | None = None

    @property
    def holds(self) -> bool:
        """Say whether the number keeps its limit."""
        if self.limit is None:
            return True
        return self.value <= self.limit if self.better == "lower" else self.value >= self.limit
