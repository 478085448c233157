"""Goal: which metric the arms are judged by, and which others they could be."""

from collections.abc import Mapping

from ratchet.entry.trial.peek import HIGHER
from ratchet.entry.trial.read import Log
from ratchet.entry.trial.tally import Sums
from ratchet.kernel.errors import InvalidInput


def possible_goals(log: Log, told: str | None) -> tuple[str, ...]:
    """Return the metrics that may be the goal, the likelier first.

    Raises: InvalidInput where the log does not hold the one that was told.
    """
    if told:
        if told not in log.metrics:
            raise InvalidInput(
                f"the log holds no {told}", field="goal", mend="one of " + ", ".join(log.metrics)
            )
        return (told,)
    return tuple(name for name in log.metrics if name in HIGHER) or log.metrics[:1]


def other_goals(goal: str, metrics: Mapping[str, Sums], told: str | None) -> tuple[str, ...]:
    """Return what a person may ask for where the goal was guessed: the metrics that vary."""
    varied = (name for name, sums in metrics.items() if name != goal and varies(sums))
    return () if told else tuple(varied)


def value_beside(goal: str, metrics: Mapping[str, Sums]) -> str | None:
    """Return what is put beside a price: the goal, or where that is a price, how well it went."""
    values = [name for name in metrics if name in HIGHER]
    if goal in values:
        return goal
    return next((name for name in values if varies(metrics[name])), values[0] if values else None)


def varies(sums: Sums) -> bool:
    """Say whether a metric tells anything apart."""
    return bool(sums.least < sums.most)


def width_of(goal: str, sums: Sums) -> float:
    """Return the width of a metric's range: 1 of shares and grades, else what the log shows."""
    if goal in ("success", "quality"):
        return 1.0
    if sums.least > sums.most:  # nothing is known
        return 1.0
    return float(sums.most - sums.least or abs(sums.most) or 1.0)
