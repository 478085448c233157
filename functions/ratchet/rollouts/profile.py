"""Profile: what a rollout must show before it goes further, and what sends it back; pure.

Thresholds are held against bounds, not against estimates: `above` and `margin` want the lower
bound of how much better the challenger is, `rollback` the upper one.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ratchet.kernel.document import Listed, Model
from ratchet.observe.watch import LONGEST_MS
from ratchet.rollouts.amount import Amount, Margin, size_of
from ratchet.rollouts.assign import LEAST
from ratchet.rollouts.metric import Metric, metric_named

MIN_CANARY, MAX_CANARY = 0.01, 0.5
Hours = Annotated[float, Field(ge=0, le=90 * 24)]
# Outcomes count by when they come in: without a window none would.
OutcomeWindow = Annotated[float, Field(ge=0.05, le=720)]
CanaryShare = Annotated[float, Field(ge=MIN_CANARY, le=MAX_CANARY)]
Share = Annotated[float, Field(ge=LEAST, le=1)]


class Wanted(Model):
    """A metric that must get better: by more than `above` (below 0: not worse by that much).

    A challenger that is shown to be worse by more than `rollback` goes back.
    """

    metric: str
    above: Amount = "0 points"
    rollback: Margin = "0 points"

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_units(self.metric, self.above, self.rollback)
        return self


class Guardrail(Model):
    """A metric that must not get worse by `margin`; worse by more than `rollback` goes back.

    One that is not `required` is not asked while neither arm has a single value of it.
    """

    metric: str
    margin: Margin
    rollback: Margin | None = None
    required: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not size_of(self.margin).value:
            raise ValueError(f"guardrail {self.metric} wants a margin above 0")
        _check_units(self.metric, self.margin, self.allowed)
        return self

    @property
    def allowed(self) -> str:
        """What is lost at most before it goes back: the margin, unless another is named."""
        return self.rollback or self.margin


class Holdback(Model):
    """What stays on the former version after a promotion, as a control; 0 hours: nothing."""

    share: Annotated[float, Field(ge=MIN_CANARY, le=MAX_CANARY)] = 0.05
    hours: Annotated[float, Field(ge=0, le=30 * 24)] = 24.0


class ShadowStage(Model):
    """How a challenger runs beside: for which share of the units, how long, for how much.

    At `spendUsd` it is over: it is judged by what it has shown by then.
    """

    share: Share = 1.0
    hours: Hours = 24.0
    spend_usd: Annotated[float, Field(gt=0, le=10**6)] = 50.0


class Profile(Model):
    """How versions are judged. Units: hours; shares 0..1 of the units, over all challengers.

    A rollout must reach `minUnits` units and `minEvents` bins of events in each arm, and stay
    `soakHours` in each step; at the deadline it has expired. `detect` is the effect that its plan
    is made for. With `budget: programme` the rollouts of a policy share one alpha.
    """

    goal: Wanted
    also: Annotated[tuple[Wanted, ...], Listed] = ()
    guardrails: Annotated[tuple[Guardrail, ...], Listed] = ()
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    budget: Literal["rollout", "programme"] = "rollout"
    detect: Amount = "2 points"
    min_units: Annotated[int, Field(ge=50, le=10**7)] = 100
    min_events: Annotated[int, Field(ge=15, le=60)] = 15
    steps: Annotated[tuple[CanaryShare, ...], Listed, Field(min_length=1, max_length=20)] = (
        0.1,
        0.5,
    )
    soak_hours: Hours = 24.0
    deadline_hours: Annotated[float, Field(gt=0, le=90 * 24)] = 168.0
    outcome_window_hours: OutcomeWindow = 1.0
    latency_objective_ms: Annotated[float, Field(gt=0, le=LONGEST_MS)] | None = None
    holdback: Holdback = Holdback()
    shadow: ShadowStage = ShadowStage()

    @model_validator(mode="after")
    def _check(self) -> Self:
        asked = (self.goal.metric, *(w.metric for w in self.also))
        names = [*asked, *(guardrail.metric for guardrail in self.guardrails)]
        if len(set(names)) < len(names):
            raise ValueError("each metric is asked once")
        if any(a > b for a, b in zip(self.steps, self.steps[1:], strict=False)):
            raise ValueError("a share falls from one step to the next")
        _check_units(self.goal.metric, self.detect)
        if not size_of(self.detect).value:
            raise ValueError("detect wants an effect other than 0")
        return self


def _check_units(name: str, *amounts: str) -> None:
    """Refuse amounts in a unit that the metric does not have.

    Raises: InvalidInput where there is no such metric, ValueError.
    """
    metric = metric_named(name)
    for text in amounts:
        size = size_of(text)
        if size.value and size.unit not in units_of(metric):
            wanted = " or ".join(units_of(metric))
            raise ValueError(f"{name} takes {wanted}, and {text!r} is in {size.unit}")


def units_of(metric: Metric) -> tuple[str, ...]:
    """Return the units that a metric's amounts may have; shares have no relative ones."""
    if metric.kind == "rate":
        return ("points",)
    return ("usd", "%") if metric.name == "cost" else ("points", "%")


_SAFE = (
    Guardrail(metric="success", margin="2 points"),
    Guardrail(metric="slow", margin="5 points", required=False),
    Guardrail(metric="cost", margin="20 %", required=False),
)
# The profiles that ship; config/gates adds others, or puts its own under these names.
PROFILES = {
    "significance": Profile(goal=Wanted(metric="reward"), guardrails=_SAFE),
    "quality-gain": Profile(
        goal=Wanted(metric="quality", above="2 %", rollback="5 %"), guardrails=_SAFE, detect="5 %"
    ),
    # Drawn observations are asked about the next day, and answered by the one after.
    "judged-gain": Profile(
        goal=Wanted(metric="corrected", above="2 points", rollback="5 points"),
        guardrails=_SAFE,
        detect="5 points",
        deadline_hours=336.0,
        outcome_window_hours=48.0,
    ),
    "champion-challenger": Profile(
        goal=Wanted(metric="quality", above="5 points"),
        also=(Wanted(metric="success", above="5 points"),),
        guardrails=_SAFE[1:],
        detect="10 points",
        steps=(0.1,),
        deadline_hours=336.0,
    ),
    "cheaper-not-worse": Profile(
        goal=Wanted(metric="cost"),
        guardrails=(Guardrail(metric="quality", margin="2 points"), *_SAFE[:2]),
        detect="10 %",
    ),
}
