"""`config/heuristics`: the features, costs and policy of each agent that a model is trained for."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ratchet.govern.config import Config
from ratchet.kernel.document import Model
from ratchet.labels.heuristics.shipped import SHIPPED
from ratchet.observe.observation import Name
from ratchet.policies.feature_spec import FeatureName, FeatureSpec
from ratchet.policies.heuristic import ErrorCosts
from ratchet.policies.version import PolicyId


class AgentHeuristic(Model):
    """How an agent's model is trained: a classifier, or a router over `arms` with costs.

    Its features are those of the `shipped` set it names and its own. A classifier decides
    `positive` or `negative`. A router chooses the arm with the best predicted value less
    `costWeight` x its cost; its labels are of the components `router:ARM`, or of `armAgents`.
    """

    policy: PolicyId
    shipped: Literal["planner", "critic", "router"] | None = None
    features: Annotated[dict[FeatureName, FeatureSpec], Field(max_length=200)] = {}
    model: Literal["auto", "logistic", "tree"] = "auto"
    positive: Name = "good"
    negative: Name = "bad"
    costs: ErrorCosts = ErrorCosts()
    arms: Annotated[dict[Name, Annotated[float, Field(ge=0, le=1e6)]], Field(max_length=50)] = {}
    arm_agents: dict[Name, Name] = {}
    cost_weight: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    explore: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    min_labels: Annotated[int, Field(ge=50, le=10**6)] = 50
    window_days: Annotated[float, Field(gt=0, le=400)] = 90.0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.specs:
            raise ValueError("no features: name a shipped set, or give some")
        if self.positive == self.negative:
            raise ValueError("positive and negative are the same")
        if len(self.arms) == 1:
            raise ValueError("a router has two arms or more")
        if not set(self.arm_agents) <= set(self.arms):
            raise ValueError("armAgents names what is no arm")
        return self

    @property
    def specs(self) -> dict[str, FeatureSpec]:
        """Every feature, by name."""
        return {**(SHIPPED[self.shipped] if self.shipped else {}), **self.features}

    def agents(self, agent: str) -> dict[str, str]:
        """Return whose labels teach each model: by arm, or by `positive` alone."""
        if not self.arms:
            return {self.positive: agent}
        return {arm: self.arm_agents.get(arm, f"router:{arm}") for arm in sorted(self.arms)}


class HeuristicSettings(Config):
    """`config/heuristics`: what is trained for which agent; a new agent is an entry here."""

    name: ClassVar[str] = "heuristics"

    agents: dict[Name, AgentHeuristic] = {}

    def model_post_init(self, context: Any) -> None:
        """Nothing is shared between agents but a policy, which takes one model."""
        policies = [agent.policy for agent in self.agents.values()]
        if len(set(policies)) < len(policies):
            raise ValueError("two agents train models for one policy")
