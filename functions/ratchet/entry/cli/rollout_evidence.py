"""The command that shows what a rollout has shown."""

from datetime import datetime, timedelta
from typing import Any

from ratchet.entry.cli.output import AsJson, StoreUrl, cell, emit, opened, say, table
from ratchet.entry.cli.rollout import RolloutId
from ratchet.kernel.clock import HOUR, hour_of
from ratchet.rollouts.read_evidence import read_evidence
from ratchet.rollouts.report import (
    Compared,
    Exposed,
    OpenHours,
    Reading,
    RolloutEvidence,
    UnknownShare,
)
from ratchet.rollouts.resolve import why_not_served

ARMS = ("arm", "version", "exposures", "n", "units", "p50 ms", "p95 ms", "p99 ms")
COMPARED = ("metric", "control", "value", "difference", "at any look", "says")
_PER_EXPOSURE = {
    "outcome": ("outcomes", "nothing may be promoted"),
    "runs": ("runs", "no loss can be compared"),
}
READING = ("metric", "one look", "P(better)")


def evidence(rollout: RolloutId, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show what a rollout's closed windows show: exposures first, then every metric."""
    with opened(store, making=False) as a:
        found, now = read_evidence(a.store, rollout), a.clock()
        unserved = why_not_served(a.store, a.keys, found.policy, found.rollout)
    if as_json:
        emit(found.to_wire())
        return
    for line in (_state(found, unserved), *_first(found, unserved, now)):
        say(line)
    if found.open is not None:
        return
    rows = [
        (s.arm, s.version, s.exposures, s.n, round(s.units), s.p50_latency, s.p95_latency,
         s.p99_latency)
        for s in found.arms
    ]  # fmt: skip
    table(ARMS, rows)
    shown = [c for c in found.compared if c.difference is not None]
    for arm in dict.fromkeys(c.challenger for c in shown):
        mine = [c for c in shown if c.challenger == arm]
        table(COMPARED, [_row(c) for c in mine], title=f"{arm} against control")
        table(READING, [_reading(c, c.reading) for c in mine if c.reading], title="for reading")
    for line in _notes(found, len(shown)):
        say(line)


def _state(found: RolloutEvidence, unserved: str) -> str:
    """Return what is tried, and whether units still meet it."""
    told = f"{found.rollout}: {found.mode} against {found.champion}"
    if found.state == "ended":
        return f"{told}, ended {cell(found.ended_at)} UTC: no unit meets it any more"
    return f"{told}, {found.state}" + (f", but not served: {unserved}" if unserved else "")


def _first(found: RolloutEvidence, unserved: str, now: datetime) -> list[str]:
    """Return how far it was read, and whether the exposures let anything be trusted."""
    closing = f"hours are whole, and one closes {found.outcome_window_hours:g} h after its end"
    lines = [f"no hour is closed yet: {closing}"]
    if found.until is not None:
        lines = [f"of units exposed before {cell(found.until)} UTC; {closing}"]
    if found.open is not None:
        return [*lines, *_waiting(found, found.open, unserved, now)]
    return [*lines, _split(found.exposures)] if found.exposures else lines


def _waiting(found: RolloutEvidence, counted: OpenHours, unserved: str, now: datetime) -> list[str]:
    """Return what is counted so far, and what must happen before it is shown."""
    so_far = f"{counted.exposures} exposures and {counted.outcomes} outcomes"
    if counted.closes is None:
        if unserved:
            return ["nothing is counted; `ratchet tick` counts what came in before"]
        window = timedelta(hours=found.outcome_window_hours)
        closes = hour_of(now) + HOUR + window
        told = f"who is exposed now is shown from {cell(closes)} UTC on"
        return [f"nothing is counted so far; {told}, once `ratchet tick` has run after that"]
    at = f"{cell(counted.closes)} UTC"
    when = f"the first closes at {at}, once `ratchet tick` has run after that"
    if counted.closes <= now:
        when = f"the first was to close at {at}: run `ratchet tick`"
    return [f"counted so far in open hours: {so_far}; {when}"]


def _split(exposed: Exposed) -> str:
    shares = ", ".join(
        f"{arm} {share:.4g} ({exposed.expected[arm]:.4g} planned)"
        for arm, share in exposed.observed.items()
    )
    p = f"p {exposed.p_value:.2g} at any look"
    if exposed.mismatch:
        return f"exposures NOT AS PLANNED, no effect is trusted: {shares}; {p}"
    return f"exposures as planned: {shares}; {p}"


def _row(c: Compared) -> tuple[Any, ...]:
    """Return a metric as a row."""
    says = f"{c.says}: {c.because}" if c.because else c.says
    return c.metric, c.control, c.value, c.difference, _span(c.low, c.high), says


def _reading(c: Compared, reading: Reading) -> tuple[Any, ...]:
    """Return what one look at the end would say, and the posterior."""
    once = reading.fixed_horizon
    bounds = _span(once.low, once.high) if once else None
    return c.metric, bounds, round(reading.chance_better, 3)


def _span(low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{low:.3g}..{high:.3g}"


def _notes(found: RolloutEvidence, shown: int) -> list[str]:
    """Return what else a reader must know: what is unknown, who met two arms, and how sure it is.

    `shown` is how many bounds the page has: all together they fail more often than each.
    """
    missing = [_unknown(u) for u in found.unknown if u.differs or u.value or u.control]
    met = [
        f"step {m.step + 1}: {m.share:.2%} of the units met both {m.arms[0]} and {m.arms[1]}"
        f"{'' if m.later is None else f', this one in step {m.later + 1}'}"
        for m in found.met_both
    ]
    told = f"`at any look`: each bound by itself fails with at most {found.error:g} over all looks"
    page = f"; the {shown} rows together fail more often" if shown > 1 else ""
    return [
        *missing,
        *met,
        told + page,
        "`one look` (95 %, fixed-horizon) and P(better): for reading",
    ]


def _unknown(u: UnknownShare) -> str:
    """Return what is unknown in the two arms, or how many outcomes or runs followed an exposure."""
    if u.of in _PER_EXPOSURE:
        what, then = _PER_EXPOSURE[u.of]
        shown = [f"{x:.3g}" if x is not None else "nothing" for x in (u.value, u.control)]
        told = f", the arms differ: {then}" if u.differs else ""
        return f"{what} per exposure of {u.challenger}: {shown[0]} against {shown[1]}{told}"
    told = ", the arms differ" if u.differs and u.of != "code" else ""
    shares = f"{_percent(u.value)} against {_percent(u.control)}"
    return f"unknown {u.of} of {u.challenger}: {shares}{told}"


def _percent(share: float | None) -> str:
    return "nothing" if share is None else f"{share:.1%}"
