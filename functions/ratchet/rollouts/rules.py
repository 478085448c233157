"""Rules: what is asked of the metrics of a challenger, and at which errors; pure.

A promotion needs the goal and every guardrail at once, so each is asked at the whole error of a
promotion (an intersection-union test: Berger, Technometrics 1982). Any one breach rolls back, so
the error of a rollback is split over the terms. Both sides together are at most alpha.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ratchet.kernel.document import Model
from ratchet.rollouts.metric import Metric, metric_named
from ratchet.rollouts.pair import Question

Error = Annotated[float, Field(gt=0, lt=0.5)]
Planned = tuple[float | None, float]
Role = Literal["goal", "also", "guardrail"]
_GOAL: Role = "goal"
_ALSO: Role = "also"
_GUARDRAIL: Role = "guardrail"


class Term(Model):
    """What is asked of one metric, in the metric's unit, as differences to the better.

    A promotion needs more than `minEffect` of what must get better (below 0: not worse by that
    much), and of a guardrail a loss of less than `margin`; where a term does not count for it
    (`promotes`), nothing. A loss beyond `rollbackMargin` rolls back. What is `relative`, to promote
    or to roll back, is a part of the control's mean. One that is not `required` is not asked while
    neither arm has a value of the metric.
    """

    metric: str
    margin: Annotated[float, Field(ge=0)] = 0.0
    rollback_margin: Annotated[float, Field(ge=0)] = 0.0
    min_effect: float = 0.0
    relative: bool = False
    rollback_relative: bool = False
    required: bool = True
    promotes: bool = True

    @property
    def about(self) -> Metric:
        """Return the metric itself."""
        return metric_named(self.metric)

    def needed(self, role: Role) -> float | None:
        """Return what the lower bound must exceed for a promotion, None where nothing is asked."""
        if not self.promotes:
            return None
        return -self.margin if role == _GUARDRAIL else self.min_effect


class Rules(Model):
    """What a rollout must show: one goal, what else must get better, guardrails, at which errors.

    `promoteAlpha` is the error of a false promotion where a programme's budget sets it, and counts
    up to half of `alpha`, which it is otherwise; both halves are split over the challengers. A
    promotion wants values of `leastUnits` units and `leastEvents` bins of events in each arm; a
    harm is believed as soon as a bound can be.
    """

    goal: Term
    also: tuple[Term, ...] = ()
    guardrails: tuple[Term, ...] = ()
    alpha: Error = 0.05
    challengers: Annotated[int, Field(ge=1, le=4)] = 1
    promote_alpha: Error | None = None
    least_units: int = Question.least_units
    least_events: int = Question.least_events

    @model_validator(mode="after")
    def _check(self) -> "Rules":
        names = [term.metric for term in self.terms]
        if len(set(names)) < len(names):
            raise ValueError("each metric has one term")
        for term in self.guardrails:
            if not term.margin:
                raise ValueError(f"guardrail {term.metric} wants a margin above 0")
        for term in self.terms:
            if term.about.kind == "rate" and (term.relative or term.rollback_relative):
                raise ValueError(f"{term.metric} is a share: its amounts are in points")
        return self

    @property
    def terms(self) -> tuple[Term, ...]:
        """The goal, what else must get better, then the guardrails."""
        return (self.goal, *self.also, *self.guardrails)

    @property
    def roles(self) -> tuple[Role, ...]:
        """What each term is there for."""
        return (_GOAL, *[_ALSO] * len(self.also), *[_GUARDRAIL] * len(self.guardrails))

    @property
    def promote_error(self) -> float:
        """The one-sided error of every bound that a promotion rests on, half of alpha at most."""
        return min(self.promote_alpha or 1.0, self.alpha / 2) / self.challengers

    @property
    def rollback_error(self) -> float:
        """The one-sided error of every bound that can roll back."""
        return self.alpha / 2 / (len(self.terms) * self.challengers)

    def question(self, metric: Metric, planned: Planned | None = None) -> Question:
        """Return what is asked of a metric's pair; `planned` is its error and events."""
        errors = (self.promote_error, self.rollback_error)
        low, high = errors if metric.sign > 0 else errors[::-1]
        error, events = planned or (None, Question.planned_events)
        return Question(low, high, error, events, self.least_units, self.least_events)
