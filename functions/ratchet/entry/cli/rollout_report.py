"""A rollout and its newest verdict, as a person reads them and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ratchet.entry.cli.output import cell, say, table
from ratchet.entry.wiring import App
from ratchet.rollouts.approval import Approval
from ratchet.rollouts.approve import list_approvals
from ratchet.rollouts.false_decisions import FalseDecisions, false_decisions
from ratchet.rollouts.history import get_rollout
from ratchet.rollouts.resolve import why_not_served
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.sample_ratio import THRESHOLD
from ratchet.rollouts.verdict import ArmJudged, Judged, TermSeen, Verdict
from ratchet.rollouts.verdicts import last_verdict

TERMS = ("metric", "control", "value", "delta", "at any look", "needs", "back if", "p", "says")


@dataclass(frozen=True)
class Page:
    """What there is to tell of a rollout at an instant."""

    rollout: Rollout
    unserved: str
    verdict: Verdict | None
    waiting: Sequence[Approval]
    false: FalseDecisions | None = None

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON of it."""
        told: dict[str, Any] = {"rollout": self.rollout.to_wire()}
        if self.unserved:
            told["notServed"] = self.unserved
        if self.verdict is not None:
            told |= {"report": report(self.verdict.judged), "verdict": self.verdict.to_wire()}
        if self.false is not None:
            told["falseDecisions"] = self.false.to_wire()
        return told | {"approvals": [approval.to_wire() for approval in self.waiting]}


def read_page(a: App, rollout_id: str) -> Page:
    """Return a rollout with its newest verdict and the approvals that it waits for.

    Raises: NotFound, BadSignature.
    """
    rollout = get_rollout(a.store, rollout_id)
    pending = list_approvals(a.store, a.keys, rollout.policy, "pending")
    return Page(
        rollout,
        why_unserved(a, rollout),
        last_verdict(a.store, a.keys, rollout_id),
        [x for x in pending if x.rollout == rollout_id and x.is_open(a.clock())],
        false_decisions(a.store, a.keys, rollout.policy) if rollout.purpose == "aa" else None,
    )


def why_unserved(a: App, rollout: Rollout) -> str:
    """Return why nobody gets a rollout; empty where components get it."""
    if rollout.state == "ended":
        return "it has ended"
    return why_not_served(a.store, a.keys, rollout.policy, rollout.id)


def report(judged: Judged) -> dict[str, Any]:
    """Return what a look came to, challenger by challenger, as JSON."""
    found = judged.to_wire()
    told = {name: found[name] for name in _OF_ALL if name in found}
    return {"recommendation": found["decision"], **told, "challengers": found["arms"]}


_OF_ALL = ("scope", "winner", "reasons", "expected", "until", "at")


def say_page(page: Page) -> None:
    """Print a rollout with its newest verdict."""
    for line in _standing(page):
        say(line)
    if page.verdict is None:
        say("no verdict yet: one is recorded every hour, or by `ratchet rollout evaluate`")
    else:
        say_verdict(page.verdict)
    for line in _waiting(page):
        say(line)


def say_verdict(verdict: Verdict) -> None:
    """Print a verdict in words, with a table of the terms of each challenger."""
    judged = verdict.judged
    for line in _decided(verdict):
        say(line)
    for arm in judged.arms:
        say(_arm(arm))
        if arm.terms:
            table(TERMS, [_row(term) for term in arm.terms])


def _standing(page: Page) -> Iterator[str]:
    """Yield what is tried, how far it is, and what holds it."""
    r = page.rollout
    what = r.mode if r.purpose == "trial" else f"{r.purpose}, {r.mode}"
    served = r.steps[r.step] if r.mode == "shadow" else r.shares(r.step)
    shares = ", ".join(f"{arm} {share:.3g}" for arm, share in served.items())
    now = _ended(r) if r.state == "ended" else f", running since {cell(r.started_at)} UTC"
    if r.state == "running" and page.unserved:
        now += f", but not served: {page.unserved}"
    yield f"{r.id}: {what} against {r.champion}, step {r.place}{now}"
    yield f"shares: {shares}; judged by {r.profile_name}, alpha {r.alpha:g}"
    if r.state == "running":
        yield from _ahead(r)


