"""Breaker: keeps an arm that times out or is rate limited out of the draw for a while.

state                             good report   counted error               asked to serve
closed                            closed        open for the cooldown       yes
open                              open          open                        no
half-open (cooldown over)         closed        open again, same cooldown   yes: that is the probe
half-open, probe under way        closed        open, doubled, at most 8x   no

An error that the policy does not list in `fallbackOn` is a good report: the arm answers. A probe
nobody reported on is given up after another cooldown.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_DOUBLINGS = 3
DEFAULT_COOLDOWN = 30.0
ALIASES = {"429": "rate_limit"}


@dataclass(frozen=True)
class BreakerRule:
    """Which error codes open an arm, and for how long. Units: seconds."""

    fallback_on: frozenset[str] = frozenset()
    cooldown: float = DEFAULT_COOLDOWN

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "BreakerRule":
        """Return the rule of a policy's `fallbackOn` and `cooldownMs`; what is odd is the default.

        >>> BreakerRule.of({"fallbackOn": ["timeout"], "cooldownMs": 500}).cooldown
        0.5
        """
        codes = params.get("fallbackOn")
        named = codes if isinstance(codes, list | tuple) else ()
        ms = params.get("cooldownMs")
        usual = isinstance(ms, int | float) and not isinstance(ms, bool) and 0 <= ms < math.inf
        cooldown = float(ms) / 1000 if usual and ms is not None else DEFAULT_COOLDOWN
        return cls(frozenset(_code(code) for code in named), cooldown)


@dataclass
class _Opened:
    until: float
    doublings: int = 0
    probe_until: float | None = None


class Breaker:
    """Which arms are cooling down. Instants are seconds of any clock that only goes forward."""

    def __init__(self, rule: BreakerRule | None = None) -> None:
        self.rule = rule or BreakerRule()
        self._opened: dict[str, _Opened] = {}

    def admits(self, arm: str, now: float) -> bool:
        """Say whether an arm may serve a request; the first one after a cooldown is its probe."""
        opened = self._opened.get(arm)
        if opened is None:
            return True
        if now < opened.until or (opened.probe_until is not None and now < opened.probe_until):
            return False
        opened.probe_until = now + self._cooldown(opened.doublings)
        return True

    def report(self, arm: str, error_code: str | None, now: float) -> None:
        """Say how a request to an arm ended; None is success."""
        counted = error_code is not None and _code(error_code) in self.rule.fallback_on
        opened = self._opened.get(arm)
        if opened is None:
            if counted:
                self._opened[arm] = _Opened(now + self._cooldown(0))
        elif now < opened.until:  # a request from before it opened
            return
        elif counted:
            doublings = opened.doublings + (opened.probe_until is not None)
            doublings = min(doublings, MAX_DOUBLINGS)
            self._opened[arm] = _Opened(now + self._cooldown(doublings), doublings)
        else:
            del self._opened[arm]

    def error_of(self, outcome: str, error_code: str | int | None) -> str | None:
        """Return the code to report for an outcome: the one that counts, where one does."""
        if outcome == "success":
            return None
        codes = [_code(error_code)] if error_code is not None else []
        codes += ["timeout"] if outcome == "timeout" else []
        return next((c for c in codes if c in self.rule.fallback_on), (*codes, outcome)[0])

    def _cooldown(self, doublings: int) -> float:
        return self.rule.cooldown * 2.0**doublings


def _code(code: object) -> str:
    text = str(code)
    return ALIASES.get(text, text)
