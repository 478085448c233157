"""Ruling: what the challengers of a look come to together, by mode and purpose; pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ratchet.kernel.clock import HOUR
from ratchet.rollouts.decision import SPLIT_WRONG, unequal, unseen, withheld
from ratchet.rollouts.judge_arm import Tried
from ratchet.rollouts.judge_waits import (
    Wait,
    bounds_clear,
    elapsed,
    hours,
    latest,
    looked_at,
    soak,
    units,
)
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import Called
from ratchet.rollouts.weigh import better

_UNEXPOSED = "exposures: none came, so neither the split nor what is lost can be told"


@dataclass(frozen=True)
class Look:
    """What is ruled on: the challengers that stand, and until when all is closed.

    `spent` is what shadows cost in closed hours, and in all; `unexposed` says that outcomes
    came and no exposure did. Units: USD.
    """

    rollout: Rollout
    tried: tuple[Tried, ...]
    until: datetime
    now: datetime
    mismatch: bool
    spent: tuple[float, float] | None = None
    unexposed: bool = False

    @property
    def breached(self) -> list[Tried]:
        """The challengers that go back."""
        return [one for one in self.tried if one.called == "ROLL_BACK"]

    @property
    def left(self) -> list[Tried]:
        """The challengers that do not."""
        return [one for one in self.tried if one.called != "ROLL_BACK"]

    @property
    def fit(self) -> list[Tried]:
        """The challengers that have shown all that is asked."""
        return [one for one in self.tried if one.called == "PROMOTE"]

    @property
    def is_blind(self) -> bool:
        """Whether no hour of it is closed, and nobody was met before its start by another clock."""
        seen = any(count for one in self.tried for count in one.met.values())
        return not seen and elapsed(self.rollout.started_at, self.until) == 0

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return self.now >= self.rollout.deadline

    @property
    def is_paid(self) -> bool:
        """Whether shadows have cost what they may, hours that are open included."""
        return self.spent is not None and self.spent[1] >= self.rollout.profile.shadow.spend_usd

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to come: past the deadline, or all that was paid for is seen."""
        cap = self.rollout.profile.shadow.spend_usd
        return self.is_late or (self.spent is not None and self.spent[0] >= cap)


@dataclass(frozen=True)
class Ruling:
    """What a look comes to, why, and when something else may be expected."""

    decision: Called
    reasons: tuple[str, ...]
    winner: str | None = None
    expected: datetime | None = None


def ruling(look: Look) -> Ruling:
    """Return what a look comes to.

    A challenger that is shown to be worse goes back, the rollout where no other is left. Only what
    is shown is promoted, once all that is waited for is over; what is not shown by the deadline has
    expired. A new version is kept unless its holdback shows it to be worse. An A/A, which changes
    nothing, ends at its deadline.
    """
    if look.rollout.purpose == "aa" and look.is_late:
        return Ruling("EXPIRED", (_over(look),))
    if look.breached and not look.left:
        return Ruling("ROLL_BACK", tuple(_said(look, look.breached)))
    if look.rollout.purpose == "holdback":
        return _kept(look)
    waits = _waits(look)
    if not waits and _may_go(look):
        return _promoted(look)
    missing = tuple(dict.fromkeys([w.reason for w in waits] + _missing(look)))
    if look.is_final:
        return Ruling("EXPIRED", (_over(look), *missing))
    return Ruling("HOLD", missing, expected=_expected(look, waits))


def _kept(look: Look) -> Ruling:
    """Return that a holdback is over, or how long it takes yet."""
    held, start = look.rollout.profile.holdback, look.rollout.started_at
    waits = list(hours("holdback", start, held.hours if held else 0.0, look.until))
    if not waits or look.is_late:
        return Ruling("PROMOTE", tuple(_said(look, look.tried)))
    return Ruling("HOLD", (waits[0].reason,), expected=looked_at(look.rollout, waits[0].until))


