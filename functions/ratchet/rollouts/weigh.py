"""Weigh: what the evidence on all metrics together allows: promote, roll back, or hold; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ratchet.rollouts.evidence import EVIDENCE
from ratchet.rollouts.metric import Metric
from ratchet.rollouts.pair import Bools, Bounds, Pair, Question, nothing
from ratchet.rollouts.relative import relative
from ratchet.rollouts.rules import Planned, Role, Rules, Term
from ratchet.rollouts.unknown import compare_unknown, holds
from ratchet.stats.moments import Floats

BY_KIND: Mapping[str, str] = {"mean": "asymptotic", "rate": "mixture"}
Plan = Mapping[str, Planned]


@dataclass(frozen=True)
class Unknown:
    """What is not known of a metric, compared, and whether that keeps it from being judged."""

    bounds: Bounds
    holds: Bools


@dataclass(frozen=True)
class Weighing:
    """One term's evidence and what follows from it. Shapes: all (...).

    `bounds` are of challenger - control, `part` of that as a part of the control's mean, where the
    term asks; `unknown` is what is unknown of what the term rests on.
    """

    term: Term
    role: Role
    question: Question
    bounds: Bounds
    part: Bounds | None
    unknown: Mapping[str, Unknown]
    asked: Bools
    held: Bools
    passed: Bools
    breached: Bools

    @property
    def about(self) -> Metric:
        """Return the metric of the term."""
        return self.term.about

    @property
    def needed(self) -> float | None:
        """What the lower bound must exceed for a promotion, if anything."""
        return self.term.needed(self.role)

    @property
    def enough(self) -> Bools:
        """Say where each arm has as many values as a promotion wants; a rollback wants no more."""
        bounds, least = self.bounds, self.question
        units = bounds.trusted if bounds.units is None else bounds.units >= least.least_units
        events = True if bounds.events is None else bounds.events >= least.least_events
        return np.asarray(units & events)

    def to_promote(self) -> Bounds:
        """Return the bounds that a promotion is held against, of `needed`'s unit."""
        return self.part if self.part and self.term.relative else self.bounds

    def to_roll_back(self) -> Bounds:
        """Return the bounds that a rollback is held against, of `rollbackMargin`'s unit."""
        return self.part if self.part and self.term.rollback_relative else self.bounds


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
    mismatch: Bools | bool = False,
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
    broken = np.broadcast_to(np.asarray(mismatch), shape)
    rollback = ~broken & np.any([t.breached for t in terms], axis=0)
    lost = np.broadcast_to(seen["outcome"].holds if "outcome" in seen else np.False_, shape)
    promote = ~broken & ~rollback & ~lost & np.all([t.passed for t in terms], axis=0)
    return Weighed(rules, terms, broken, lost, np.asarray(promote), np.asarray(rollback))


def _unknown(name: str, pair: Pair) -> Unknown:
    bounds = compare_unknown(pair)
    return Unknown(bounds, holds(name, pair, bounds))


def _weighing(
    index: int,
    rules: Rules,
    pair: Pair | None,
    shape: tuple[int, ...],
    seen: Mapping[str, Unknown],
    planned: Planned | None,
) -> Weighing:
    term, role = rules.terms[index], rules.roles[index]
    metric, question = term.about, rules.question(term.about, planned)
    asked = np.broadcast_to(term.required | _reported(pair), shape)
    found, part = nothing(shape), None
    if pair is not None and asked.any():
        soon = question.soonest()
        found = EVIDENCE[BY_KIND[metric.kind]](pair, soon)
        part = relative(pair, soon) if term.relative or term.rollback_relative else None
    unknown = {name: seen[name] for name in metric.rests_on if name in seen}
    held = np.any([np.zeros(shape, np.bool_), *(u.holds for u in unknown.values())], axis=0)
    given = Weighing(term, role, question, found, part, unknown, asked, held & asked, held, held)
    needed = given.needed
    low, high = better(given.to_promote(), metric)[0], better(given.to_roll_back(), metric)[1]
    shown = np.ones(shape, np.bool_) if needed is None else (low > needed) & given.enough & ~held
    passed = ~asked | shown
    breached = asked & (high < -term.rollback_margin) & ~held
    return replace(given, passed=np.asarray(passed), breached=np.asarray(breached))


def _reported(pair: Pair | None) -> Bools:
    """Say where either arm has a value. Shape: (...)."""
    if pair is None:
        return np.asarray(False)
    return np.asarray(np.nan_to_num(pair.den).sum((-3, -2, -1)) > 0)


def better(bounds: Bounds, metric: Metric) -> tuple[Floats, Floats]:
    """Return the bounds of how much better the challenger is, whichever way that lies."""
    if metric.sign > 0:
        return bounds.low, bounds.high
    return -bounds.high, -bounds.low
