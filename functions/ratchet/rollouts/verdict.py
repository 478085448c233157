"""Verdict: what one look at a rollout decided, with all that it rests on, to be computed again."""

from typing import Any, ClassVar, Literal

from ratchet.kernel.document import Instant, Model
from ratchet.kernel.seal import Sealed
from ratchet.rollouts.assign import Mode
from ratchet.rollouts.rollout import Purpose
from ratchet.stats.intervals import Interval

VERDICTS = "ops_verdicts"
Called = Literal["PROMOTE", "HOLD", "ROLL_BACK", "EXPIRED"]
# What was done about a verdict; `learning_off`, `held` and `asked` did not carry a promotion out.
Effect = Literal[
    "none",
    "step_opened",
    "next_gate",
    "approval_asked",
    "activated",
    "dropped",
    "spent",
    "rolled_back",
    "expired",
    "kept",
    "learning_off",
    "held",
    "gate_waits",
    "gate_stopped",
]


class TermSeen(Model):
    """One metric that a profile asks about, in its unit; bounds hold over all looks together.

    `delta` is challenger - control (in a holdback: the new version - the former), absent where
    nothing is known. `needed` is what the lower bound of how much better it is must exceed, absent
    where a promotion asks nothing of it; `allowed` the loss that the upper bound must show. Each is
    a part of the control's mean where it is relative (`relative`, `allowedRelative`), and `low` and
    `high` then bound challenger / control - 1. `asked` is false for a term that nobody reports.
    `pValue` is of no difference at all, at any look.
    """

    metric: str
    better: Literal["higher", "lower"]
    role: Literal["goal", "also", "guardrail"]
    control: float | None = None
    value: float | None = None
    delta: float | None = None
    interval: Interval | None = None
    p_value: float = 1.0
    relative: bool = False
    allowed_relative: bool = False
    low: float | None = None
    high: float | None = None
    needed: float | None = None
    allowed: float
    promote_error: float
    rollback_error: float
    units: float | None = None
    events: float | None = None
    trusted: bool = False
    held: tuple[str, ...] = ()
    asked: bool = True
    passed: bool = False
    breached: bool = False


class ArmJudged(Model):
    """What one challenger's evidence allows; `delta` to `recommendation` are of the goal."""

    arm: str
    version: str
    decision: Called
    reasons: tuple[str, ...]
    metric: str
    delta: float | None = None
    interval: Interval | None = None
    p_value: float = 1.0
    recommendation: Called
    exposures: int = 0
    units: float = 0.0
    terms: tuple[TermSeen, ...] = ()


class AsOf(Model):
    """How the rollout stood when it was judged: what of it changes."""

    step: int
    opened: tuple[Instant, ...]
    dropped: tuple[str, ...] = ()
    held: bool = False


class Judged(Model):
    """One look: everything in here follows from the rollout, its frozen buckets and `before`.

    `scope` says what a PROMOTE opens: the next step or the whole. `leastP` is the smallest p-value
    of the sample ratio so far. `spentUsd` is what shadows cost, with the `openUsd` of hours that
    were not closed. `buckets` are days of arms, `data` the hash of their sums.
    """

    rollout: str
    policy: str
    mode: Mode
    purpose: Purpose
    profile: str
    decision: Called
    scope: Literal["step", "whole"]
    winner: str | None = None
    reasons: tuple[str, ...]
    expected: Instant | None = None
    arms: tuple[ArmJudged, ...]
    ratio_p: float = 1.0
    least_p: float = 1.0
    spent_usd: float | None = None
    open_usd: float = 0.0
    start: Instant
    until: Instant
    at: Instant
    as_of: AsOf
    before: str | None = None
    buckets: tuple[str, ...] = ()
    data: str = ""
    seeds: tuple[int, ...] = ()
    code: str


class Verdict(Sealed):
    """A look at a rollout as it was recorded, and what was done about it."""

    collection: ClassVar[str] = VERDICTS

    id: str
    rollout: str
    policy: str
    at: Instant
    decision: Called
    judged: Judged
    effect: Effect = "none"
    note: str = ""
    by: str = ""
    evidence: dict[str, Any] = {}

    def key(self) -> str:
        """Return the id: the rollout and the hour of the look."""
        return self.id
