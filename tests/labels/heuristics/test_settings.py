"""`config/heuristics`: an agent is an entry, and what cannot be trained is refused by field."""

from typing import Any

import pytest

from ratchet.kernel.errors import InvalidConfig
from ratchet.labels.heuristics.settings import AgentHeuristic, HeuristicSettings
from ratchet.labels.heuristics.shipped import SHIPPED
from tests.support.taught import CONFIG

ARMS = {"a": 0.1, "b": 0.5}


def parsed(**agents: Any) -> HeuristicSettings:
    return HeuristicSettings.parse({"v": 1, "agents": agents})


def test_an_agent_adds_to_a_shipped_set_and_may_replace_what_is_in_it() -> None:
    own = {
        "tokensIn": {"kind": "numeric", "at": "meta.tokens"},
        "vip": CONFIG["features"]["urgent"],
    }
    wanted = parsed(x={"policy": "p", "shipped": "router", "features": own}).agents["x"]
    assert set(wanted.specs) == {*SHIPPED["router"], "vip"}
    assert wanted.specs["tokensIn"].at == "meta.tokens"


def test_a_router_learns_from_each_arm_under_the_arms_component() -> None:
    given = CONFIG | {"arms": ARMS, "armAgents": {"b": "model-b"}}
    assert AgentHeuristic.parse(given).agents("r") == {"a": "router:a", "b": "model-b"}
    assert AgentHeuristic.parse(CONFIG).agents("critic") == {"good": "critic"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"features": {}}, "agents.x"),
        ({"minLabels": 49}, "agents.x.minLabels"),
        ({"positive": "bad"}, "agents.x"),
        ({"arms": {"a": 1.0}}, "agents.x"),
        ({"arms": ARMS, "armAgents": {"c": "c"}}, "agents.x"),
        ({"costs": {"falsePositive": 0.0, "falseNegative": 0.0}}, "agents.x.costs"),
        (
            {"features": {"n": {"kind": "numeric", "at": "x", "default": "1"}}},
            "agents.x.features.n",
        ),
        ({"shipped": "poet"}, "agents.x.shipped"),
        ({"explore": 0.6}, "agents.x.explore"),
    ],
)
def test_what_cannot_be_trained_is_refused_by_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as refused:
        parsed(x=CONFIG | fields)
    assert refused.value.field == field


def test_a_policy_takes_the_model_of_one_agent() -> None:
    with pytest.raises(InvalidConfig, match="one policy"):
        parsed(x=CONFIG, y=CONFIG)
