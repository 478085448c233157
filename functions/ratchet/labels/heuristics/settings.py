"""`config/heuristics`: the features, costs and policy of each agent that a model is trained for."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, model_validator

from ratchet.govern.config import Config
from ratchet.kernel.document import Model
from ratchet.observe.observation import Name
from ratchet.policies.version import PolicyId
from ratchet.rollouts.profile import Listed

FeatureKind = Literal["numeric", "categorical", "boolean", "textLength", "hashedWords"]
FeatureName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]


class FeatureSpec(Model):
    """One feature: its type, its default, and where in the observation it comes from.

    `at` is a dotted path like `tokensIn` or `meta.question`. `categories` are those of a
    categorical one (others are none of them), `buckets` the columns of hashed words.
    """

    kind: FeatureKind
    at: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]{0,200}$")]
    default: JsonValue = None
    categories: Annotated[tuple[str, ...], Listed] = ()
    buckets: Annotated[int, Field(ge=2, le=4096)] = 256
    about: str = ""


class ErrorCosts(Model):
    """What a wrong yes and a wrong no cost, in the same unit: the threshold minimises their sum."""

    false_positive: Annotated[float, Field(ge=0, le=1e6)] = 1.0
    false_negative: Annotated[float, Field(ge=0, le=1e6)] = 1.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.false_positive + self.false_negative:
            raise ValueError("one of the two errors must cost something")
        return self


class AgentHeuristic(Model):
    """How an agent's model is trained: a classifier, or a router over `arms` with costs.

    A classifier decides `positive` or not. A router chooses the arm with the best predicted value
    less `costWeight` x its cost; its labels are of the agents `router:ARM`, or of `armAgents`.
    """

    policy: PolicyId
    features: Annotated[dict[FeatureName, FeatureSpec], Field(min_length=1, max_length=200)]
    model: Literal["auto", "logistic", "tree"] = "auto"
    positive: str = "good"
    costs: ErrorCosts = ErrorCosts()
    arms: dict[Name, Annotated[float, Field(ge=0, le=1e6)]] = {}
    cost_weight: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    explore: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    min_labels: Annotated[int, Field(ge=50, le=10**6)] = 50
    window_days: Annotated[float, Field(gt=0, le=400)] = 90.0


class HeuristicSettings(Config):
    """`config/heuristics`: what is trained for which agent; a new agent is an entry here."""

    name: ClassVar[str] = "heuristics"

    agents: dict[Name, AgentHeuristic] = {}

    def model_post_init(self, context: Any) -> None:
        """Nothing is shared between agents but a policy, which takes one model."""
        policies = [agent.policy for agent in self.agents.values()]
        if len(set(policies)) < len(policies):
            raise ValueError("two agents train models for one policy")
