"""The command that shows what a rollout has shown."""

from typing import Any

from ratchet.entry.cli.output import AsJson, StoreUrl, cell, emit, opened, say, table
from ratchet.entry.cli.rollout import RolloutId
from ratchet.rollouts.read_evidence import read_evidence
from ratchet.rollouts.report import Compared, Exposed, RolloutEvidence

ARMS = ("arm", "version", "exposures", "n", "units", "p50 ms", "p95 ms", "p99 ms")
COMPARED = ("arm", "metric", "control", "value", "difference", "at any look", "says")
READING = ("one look", "P(better)")


def evidence(rollout: RolloutId, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show what a rollout's closed windows show: exposures first, then every metric."""
    with opened(store, making=False) as a:
        found = read_evidence(a.store, rollout)
    if as_json:
        emit(found.to_wire())
        return
    say(f"{found.rollout}: {found.mode} against {found.champion}, {found.state}")
    for line in _first(found):
        say(line)
    if found.until is None:
        return
    rows = [
        (s.arm, s.version, s.exposures, s.n, round(s.units), s.p50_latency, s.p95_latency,
         s.p99_latency)
        for s in found.arms
    ]  # fmt: skip
    table(ARMS, rows)
    table((*COMPARED, *READING), [_row(c) for c in found.compared if c.difference is not None])
    for line in _notes(found):
        say(line)


def _first(found: RolloutEvidence) -> list[str]:
    """Return how far it was read, and whether the exposures let anything be trusted."""
    window = f"{found.outcome_window_hours:g} h"
    if found.until is None:
        return [f"no hour is closed yet: outcomes count until {window} after their exposure"]
    read = f"of units exposed before {cell(found.until)} UTC; an hour closes {window} after its end"
    return [read, _split(found.exposures)] if found.exposures else [read]


def _split(exposed: Exposed) -> str:
    shares = ", ".join(
        f"{arm} {share:.4g} ({exposed.expected[arm]:.4g} planned)"
        for arm, share in exposed.observed.items()
    )
    p = f"p {exposed.p_value:.2g} at any look"
    if exposed.mismatch:
        return f"exposures NOT AS PLANNED, no effect is trusted: {shares}; {p}"
    return f"exposures as planned: {shares}; {p}" if shares else "no exposures yet"


def _row(c: Compared) -> tuple[Any, ...]:
    """Return a metric as a row; the bounds of one look are for reading."""
    once = c.reading.fixed_horizon
    return (
        c.challenger,
        c.metric,
        c.control,
        c.value,
        c.difference,
        _span(c.low, c.high),
        f"{c.says}: {c.because}" if c.because else c.says,
        _span(once.low, once.high) if once else None,
        round(c.reading.chance_better, 3),
    )


def _span(low: float | None, high: float | None) -> str | None:
    return None if low is None or high is None else f"{low:.3g}..{high:.3g}"


def _notes(found: RolloutEvidence) -> list[str]:
    """Return what else a reader must know: what is unknown, and who met two arms."""
    missing = [
        f"unknown {u.of} of {u.challenger}: {_percent(u.value)} against {_percent(u.control)}"
        f"{', the arms differ' if u.differs else ''}"
        for u in found.unknown
        if u.differs or u.value or u.control
    ]
    met = [
        f"step {m.step + 1}: {m.share:.2%} of the units met both {m.arms[0]} and {m.arms[1]}"
        for m in found.met_both
    ]
    told = f"`at any look`: each bound fails with at most {found.error:g}, over all looks together"
    return [*missing, *met, told, "`one look` (95 %, fixed-horizon) and P(better): for reading"]


def _percent(share: float | None) -> str:
    return "nothing" if share is None else f"{share:.1%}"
