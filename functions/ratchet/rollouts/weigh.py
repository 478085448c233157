"""Weigh: what the evidence on all metrics together allows: promote, roll back, or hold; pure.

A promotion needs the goal and every guardrail at once, so each is asked at the whole error of a
promotion (an intersection-union test: Berger, Technometrics 1982). Any one breach rolls back, so
the error of a rollback is split over the terms. Both sides together are at most alpha.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from ratchet.kernel.document import Model
from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.metric import Metric, metric_named
from ratchet.rollouts.pair import Bools, Bounds, Pair, Question, nothing
from ratchet.rollouts.sample_ratio import SampleRatio
from ratchet.rollouts.unknown import compare_unknown, holds
from ratchet.stats.moments import Floats

Error = Annotated[float, Field(gt=0, lt=0.5)]
BY_KIND: Mapping[str, str] = {"mean": "asymptotic", "rate": "mixture"}
Plan = Mapping[str, tuple[float | None, float]]


class Term(Model):
    """What is asked of one metric, in the metric's unit, as differences to the better.

    As goal: promotion needs more than `minEffect` (below 0: not worse by that much). As guardrail:
    promotion needs a loss of less than `margin`. A loss beyond `rollbackMargin` rolls back.
    """

    metric: str
    margin: Annotated[float, Field(ge=0)] = 0.0
    rollback_margin: Annotated[float, Field(ge=0)] = 0.0
    min_effect: float = 0.0

    @property
    def about(self) -> Metric:
        """Return the metric itself."""
        return metric_named(self.metric)


class Rules(Model):
    """What a rollout must show: one goal, guardrails, and how often it may err at all.

    `promoteAlpha` is the error of a false promotion where a programme's budget sets it, and counts
    up to half of `alpha`, which it is otherwise; both halves are split over the challengers.
    """

    goal: Term
    guardrails: tuple[Term, ...] = ()
    alpha: Error = 0.05
    challengers: Annotated[int, Field(ge=1, le=4)] = 1
    promote_alpha: Error | None = None

    @model_validator(mode="after")
    def _check(self) -> "Rules":
        names = [term.metric for term in self.terms]
        if len(set(names)) < len(names):
            raise ValueError("each metric has one term")
        for term in self.guardrails:
            if not term.margin:
                raise ValueError(f"guardrail {term.metric} wants a margin above 0")
        for name in names:
            metric_named(name)
        return self

    @property
    def terms(self) -> tuple[Term, ...]:
        """The goal, then the guardrails."""
        return (self.goal, *self.guardrails)

    @property
    def promote_error(self) -> float:
        """The one-sided error of every bound that a promotion rests on, half of alpha at most."""
        return min(self.promote_alpha or 1.0, self.alpha / 2) / self.challengers

    @property
    def rollback_error(self) -> float:
        """The one-sided error of every bound that can roll back."""
        return self.alpha / 2 / (len(self.terms) * self.challengers)


@dataclass(frozen=True)
class Unknown:
    """What is not known of a metric, compared, and whether that keeps it from being judged."""

    bounds: Bounds
    holds: Bools


@dataclass(frozen=True)
class Weighing:
    """One term's evidence and what follows from it. Shapes: all (...).

    `bounds` are of challenger - control; `unknown` is what is unknown of what the term rests on.
    """

    term: Term
    bounds: Bounds
    unknown: Mapping[str, Unknown]
    held: Bools
    passed: Bools
    breached: Bools

    @property
    def about(self) -> Metric:
        """Return the metric of the term."""
        return self.term.about


@dataclass(frozen=True)
class Weighed:
    """What all terms allow together. Shapes: all (...).

    `lost` says that outcomes per exposure differ: that promotes nothing, and still rolls back.
    """

    rules: Rules
    terms: tuple[Weighing, ...]
    mismatch: Bools
    lost: Bools
    promote: Bools
    rollback: Bools


def weigh(
    pairs: Mapping[str, Pair],
    rules: Rules,
    *,
    unknown: Mapping[str, Pair] | None = None,
    ratio: SampleRatio | None = None,
    plan: Plan | None = None,
) -> Weighed:
    """Weigh one challenger's pairs by metric under the rules.

    `unknown` are pairs of what is not known (`unknown_pairs`), by its name; `plan`
    gives the planned (error, events) by metric. A metric without a pair holds, as no data does; so
    does one whose unknown share differs, and all, where the sample ratio does not match.
    """
    shape = np.broadcast_shapes(*(pair.num.shape[:-3] for pair in pairs.values()))
    seen = {name: _unknown(name, pair) for name, pair in (unknown or {}).items()}
    terms = tuple(
        _weighing(i, rules, pairs.get(term.metric), shape, seen, (plan or {}).get(term.metric))
        for i, term in enumerate(rules.terms)
    )
    mismatch = np.broadcast_to(ratio.mismatch if ratio is not None else np.False_, shape)
    rollback = ~mismatch & np.any([t.breached for t in terms], axis=0)
    lost = np.broadcast_to(seen["outcome"].holds if "outcome" in seen else np.False_, shape)
    promote = ~mismatch & ~rollback & ~lost & np.all([t.passed for t in terms], axis=0)
    return Weighed(rules, terms, mismatch, lost, np.asarray(promote), np.asarray(rollback))


def _unknown(name: str, pair: Pair) -> Unknown:
    bounds = compare_unknown(pair)
    return Unknown(bounds, holds(name, pair, bounds))


def _weighing(
    index: int,
    rules: Rules,
    pair: Pair | None,
    shape: tuple[int, ...],
    seen: Mapping[str, Unknown],
    plan: tuple[float | None, float] | None,
) -> Weighing:
    term = rules.terms[index]
    metric = term.about
    found = nothing(shape) if pair is None else _compare(pair, metric, rules, plan)
    unknown = {name: seen[name] for name in metric.rests_on if name in seen}
    held = np.any([np.zeros(shape, np.bool_), *(u.holds for u in unknown.values())], axis=0)
    low, high = better(found, metric)
    needed = term.min_effect if index == 0 else -term.margin
    passed, breached = low > needed, high < -term.rollback_margin
    return Weighing(term, found, unknown, held, passed & ~held, breached & ~held)


def _compare(
    pair: Pair, metric: Metric, rules: Rules, plan: tuple[float | None, float] | None
) -> Bounds:
    errors = (rules.promote_error, rules.rollback_error)
    low, high = errors if metric.sign > 0 else errors[::-1]
    question = Question(low_error=low, high_error=high)
    if plan is not None:
        question = replace(question, planned_error=plan[0], planned_events=plan[1])
    return EVIDENCE[BY_KIND[metric.kind]](pair, question)


def better(bounds: Bounds, metric: Metric) -> tuple[Floats, Floats]:
    """Return the bounds of how much better the challenger is, whichever way that lies."""
    if metric.sign > 0:
        return bounds.low, bounds.high
    return -bounds.high, -bounds.low
