"""`config/cards`: from where on a metric is weak or strong, and what a card shows."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field, model_validator

from ratchet.govern.config import Config
from ratchet.kernel.document import Model
from ratchet.runs.cards.card import METRICS, REWARD
from ratchet.stats.loss_terms import LOSS, TERMS

if TYPE_CHECKING:  # the doors read every configuration, and load no numpy
    from ratchet.runs.cards.claims import Limits

Share = Annotated[float, Field(ge=0, le=1)]


class Limit(Model):
    """The mean loss above which a metric is weak by itself, and below which it is strong."""

    weak_above: Share = 0.3
    strong_below: Share = 0.05

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.strong_below > self.weak_above:
            raise ValueError("strongBelow is not above weakAbove")
        return self


DEFAULTS = {name: Limit() for name in (LOSS, *TERMS)} | {
    LOSS: Limit(weak_above=0.3, strong_below=0.1),
    # Of these, one run in twenty is too many.
    "securityCriticals": Limit(weak_above=0.05, strong_below=0.02),
    "dbMigrationFail": Limit(weak_above=0.05, strong_below=0.02),
    "apiBreakages": Limit(weak_above=0.1, strong_below=0.02),
}


class CardSettings(Config):
    """`config/cards`: what is said of components.

    `limits` count for a component without a fleet, by term or `loss`, 0 being perfect; those not
    named keep their default. Its reward is weak under `minAcceptable` of config/reward_config, and
    strong above `strongReward`. A difference under `leastDifference` is not worth naming, however
    sure. A model is ranked from `leastModelRuns` runs on.
    """

    name: ClassVar[str] = "cards"

    least_difference: Share = 0.01
    limits: dict[str, Limit] = {}
    strong_reward: Share = 0.8
    least_model_runs: Annotated[int, Field(ge=2, le=100_000)] = 20

    @model_validator(mode="after")
    def _named(self) -> Self:
        for name in self.limits:
            if name not in DEFAULTS:
                raise ValueError(f"{name!r} is no term: {', '.join(DEFAULTS)}")
        return self

    def limits_with(self, min_acceptable: float) -> "Limits":
        """Return the limits of all metrics, the reward's as those of what it falls short by."""
        import numpy as np

        from ratchet.runs.cards.claims import Limits

        known = DEFAULTS | self.limits
        known |= {
            REWARD: Limit.model_construct(
                weak_above=1 - min_acceptable, strong_below=1 - self.strong_reward
            )
        }
        return Limits(
            weak_above=np.array([known[name].weak_above for name in METRICS]),
            strong_below=np.array([known[name].strong_below for name in METRICS]),
            least_difference=self.least_difference,
        )
