"""Reward configurations and their epochs: what a score 0..1 is made of (see `scores`)."""

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationError
from pydantic_core import PydanticCustomError

from ratchet.govern.config import Config
from ratchet.kernel.canonical import content_hash
from ratchet.kernel.document import Document, Instant, Model

Weight = Annotated[float, Field(ge=0, le=10)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Weights(Model):
    """What each term can add or take."""

    latency: Weight = 0.25
    cost: Weight = 0.2
    success: Weight = 0.6
    error: Weight = 0.6
    baseline: Annotated[float, Field(ge=-1, le=1)] = 0.25


class Bounds(Model):
    """Where a penalty is full. Units: milliseconds, US dollars."""

    max_latency_ms: Positive = 4000.0
    max_cost_usd: Positive = 0.10


class Thresholds(Model):
    """Mean rewards under which a component is poor, and under which an alert is raised."""

    min_acceptable: Share = 0.55
    retrain: Share = 0.40


class Override(Model):
    """What differs for the components that a pattern names."""

    weights: dict[str, float] = {}
    bounds: dict[str, float] = {}
    thresholds: dict[str, float] = {}


class RewardConfig(Config):
    """`config/reward_config`: how observations are scored."""

    name: ClassVar[str] = "reward_config"
    ttl: ClassVar[timedelta] = timedelta(hours=1)

    version: str = "1"
    weights: Weights = Weights()
    bounds: Bounds = Bounds()
    thresholds: Thresholds = Thresholds()
    overrides: dict[str, Override] = {}

    def model_post_init(self, context: Any) -> None:
        """Check every override against the fields that there are."""
        for pattern in self.overrides:
            try:
                self._with(pattern)
            except ValidationError as error:
                raise _inside(error, pattern) from error

    def _with(self, pattern: str) -> "RewardConfig":
        override = self.overrides[pattern]
        parts: dict[str, Model] = {
            "weights": self.weights,
            "bounds": self.bounds,
            "thresholds": self.thresholds,
        }
        changed = {
            name: type(part).model_validate(part.to_map() | getattr(override, name))
            for name, part in parts.items()
        }
        return self.model_copy(update=changed | {"overrides": {}})

    def for_component(self, component: str) -> "RewardConfig":
        """Return the configuration of one component: longer patterns win over shorter ones."""
        config = self
        for pattern in sorted(self.overrides, key=lambda p: (len(p), p)):
            if fnmatchcase(component, pattern):
                config = config.model_copy(update={"overrides": self.overrides})._with(pattern)
        return config

    def scoring_hash(self) -> str:
        """Return a hash of what scoring depends on; a new one opens a new reward epoch."""
        scoring = ("weights", "bounds")
        data = self.to_map()
        overrides = {
            pattern: {name: override[name] for name in scoring}
            for pattern, override in data["overrides"].items()
        }
        return content_hash({name: data[name] for name in scoring} | {"overrides": overrides})


def _inside(error: ValidationError, pattern: str) -> ValidationError:
    """Return the first fault of an override with its whole path."""
    fault = error.errors(include_url=False, include_context=False)[0]
    where = ("overrides", pattern, error.title.lower(), *fault["loc"])
    kind = PydanticCustomError("override", "{reason}", {"reason": fault["msg"]})
    return ValidationError.from_exception_data(
        "RewardConfig", [{"type": kind, "loc": where, "input": fault["input"]}]
    )


class RewardEpoch(Document):
    """A reward configuration and the number under which its rewards were written."""

    collection: ClassVar[str] = "ops_reward_epochs"

    epoch: int
    config: RewardConfig
    config_hash: str
    opened_at: Instant

    def key(self) -> str:
        """Return the number."""
        return str(self.epoch)