def _ended(r: Rollout) -> str:
    hours = ((r.ended_at or r.started_at) - r.started_at).total_seconds() / 3600
    outcome = (r.outcome or "ended").replace("_", " ") + (" by override" if r.overridden else "")
    return f"; {outcome} at {cell(r.ended_at)} UTC, after {hours:,.0f} h"


def _ahead(r: Rollout) -> Iterator[str]:
    """Yield what is before a rollout that runs, and what was left out."""
    yield f"gates left after it: {', '.join(r.gates) or 'none'}; expires at {cell(r.deadline)} UTC"
    if r.skipped:
        yield f"left out by override: {', '.join(r.skipped)}"
    if r.dropped:
        yield f"dropped, and served by the champion: {', '.join(r.dropped)}"
    if r.held:
        yield f"HELD by a person: ratchet rollout hold {r.id} --release --reason ..."


def _decided(verdict: Verdict) -> Iterator[str]:
    """Yield what was decided, why, what is missing and until when it is expected."""
    judged = verdict.judged
    what = f" of the {judged.scope}" if judged.decision == "PROMOTE" else ""
    done = f", {verdict.effect.replace('_', ' ')}" if verdict.effect != "none" else ""
    note = f" ({verdict.note})" if verdict.note else ""
    yield f"{verdict.id}: {judged.decision}{what}{done}{note}"
    seen = f"of units exposed before {cell(judged.until)} UTC"
    if judged.until <= judged.start:
        seen = "no hour since its start is closed"
    yield f"at {cell(judged.at)} UTC, {seen}"
    yield from (f"- {reason}" for reason in judged.reasons)
    if judged.expected is not None:
        yield f"next expected at {cell(judged.expected)} UTC"
    if judged.mode == "shadow":
        if judged.spent_usd is not None:
            yield f"shadows cost {judged.spent_usd:.4g} USD so far"
        return
    split = "NOT AS PLANNED, no effect is trusted" if judged.least_p <= THRESHOLD else "as planned"
    yield f"exposures {split}: p {judged.least_p:.2g} at any look"


def _arm(arm: ArmJudged) -> str:
    met = f"{arm.exposures:,} exposures, {arm.units:,.0f} units"
    return f"{arm.arm} ({arm.version}): {arm.decision}, {met}"


def _row(t: TermSeen) -> tuple[Any, ...]:
    p = None if t.delta is None else f"{t.p_value:.2g}"
    return t.metric, t.control, t.value, t.delta, _span(t), *_thresholds(t), p, _says(t)


def _span(t: TermSeen) -> str | None:
    if t.relative or t.allowed_relative:
        return None if t.low is None or t.high is None else f"{t.low:+.2%}..{t.high:+.2%}"
    return None if t.interval is None else f"{t.interval.low:.3g}..{t.interval.high:.3g}"


def _thresholds(t: TermSeen) -> tuple[str | None, str]:
    """Return what the bounds must be to promote, and to roll back, in words."""
    up, down = (">", "<") if t.better == "higher" else ("<", ">")
    sign = 1 if t.better == "higher" else -1
    needs = None if t.needed is None else f"{up} {_amount(sign * t.needed, t.relative)}"
    return needs, f"{down} {_amount(-sign * t.allowed, t.allowed_relative)}"


def _amount(value: float, relative: bool) -> str:
    return f"{100 * value + 0.0:+.3g} %" if relative else f"{value + 0.0:.3g}"


def _says(t: TermSeen) -> str:
    if not t.asked:
        return "not asked"
    if t.breached:
        return "breached"
    if t.held:
        return f"held: unknown {', '.join(t.held)} differs"
    if not t.trusted:
        return "too few"
    return "passed" if t.passed else "open"


def _waiting(page: Page) -> Iterator[str]:
    """Yield who is waited for, and what identical versions came to."""
    for approval in page.waiting:
        until = f"until {cell(approval.expires_at)} UTC"
        yield f"waits for a yes, {until}: ratchet approvals approve {approval.id} --reason ..."
    if page.false is not None:
        f = page.false
        told = f"{f.decided} of {f.rollouts} A/A rollouts were decided about, in {f.looks} looks"
        yield f"false decisions so far: {told}; at most {f.alpha:.0%} are promised"