def _waits(look: Look) -> list[Wait]:
    if look.is_blind:
        return [Wait("no hour is closed yet", look.rollout.started_at + HOUR)]
    if look.mismatch:
        return [Wait(SPLIT_WRONG)]
    soaking = () if look.is_paid else soak(look.rollout, look.until)
    alone = look.rollout.is_last_step and look.rollout.mode != "shadow"
    going = (look.fit if alone else []) or look.left
    unseen = [Wait(_UNEXPOSED)] if look.unexposed else []
    return [*soaking, *units(look.rollout, going, look.until), *unseen]


def _may_go(look: Look) -> bool:
    """Say whether the next step may open, or the whole.

    Of a shadow the challengers go on together, as long as there is time.
    """
    if not look.rollout.is_last_step:
        return not (look.breached or look.is_late or _unjudged(look))
    together = look.rollout.mode == "shadow" and not look.is_final
    return bool(look.fit) and (not together or len(look.fit) == len(look.left))


def _promoted(look: Look) -> Ruling:
    if not look.rollout.is_last_step:
        where = f"step {look.rollout.place}: its hours are over, and nothing is shown to be worse"
        return Ruling("PROMOTE", (where,))
    best = max(look.fit, key=_rank)
    shown = look.fit if look.rollout.mode == "shadow" else [best]
    return Ruling("PROMOTE", tuple(_said(look, shown)), winner=best.arm)


def _rank(tried: Tried) -> tuple[float, float]:
    """Return the lower bound of how much better the goal is, and the estimate."""
    bounds = tried.goal.to_promote()
    estimate = tried.goal.about.sign * float(bounds.estimate)
    low = float(better(bounds, tried.goal.about)[0])
    return low, estimate if math.isfinite(estimate) else -math.inf


def _missing(look: Look) -> list[str]:
    """Return what has not been shown, besides what is waited for; and who goes back alone."""
    back = list(_said(look, look.breached))
    if look.mismatch:
        return back
    if not look.rollout.is_last_step:
        return back + _unjudged(look)
    return back + list(_said(look, _short(look)))


def _short(look: Look) -> list[Tried]:
    """Return the challengers that have not shown enough, while that keeps any from going on."""
    if look.is_blind or (look.fit and look.rollout.mode != "shadow"):
        return []
    return [one for one in look.left if one.called != "PROMOTE"]


def _unjudged(look: Look) -> list[str]:
    """Return what keeps a challenger that is left from being compared, or is not seen of it."""
    found: list[str] = []
    for one in look.left:
        held = (w for w in one.weighed.terms if w.held and w.needed is not None)
        unalike = (unequal(weighing) for weighing in held)
        said = (*withheld(one.weighed), *unalike, *unseen(one.weighed))
        found += (_named(look, one, reason) for reason in said)
    return found


def _expected(look: Look, waits: Sequence[Wait]) -> datetime | None:
    """Return when the next step or the whole should be open, as far as that can be told."""
    if look.mismatch:
        return None
    ends = [wait.until for wait in waits]
    if look.rollout.is_last_step:
        shown = [bounds_clear(look.rollout, one, look.until) for one in _short(look)]
        together = max if look.rollout.mode == "shadow" else min
        ends += [together(filter(None, shown), default=None)] if shown else []
    elif _unjudged(look):
        return None
    end = looked_at(look.rollout, latest(ends))
    return end if end is not None and end > look.now else None


def _over(look: Look) -> str:
    if look.is_late:
        return f"deadline: {look.rollout.deadline:%Y-%m-%d %H:%M} UTC has passed"
    return f"spend: the {look.rollout.profile.shadow.spend_usd:g} USD for shadows are spent"


def _said(look: Look, tried: Iterable[Tried]) -> Iterable[str]:
    return (_named(look, one, reason) for one in tried for reason in one.reasons)


def _named(look: Look, tried: Tried, reason: str) -> str:
    """Return a reason with the challenger's name, where there are several."""
    return f"{tried.arm}: {reason}" if len(look.rollout.challengers) > 1 else reason
