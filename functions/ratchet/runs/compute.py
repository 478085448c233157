"""Compute the loss of a run: its terms by their rules, weighted, and the missing ones left out."""

import math
from datetime import datetime

import numpy as np

from ratchet.observe.run_totals import RunObserved
from ratchet.runs.loss import RunLoss, TermLoss
from ratchet.runs.run import RunReport
from ratchet.runs.settings import RunLossSettings
from ratchet.runs.terms import MEASURES
from ratchet.runs.terms.facts import Facts
from ratchet.stats.moments import Moments
from ratchet.stats.quantiles import histogram_of

# All that observations could tell; its numbers do not matter.
_ALL = RunObserved(
    n=1, cost=Moments(n=1, w=1), latency_bins=histogram_of(np.ones(1), np.array([1]))
)


def run_loss(
    settings: RunLossSettings, report: RunReport, observed: RunObserved, *, now: datetime
) -> RunLoss:
    """Return the loss of a run by some settings, of what it told and what was observed of it.

    The weights of the terms that are known are grown to sum to 1; terms that nothing was told of
    are named. Where what is known weighs nothing there is no loss.
    """
    weights, whose = settings.weights_of(report.tenant, report.phase)
    facts = Facts(report, observed)
    values = {name: measure.value(facts) for name, measure in MEASURES.items()}
    total = math.fsum(weights[name] for name, value in values.items() if value is not None)
    terms = {
        name: _term(name, value, weights[name] / total if total else 0.0, settings)
        for name, value in values.items()
        if value is not None
    }
    return RunLoss(
        loss=min(1.0, math.fsum(term.part for term in terms.values())) if total else None,
        terms=terms,
        missing=tuple(name for name, value in values.items() if value is None),
        weights=whose,
        settings=settings.digest,
        computed_at=now,
    )


def _term(name: str, value: float, weight: float, settings: RunLossSettings) -> TermLoss:
    loss = MEASURES[name].loss(value, settings.rules)
    return TermLoss(value=value, loss=loss, weight=weight, part=weight * loss)


def awaited(report: RunReport, loss: RunLoss) -> tuple[str, ...]:
    """Return the missing terms that a run's observations may still tell."""
    facts = Facts(report, _ALL)
    return tuple(name for name in loss.missing if MEASURES[name].value(facts) is not None)


def unread(report: RunReport) -> tuple[str, ...]:
    """Return the metrics of a report that no term reads, and checks that say only if they passed.

    A check is told as `qav.NAME`: terms read its grounding and contradictions.
    """
    read = {name for measure in MEASURES.values() for name in measure.metrics}
    bare = {
        f"qav.{q.check}" for q in report.qav if q.grounding is None and q.contradictions is None
    }
    return tuple(sorted({*report.metrics} - read | bare))


def unbudgeted(report: RunReport, observed: RunObserved) -> dict[str, str]:
    """Return the terms that are not known for want of a budget, each with the field that tells it.

    What a run cost, or how long it took, is known then.
    """
    facts, budget = Facts(report, observed), report.budget
    spent = {
        "costOverBudget": (facts.cost_usd, budget.max_cost_usd, "budget.maxCostUsd"),
        "latencyP95": (facts.slowest_ms, budget.max_duration_ms, "budget.maxDurationMs"),
    }
    return {
        name: field
        for name, (known, limit, field) in spent.items()
        if known is not None and limit is None
    }
