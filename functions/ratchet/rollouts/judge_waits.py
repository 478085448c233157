"""What a rollout waits for before it can be promoted, and until when; pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ratchet.kernel.clock import HOUR, hour_of
from ratchet.observe.watch import CONTROL
from ratchet.rollouts.arms import split
from ratchet.rollouts.judge_arm import Tried
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.weigh import Weighing, better

CYCLE_HOURS = 24.0
_LONG = 10 * 365 * 24.0  # hours


@dataclass(frozen=True)
class Wait:
    """One thing that is waited for; `until` which closed hour, as far as that can be told."""

    reason: str
    until: datetime | None = None


def soak(rollout: Rollout, until: datetime) -> Iterable[Wait]:
    """Yield the hours that are still to close: of the step, and before the whole of a day."""
    since = opened(rollout)
    if rollout.mode == "shadow":
        yield from hours("shadow", since, rollout.profile.shadow.hours, until)
        return
    name = f"step {rollout.place}"
    yield from hours("soak", since, rollout.profile.soak_hours, until, f" in {name}")
    if rollout.is_last_step:
        yield from hours("daily cycle", rollout.started_at, CYCLE_HOURS, until)


def hours(
    what: str, since: datetime, wanted: float, until: datetime, where: str = ""
) -> Iterable[Wait]:
    """Yield what is missing of so many closed hours since an instant, if anything."""
    seen = elapsed(since, until)
    if seen < wanted:
        shown = math.floor(seen * 10) / 10
        end = since + timedelta(hours=wanted)
        yield Wait(f"{what}: {shown:g} of {wanted:g} hours{where}", end)


def units(rollout: Rollout, tried: Sequence[Tried], until: datetime) -> Iterable[Wait]:
    """Yield the arms that have met too few units."""
    least = rollout.profile.min_units
    met = {name: count for one in tried for name, count in one.met.items()}
    for name, count in met.items():
        if count < least:
            reason = f"units: {count:.0f} of {least} in {name}"
            yield Wait(reason, _grown(rollout, until, count, least))


def bounds_clear(rollout: Rollout, tried: Tried, until: datetime) -> datetime | None:
    """Return when all that a challenger misses should be shown, if it stays as it is seen.

    A bound comes nearer with the root of the information; without one the plan says when.
    """
    missing = [w for w in tried.weighed.terms if not w.passed]
    if tried.weighed.mismatch or tried.weighed.lost or any(w.held for w in missing):
        return None
    ends = [_clears(rollout, tried, weighing, until) for weighing in missing]
    return latest(ends)


def latest(ends: Iterable[datetime | None]) -> datetime | None:
    """Return the last instant, None where one is not known or there is none."""
    found = list(ends)
    known = [end for end in found if end is not None]
    return max(known) if known and len(known) == len(found) else None


def looked_at(rollout: Rollout, end: datetime | None) -> datetime | None:
    """Return when what was exposed before an instant is judged, the deadline at the latest."""
    if end is None:
        return None
    whole = hour_of(end)
    closed = whole if whole == end else whole + HOUR
    return min(rollout.watch.closes(closed), rollout.deadline)


def opened(rollout: Rollout) -> datetime:
    """Return when the present step was opened."""
    return rollout.opened[rollout.step] if rollout.opened else rollout.started_at


def elapsed(since: datetime, until: datetime) -> float:
    """Return the closed hours since an instant."""
    return max(0.0, (until - since) / HOUR)


def _clears(rollout: Rollout, tried: Tried, weighing: Weighing, until: datetime) -> datetime | None:
    bounds = weighing.to_promote()
    if not (bounds.trusted and weighing.enough):
        plan = rollout.plan  # its hours end with the outcome window
        end = rollout.started_at - rollout.watch.window
        return end + timedelta(hours=plan.hours) if plan else None
    low, _ = better(bounds, weighing.about)
    seen = weighing.about.sign * float(bounds.estimate)
    beyond, reach = seen - (weighing.needed or 0.0), seen - float(low)
    if not 0 < beyond < reach < math.inf:
        return None
    done, pace = _information(rollout, tried.arm, until)
    more = ((reach / beyond) ** 2 - 1) * done / pace if pace else math.inf
    return until + timedelta(hours=more) if more < _LONG else None


def _information(rollout: Rollout, arm: str, until: datetime) -> tuple[float, float]:
    """Return what the closed hours hold, and what an hour of the present step brings."""
    starts = [rollout.started_at, *rollout.opened[1 : rollout.step + 1]]
    ends = [*starts[1:], until]
    spans = np.array([elapsed(a, min(b, until)) for a, b in zip(starts, ends, strict=True)])
    share = split(rollout, arm)[: len(starts)]
    weight = share * (1 - share)
    served = np.array([_both(rollout, step, arm) for step in range(len(starts))])
    return float((spans * served * weight).sum()), float(served[-1] * weight[-1])


def _both(rollout: Rollout, step: int, arm: str) -> float:
    """Return which part of all units meets the challenger or its control."""
    shares = rollout.shares(step)
    return 1.0 if rollout.mode == "shadow" else shares[arm] + shares[CONTROL]


def _grown(rollout: Rollout, until: datetime, met: float, least: float) -> datetime | None:
    """Return when so many units are met at the rate up to now."""
    seen = elapsed(rollout.started_at, until)
    if not met or not seen:
        return None
    more = (least - met) / (met / seen)
    return until + timedelta(hours=more) if more < _LONG else None
