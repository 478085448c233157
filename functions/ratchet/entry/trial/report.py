"""Report: all that is found in a log, as one document."""

from datetime import datetime

from ratchet.entry.trial.columns import Column
from ratchet.entry.trial.earned import Earned
from ratchet.entry.trial.estimates import Estimate
from ratchet.entry.trial.frontier import Frontier
from ratchet.entry.trial.null import Null
from ratchet.entry.trial.paired import Paired
from ratchet.kernel.document import Model

HORIZON = "95 %, for one look at the end (fixed-horizon), units as clusters"


class Known(Model):
    """One metric of an arm, and the share of its rows of which it is unknown."""

    estimate: Estimate | None = None
    unknown: float


class ArmReport(Model):
    """What one arm did. Units: latencies in milliseconds, cost in US dollars a request."""

    arm: str
    rows: int
    units: int
    metrics: dict[str, Known]
    p50: Estimate | None = None
    p95: Estimate | None = None


class Decided(Model):
    """What one rule decides of a challenger: at which look, first 1, and for whom."""

    look: int | None = None
    at: datetime | None = None
    says: str = "nothing"


class Challenger(Model):
    """One challenger against the control: both rules over all looks, and the end.

    `turns` counts how often the naive rule changes its mind; `low` and `high` hold over all looks.
    """

    arm: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    naive: Decided
    turns: int
    naive_end: str
    bounded: Decided


class Line(Model):
    """What the chart shows of a challenger, look by look; unknown at looks without both arms."""

    arm: str
    difference: tuple[float | None, ...]
    naive_reach: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


class Peeking(Model):
    """What looking again and again would have decided on this log."""

    control: str
    looks: int
    how: str
    challengers: tuple[Challenger, ...] = ()
    null: Null | None = None
    null_of: str = ""
    line: Line | None = None
    reason: str = ""


class Report(Model):
    """What a log says. Absent is what the log does not have."""

    log: str
    rows: int
    skipped: int
    skipped_shown: tuple[str, ...]
    without_arm: int
    columns: tuple[Column, ...]
    wide: tuple[str, ...]
    unused: tuple[str, ...]
    goal: str
    goal_better: str
    other_goals: tuple[str, ...] = ()
    intervals: str = HORIZON
    weighted: bool
    units: str
    arms: tuple[ArmReport, ...]
    frontier: Frontier
    paired: Paired | None = None
    weights: Earned | None = None
    peeking: Peeking
